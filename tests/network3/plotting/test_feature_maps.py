"""Feature maps, against convolution, pooling and activation by SciPy and NumPy."""

import numpy as np
import pytest
from scipy.signal import convolve2d

from network3 import ConvPoolLayer, FullyConnectedLayer, Network, SoftmaxLayer
from network3.plotting import draw_feature_maps
from tests.network3.plotting.contents import FOUR_PARTS, shown, texts

IMAGE = np.random.default_rng(4).random((2, 10, 8))


def reference(net):
    """Return the output of layer 0: true convolution, the largest of 2 x 2, the bias, ReLU."""
    w, b = net.layers[0].w.get_value(), net.layers[0].b.get_value()
    convolved = np.stack([sum(convolve2d(IMAGE[c], f[c], mode="valid") for c in range(2)) for f in w])
    pooled = convolved[:, :8, :6].reshape(3, 4, 2, 3, 2).max(axis=(2, 4))
    return np.maximum(pooled + b[:, None, None], 0)


@pytest.mark.parametrize("shape", [(2, 10, 8), (160,), (1, 160)])
def test_the_image_and_each_map_are_shown(net, shape):
    figure = draw_feature_maps(net, 0, IMAGE.reshape(shape))
    image, *maps = shown(figure)
    np.testing.assert_allclose(image, IMAGE[0])
    np.testing.assert_allclose(np.stack(maps), reference(net), rtol=1e-12)
    assert "layer 0: 3 feature maps of 4 x 3" in texts(figure)
    for word in ("image", "0", "1", "2"):
        assert word in texts(figure).split(" | ")


def test_grey_levels_are_divided_by_256(net):
    grey = np.random.default_rng(5).integers(0, 256, 160, dtype="uint8")
    of_grey, of_floats = (shown(draw_feature_maps(net, 0, image))[1:] for image in (grey, grey / 256))
    np.testing.assert_array_equal(np.stack(of_grey), np.stack(of_floats))


def test_it_is_compiled_once(net, monkeypatch):
    draw_feature_maps(net, 0, IMAGE)
    monkeypatch.setattr("network3.plotting.feature_maps.function", lambda *_, **__: pytest.fail("compiled again"))
    draw_feature_maps(net, 0, IMAGE + 1)


@pytest.mark.parametrize("width", [49, 50])
def test_the_image_of_a_flat_first_layer_is_a_square_or_a_line(width):
    layers = [FullyConnectedLayer(width, 42), ConvPoolLayer((3, 1, 2, 2), (5, 1, 6, 7)), SoftmaxLayer(18, 4)]
    pixels = np.random.default_rng(6).random(width)
    seen = shown(draw_feature_maps(Network(layers, 5), 1, pixels))
    np.testing.assert_array_equal(seen[0], pixels.reshape((7, 7) if width == 49 else (1, 50)))
    assert [image.shape for image in seen[1:]] == [(2, 3)] * 3


def test_maps_without_any_activity_can_be_drawn(net, tmp_path):
    net.layers[0].b.set_value(np.full(3, -1e6))
    figure = draw_feature_maps(net, 0, np.zeros(160))
    figure.savefig(tmp_path / "maps.png")
    assert not np.any(np.stack(shown(figure)[1:]))


@pytest.mark.parametrize("layer", [1, 7, -1, "0", True, 0.0])
def test_another_layer_is_refused(net, layer):
    expected = r"^feature maps: expected a ConvPoolLayer, layer 0, of the 3 layers; got layer "
    with pytest.raises(ValueError, match=rf"{expected}{layer!r}\. Layers are counted") as raised:
        draw_feature_maps(net, layer, IMAGE)
    assert FOUR_PARTS.match(str(raised.value))


def test_a_network_without_convolution_is_refused():
    with pytest.raises(ValueError, match=r"^feature maps: .*, of which this network has none, of the 1 layers; got "):
        draw_feature_maps(Network([SoftmaxLayer(9, 4)], 5), 0, np.zeros(9))


def test_an_image_of_another_size_is_refused(net):
    with pytest.raises(ValueError, match=r"^feature maps: image: layer 0 \(ConvPoolLayer\) takes 160 values") as raised:
        draw_feature_maps(net, 0, IMAGE[:, :9])
    assert FOUR_PARTS.match(str(raised.value))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (IMAGE.transpose(1, 2, 0), r"got images of \(10, 8, 2\)\. Write images\.transpose\(2, 0, 1\)"),
        (np.stack([IMAGE, IMAGE]), r"expected one image; got 2 images\. Choose one: images\[0\]"),
        (np.where(IMAGE > 0.9, np.nan, IMAGE), "images must be finite; got nan"),
    ],
)
def test_an_image_that_would_be_misread_is_refused(net, image, message):
    with pytest.raises(ValueError, match=f"^feature maps: image: .*{message}") as raised:
        draw_feature_maps(net, 0, image)
    assert FOUR_PARTS.match(str(raised.value))
