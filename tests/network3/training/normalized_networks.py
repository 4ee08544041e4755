"""Small networks with batch normalization, and data for them."""

import numpy as np

from network3 import (
    BatchNormLayer,
    ConvPoolLayer,
    DropoutLayer,
    FullyConnectedLayer,
    GlobalPoolLayer,
    Network,
    ReLU,
    SoftmaxLayer,
    linear,
)
from network3.layers.initializers import he

X = np.random.default_rng(3).normal(0.5, 2, (30, 12)).astype("float32")
Y = (np.arange(30) % 3).astype("int32")
QUIET = {"verbose": False, "seed": 4}


def dense(p_dropout=0.0):
    """A network whose first layer normalizes the images themselves."""
    drawn = {"initializer": he, "rng": np.random.default_rng(5)}
    layers = [BatchNormLayer(12), FullyConnectedLayer(12, 4, ReLU, p_dropout, **drawn), BatchNormLayer(4)]
    return Network([*layers, SoftmaxLayer(4, 3, **drawn)], 6)


def convolutional():
    drawn = {"initializer": he, "rng": np.random.default_rng(5)}
    layers = [
        ConvPoolLayer((3, 1, 2, 2), (1, 4, 3), (1, 1), ReLU, padding="same", batch_norm=True, **drawn),
        DropoutLayer((3, 4, 3), 0.2),
        GlobalPoolLayer((3, 4, 3)),
        FullyConnectedLayer(3, 4, linear, **drawn),
        BatchNormLayer(4, ReLU),
        SoftmaxLayer(4, 3),
    ]
    return Network(layers, 6)


def same(one, other):
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)
