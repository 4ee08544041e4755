"""static/prepare.js prepares a drawing as `preprocess_digit` does, and Pillow's interpolation is that of resize.js."""

import base64
import warnings

import numpy as np
import pytest

from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.datasets.photos.own_images import preprocess_digit
from network3.datasets.photos.resizing import resize
from network3.serve.description import describe
from tests.network3.serve.static.drawn_strokes import drawn

PREPARE = """
const { Drawing, FIELD } = await use("drawing.js");
const { prepare } = await use("prepare.js");
const { Network, fromLevels } = await use("network.js");
const net = new Network(data.network);
result = data.drawings.map((strokes) => {
  const drawing = new Drawing();
  drawing.replace(strokes);
  const digit = prepare({ values: drawing.levels, height: FIELD, width: FIELD });
  const levels = Buffer.from(drawing.levels).toString("base64");
  return { levels, digit: digit && Array.from(digit), output: digit && net.predictProba(fromLevels(digit)) };
});
"""
RESIZE = """
const { resize } = await use("resize.js");
result = data.sizes.map(([height, width]) => {
  const image = resize({ values: data.values, height: data.height, width: data.width }, height, width);
  return Array.from(image.values);
});
"""


@pytest.mark.parametrize(
    "seeds", [pytest.param([0], id="10"), pytest.param(range(20), marks=pytest.mark.slow, id="200")]
)
def test_drawings(javascript, seeds):
    net = Network([FullyConnectedLayer(784, 30), SoftmaxLayer(30, 10)], 10)
    net.layers[1].w.set_value(np.random.default_rng(0).normal(size=(30, 10)).astype("float32"))
    drawings = [drawn(digit, seed) for digit in range(10) for seed in seeds]
    drawings[0].append([[0.95, 0.95]])  # a dot
    found = javascript.run(PREPARE, {"network": describe(net), "drawings": drawings})
    for number, entry in enumerate(found):
        levels = np.frombuffer(base64.b64decode(entry["levels"]), np.uint8).reshape(280, 280)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = preprocess_digit(levels)
        np.testing.assert_array_equal(np.reshape(entry["digit"], (28, 28)), expected, err_msg=str(number))
        output = net.predict_proba(expected.reshape(1, 784))[0]
        np.testing.assert_allclose(entry["output"], output, rtol=0, atol=1e-5)


def test_an_empty_drawing_has_no_digit(javascript):
    net = describe(Network([FullyConnectedLayer(784, 3), SoftmaxLayer(3, 10)], 10))
    (found,) = javascript.run(PREPARE, {"network": net, "drawings": [[]]})
    assert found["digit"] is None


@pytest.mark.parametrize("shape", [(37, 23), (5, 64)])
def test_interpolation(javascript, shape):
    image = np.random.default_rng(0).random(shape).astype("float32")
    sizes = [(20, 13), shape, (shape[0], 7), (90, 2), (1, 1)]
    found = javascript.run(
        RESIZE, {"values": image.ravel().tolist(), "height": shape[0], "width": shape[1], "sizes": sizes}
    )
    for size, values in zip(sizes, found, strict=True):
        np.testing.assert_array_equal(np.reshape(np.array(values, "float32"), size), resize(image, size))
