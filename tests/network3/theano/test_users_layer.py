"""A user's convolutional layer for Theano runs with `network3.theano` in its imports, and nothing else changed.

It is that of a question to PyTensor's developers, pymc-devs/pytensor 1196: where conv and pool_2d have gone.
"""

import numpy as np
import pytensor
import pytest

# As asked there, with the constructor in short; `pytensor` was written where `network3.theano` is.
PROGRAM = """
import numpy as np
import network3.theano as theano
import network3.theano.tensor as T
from network3.theano.tensor.nnet import conv
from network3.theano.tensor.nnet import sigmoid
from network3.theano.tensor.signal.pool import pool_2d

class ConvPoolLayer(object):

    def __init__(self, filter_shape, image_shape, poolsize=(2, 2), activation_fn=sigmoid):
        self.filter_shape = filter_shape
        self.image_shape = image_shape
        self.poolsize = poolsize
        self.activation_fn = activation_fn
        n_out = filter_shape[0] * np.prod(filter_shape[2:]) / np.prod(poolsize)
        self.w = theano.shared(np.random.normal(0, np.sqrt(1.0 / n_out), filter_shape), borrow=True)
        self.b = theano.shared(np.random.normal(0, 1.0, (filter_shape[0],)), borrow=True)
        self.params = [self.w, self.b]

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        self.inpt = inpt.reshape(self.image_shape)
        conv_out = conv.conv2d(
            input=self.inpt, filters=self.w, filter_shape=self.filter_shape, image_shape=self.image_shape)
        pooled_out = pool_2d(input=conv_out, ws=self.poolsize, ignore_border=True)
        self.output = self.activation_fn(
            pooled_out + self.b.dimshuffle('x', 0, 'x', 'x'))
        self.output_dropout = self.output # no dropout in the convolutional layers
"""


@pytest.fixture
def program(monkeypatch):
    monkeypatch.setattr(np.random, "normal", np.random.RandomState(3).normal)
    scope = {}
    exec(PROGRAM, scope)
    return scope


def test_its_output_is_that_of_loops(program, rng):
    layer = program["ConvPoolLayer"]((3, 2, 4, 3), (5, 2, 9, 9), (3, 2))
    x = program["T"].dmatrix("x")
    layer.set_inpt(x, x, 5)
    images = rng.normal(size=(5, 2, 9, 9))
    compute = program["theano"].function([x], layer.output, mode="FAST_COMPILE")
    w, b = (param.get_value() for param in layer.params)
    maps = np.zeros((5, 3, 6, 7))
    for n, f, i, j in np.ndindex(maps.shape):
        maps[n, f, i, j] = (images[n, :, i : i + 4, j : j + 3] * w[f, :, ::-1, ::-1]).sum()
    pooled = maps[..., :6].reshape(5, 3, 2, 3, 3, 2).max((3, 5)) + b[:, None, None]
    np.testing.assert_allclose(compute(images.reshape(5, -1)), 1 / (1 + np.exp(-pooled)), rtol=1e-9)


def test_it_learns(program, rng):
    layer = program["ConvPoolLayer"]((3, 1, 4, 3), (5, 1, 9, 8))
    T, theano = program["T"], program["theano"]
    x = T.dmatrix("x")
    layer.set_inpt(x, x, 5)
    cost = T.mean((layer.output - 0.5) ** 2)
    updates = [(param, param - grad) for param, grad in zip(layer.params, T.grad(cost, layer.params), strict=True)]
    with pytensor.config.change_flags(mode="FAST_COMPILE"):
        step = theano.function([x], cost, updates=updates)
    images = rng.normal(size=(5, 72))
    costs = [step(images) for _ in range(10)]
    assert (np.diff(costs) < 0).all()
