"""Transposed convolution: the gradient of a convolution to its images, and its own gradients."""

import itertools

import numpy as np
import pytensor.tensor as pt
import pytest

from network3.layers.ops import conv2d, conv2d_transpose
from network3.layers.ops.conv_transpose import Conv2DTranspose
from tests.layers.backends.single_ops import numpy_result

from .conv_reference import Reference, close

SETTINGS = [
    {},
    {"stride": 2},
    {"stride": 2, "output_padding": 1},
    {"stride": (2, 3), "output_padding": (0, 2), "flip": False},
    {"stride": 2, "padding": "half", "output_padding": 1},
    {"padding": "full"},
    {"stride": (3, 2), "padding": ((1, 0), (0, 2)), "dilation": (1, 2)},
    {"stride": 2, "padding": "same"},
    {"padding": "same", "dilation": (2, 1), "flip": False},
    {"groups": 2, "stride": 2, "padding": 1},
    {"groups": 4, "stride": (1, 2), "dilation": 2},
]


def batch(size=(4, 5), taps=(3, 2)):
    """Return images of 4 maps, and filters to 3 maps for each group."""
    rng = np.random.default_rng(4)
    return rng.normal(size=(2, 4, *size)), rng.normal(size=(4, 3, *taps))


def expected(x, w, shape, output_padding=0, output_size=None, **settings):
    """Return the reference's gradient to images of this shape."""
    return Reference(np.zeros(shape), w, **settings).gradients(x)[0]


@pytest.mark.parametrize("settings", SETTINGS)
def test_values_are_the_gradient_of_a_convolution(evaluate, settings):
    x, w = batch()
    y = evaluate(lambda x, w: conv2d_transpose(x, w, **settings), x, w)
    assert conv2d_transpose(pt.as_tensor(x), pt.as_tensor(w), **settings).type.shape == y.shape
    close(y, expected(x, w, y.shape, **settings), 1e-12)


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_convolution_of_the_output_has_the_size_of_the_images(settings):
    x, w = batch()
    y = numpy_result(Conv2DTranspose(**settings), w, x)
    of_conv = {name: value for name, value in settings.items() if name != "output_padding"}
    assert conv2d(pt.as_tensor(y), pt.as_tensor(w), **of_conv).type.shape == x.shape


@pytest.mark.parametrize("settings", SETTINGS)
def test_gradients(check_gradient, settings):
    x, w = batch(size=(3, 2))
    check_gradient(lambda x, w: conv2d_transpose(x, w, **settings), x[:1], w)


@pytest.mark.parametrize("settings", SETTINGS[3::3])
def test_second_derivatives(check_gradient, settings):
    def gradients(x, w):
        dx, dw = pt.grad((conv2d_transpose(x, w, **settings) ** 3).sum() / 100, [x, w])
        return pt.concatenate([dx.ravel(), dw.ravel()])

    x, w = batch(size=(2, 3), taps=(2, 2))
    check_gradient(gradients, x[:1], w[:, :2])


