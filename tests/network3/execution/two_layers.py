"""A network of two layers beside the same in NumPy, for tests of what is done with its gradient: float64, 3 classes."""

import numpy as np

import network3
from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.layers.initializers import normalized

BATCH = 5


def build():
    """Return the network: 7 values, 4 sigmoid neurons, 3 classes."""
    network3.use("cpu", "float64")
    rng = np.random.default_rng(4)
    layers = [
        FullyConnectedLayer(7, 4, initializer=normalized, rng=rng),
        SoftmaxLayer(4, 3, initializer=normalized, rng=rng),
    ]
    return Network(layers, BATCH)


def data(seed=9, batches=6):
    """Return images (n, 7) and labels (n,) of so many mini-batches."""
    rng = np.random.default_rng(seed)
    return rng.random((batches * BATCH, 7)), rng.integers(0, 3, batches * BATCH).astype("int32")


def cost(weights, x, y):
    """Return the mean cost of examples."""
    w1, b1, w2, b2 = weights
    e = np.exp(1 / (1 + np.exp(-(x @ w1 + b1))) @ w2 + b2)
    return -np.log(e[range(len(y)), y] / e.sum(axis=1)).mean()


def gradient(weights, x, y):
    """Return the gradient of `cost`, by backpropagation."""
    w1, b1, w2, b2 = weights
    a1 = 1 / (1 + np.exp(-(x @ w1 + b1)))
    e = np.exp(a1 @ w2 + b2)
    d2 = (e / e.sum(axis=1, keepdims=True) - np.eye(3)[y]) / len(y)
    d1 = d2 @ w2.T * a1 * (1 - a1)
    return [x.T @ d1, d1.sum(axis=0), a1.T @ d2, d2.sum(axis=0)]


def mini_batches(x, y, epochs):
    """Yield the mini-batches of so many epochs, in order."""
    for _ in range(epochs):
        for k in range(0, len(x), BATCH):
            yield x[k : k + BATCH], y[k : k + BATCH]


def same(found, expected, rtol=1e-10):
    """Compare lists of arrays."""
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-13)
