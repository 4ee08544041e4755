"""The layer shown in pymc-devs/pytensor#1196: the book's ConvPoolLayer for Theano, with only its imports changed."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from .entries import case

THEANOS = ["from pytensor.tensor.nnet import conv", "from pytensor.tensor.signal.pool import pool_2d"]
OURS = [line.replace("pytensor.tensor", "network3.theano.tensor") for line in THEANOS]

# As in the report: the calls and their keywords are Theano's.
METHOD = """
class ConvPoolLayer(object):

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        self.inpt = inpt.reshape(self.image_shape)
        conv_out = conv.conv2d(
            input=self.inpt, filters=self.w, filter_shape=self.filter_shape, image_shape=self.image_shape)
        pooled_out = pool_2d(input=conv_out, ws=self.poolsize, ignore_border=True)
        self.output = self.activation_fn(pooled_out + self.b.dimshuffle('x', 0, 'x', 'x'))
        self.output_dropout = self.output
"""


@pytest.fixture
def layer(rng):
    """An object of the class, made as the book makes it."""
    names: dict = {}
    exec("\n".join([*OURS, METHOD]), names)
    layer = names["ConvPoolLayer"]()
    layer.image_shape, layer.filter_shape, layer.poolsize = (3, 2, 9, 8), (4, 2, 3, 2), (2, 3)
    layer.activation_fn = pt.sigmoid
    layer.w = pytensor.shared(rng.normal(size=layer.filter_shape).astype("float32"))
    layer.b = pytensor.shared(rng.normal(size=4).astype("float32"))
    return layer


@case("R34")
def test_r34_the_reported_imports_fail_with_pytensor_alone():
    with pytest.raises(ImportError):
        exec(THEANOS[0])
    with pytest.raises(ImportError):
        exec(THEANOS[1])


@case("R34")
@pytest.mark.parametrize("mode", ["FAST_COMPILE", "NETWORK3"])
def test_r34_the_reported_layer_runs_with_only_its_imports_changed(layer, rng, mode):
    inpt = pt.tensor("inpt", shape=(3, 144), dtype="float32")
    layer.set_inpt(inpt, inpt, 3)
    cost = (layer.output**2).sum()
    compute = pytensor.function([inpt], [layer.output, *pt.grad(cost, [layer.w, layer.b])], mode=mode)
    images = rng.normal(size=(3, 144)).astype("float32")
    found, to_w, to_b = compute(images)

    x, w = images.reshape(layer.image_shape).astype(float), layer.w.get_value().astype(float)
    maps = np.zeros((3, 4, 7, 7))
    for n, f, i, j in np.ndindex(maps.shape):
        maps[n, f, i, j] = (x[n, :, i : i + 3, j : j + 2] * w[f, :, ::-1, ::-1]).sum()
    pooled = maps[:, :, :6, :6].reshape(3, 4, 3, 2, 2, 3).max((3, 5))
    expected = 1 / (1 + np.exp(-pooled - layer.b.get_value()[:, None, None]))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert (to_w.shape, to_b.shape) == ((4, 2, 3, 2), (4,))
    slope = 2 * expected**2 * (1 - expected)
    np.testing.assert_allclose(to_b, slope.sum((0, 2, 3)), rtol=1e-4, atol=1e-6)