# Lasagne: tests/layers/test_conv.py, crops, strides and output sizes of transposed convolutions.
@pytest.mark.parametrize("crop", [0, 1, 2, "full", "half"])
@pytest.mark.parametrize(("k", "stride"), [(1, 1), (3, 1), (3, 2), (3, 3)])
def test_lasagnes_sizes(crop, k, stride):
    if k == 1 and crop in (1, 2):
        crop = 0  # a border wider than the filter
    rng = np.random.default_rng(k)
    x, w = rng.normal(size=(3, 16, 11, 16)), rng.normal(size=(16, 1, k, k))
    y = numpy_result(Conv2DTranspose(stride, crop), w, x)
    removed = {"full": k - 1, "half": k // 2}.get(crop, crop)
    assert y.shape == (3, 1, *((n - 1) * stride + k - 2 * removed for n in (11, 16)))
    close(y, expected(x, w, y.shape, stride=stride, padding=crop), 1e-12)


@pytest.mark.parametrize("extra", [(0, 0), (0, 1), (1, 2)])
def test_the_output_size_selects_one_of_several(evaluate, extra):
    rng = np.random.default_rng(5)
    x, w = rng.normal(size=(4, 16, 7, 9)), rng.normal(size=(16, 3, 2, 3))
    size = (6 * 2 + 2 + extra[0], 8 * 3 + 3 + extra[1])
    by_size = evaluate(lambda x, w: conv2d_transpose(x, w, stride=(2, 3), output_size=size), x, w)
    by_padding = evaluate(lambda x, w: conv2d_transpose(x, w, stride=(2, 3), output_padding=extra), x, w)
    assert by_size.shape == (4, 3, *size)
    np.testing.assert_array_equal(by_size, by_padding)
    close(by_size, expected(x, w, by_size.shape, stride=(2, 3)), 1e-12)


@pytest.mark.parametrize("size", [(7, 9), (8, 9), (7, 10)])
def test_with_same_padding_each_size_that_gives_the_images(evaluate, size):
    x, w = batch()
    y = evaluate(lambda x, w: conv2d_transpose(x, w, stride=2, padding="same", output_size=size), x, w)
    close(y, expected(x, w, (2, 3, *size), stride=2, padding="same"), 1e-12)


def test_a_transposed_convolution_inverts_the_size_of_every_convolution():
    lengths, taps, strides = (5, 6, 9), (1, 2, 3), (1, 2, 3)
    for n, k, s, padding in itertools.product(lengths, taps, strides, ["valid", "half", "full", "same", 1]):
        w = np.ones((1, 1, k, k))
        convolved = conv2d(pt.as_tensor(np.ones((1, 1, n, n))), pt.as_tensor(w), stride=s, padding=padding)
        back = conv2d_transpose(convolved, pt.as_tensor(w), stride=s, padding=padding, output_size=(n, n))
        assert back.type.shape == (1, 1, n, n)


def test_pytorchs_transposed_convolution_is_that_without_flip(evaluate):
    torch = pytest.importorskip("torch")
    x, w = batch()
    for settings in [{"stride": 2, "output_padding": 1}, {"stride": (3, 2), "padding": (1, 0), "dilation": (1, 3)}]:
        y = evaluate(lambda x, w, s=settings: conv2d_transpose(x, w, flip=False, **s), x, w)
        found = torch.nn.functional.conv_transpose2d(torch.from_numpy(x), torch.from_numpy(w), **settings)
        close(y, found.numpy(), 1e-12)


REFUSED = {
    # name: (settings, who, expected, got, hint)
    "output padding of a stride": ({"stride": 2, "output_padding": 2}, "output_padding", "below", "2, 2", "size"),
    "output padding -1": ({"output_padding": -1}, "output_padding", "0 or more", "-1", "Write"),
    "output padding of same": (
        {"stride": 2, "padding": "same", "output_padding": 1}, "output_padding", "0 with", "1, 1", "Pass"
    ),
    "output padding and size": (
        {"stride": 2, "output_padding": 1, "output_size": (9, 11)}, "output_padding", "0 with", "1", "Leave"
    ),
    "output size of another convolution": (
        {"output_size": (9, 9)}, "output_size", r"size of x, \(4, 5\)", r"\(9, 9\), whose .*\(7, 8\)", "Leave"
    ),
    "output size 0": ({"output_size": (0, 6)}, "output_size", "1 or more", r"\(0, 6\)", "Write"),
    "no pixels": ({"padding": 3}, "padding", "one row", r"\(3, 3\) for images of \(4, 5\)", "less"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_bad_arguments_are_refused(name):
    settings, who, part, got, hint = REFUSED[name]
    x, w = (pt.as_tensor(value) for value in batch())
    with pytest.raises(ValueError, match=rf"^conv2d_transpose: {who}: .*{part}.*; got .*{got}.*\. .*{hint}.*\.$"):
        conv2d_transpose(x, w, **settings)


def test_images_must_have_as_many_maps_as_there_are_filters():
    x, w = batch()
    with pytest.raises(
        ValueError, match=r"^conv2d_transpose: images must have 4 maps.*; got .*\(2, 3, 4, 5\)\. .*3\.$"
    ):
        conv2d_transpose(pt.as_tensor(x[:, :3]), pt.as_tensor(w))
    with pytest.raises(ValueError, match=r"^conv2d: groups: must divide .*\(4, 3, 3, 2\); got 3\. Use .*\.$"):
        conv2d_transpose(pt.as_tensor(x), pt.as_tensor(w), groups=3)
    with pytest.raises(ValueError, match=r"^conv2d_transpose: images must have 4 maps"):
        numpy_result(Conv2DTranspose(), w, x[:, :3])
