"""The small networks and data that the tests share."""

import numpy as np
import pytest

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, ReLU, SoftmaxLayer, datasets
from network3.layers.initializers import normalized


@pytest.fixture
def labelled():
    """37 images of 12 pixels in [0, 1), in 3 classes that a small network can tell apart."""
    rng = np.random.default_rng(11)
    labels = np.arange(37) % 3
    centres = rng.uniform(0.2, 0.8, (3, 12))
    return np.clip(centres[labels] + rng.normal(0, 0.1, (37, 12)), 0, 0.999), labels.astype("int32")


@pytest.fixture(scope="session")
def mnist():
    """MNIST's three pairs of images and labels, read once a process: not to be changed."""
    sets = datasets.load_mnist()
    for part in (part for pair in sets for part in pair):
        part.flags.writeable = False
    return sets


@pytest.fixture(scope="session")
def small_network():
    """Return a function that builds one small network with a convolution, for one back end and type.

    Every axis has a size of its own: batches of 5, 2 maps of 10 x 8, 3 filters of 3 x 2 (8 x 7 values, of which pooling
    leaves 4 x 3 and the last column goes), 11 neurons, 4 classes. No first value is 0, so all gradients are at work.
    """

    def build(backend, floatX, p_dropout=0.0):
        network3.use("cpu", floatX, backend=backend)
        rng = np.random.default_rng(3)
        drawn = {"initializer": normalized, "rng": rng}
        layers = [
            ConvPoolLayer((3, 2, 3, 2), (5, 2, 10, 8), (2, 2), ReLU, **drawn),
            FullyConnectedLayer(36, 11, network3.sigmoid, p_dropout, **drawn),
            SoftmaxLayer(11, 4, p_dropout, **drawn),
        ]
        return network3.Network(layers, mini_batch_size=5)

    return build
