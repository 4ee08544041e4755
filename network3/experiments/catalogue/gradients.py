"""The speed of learning of each hidden layer (book, chapter 5): at the start, and while a batch of 1,000 is trained."""

import contextlib
import io

import numpy as np

from network3 import datasets
from network3.layers.costs import cross_entropy
from network3.network import Network
from network3.training.gradient_norms import GradientNorms

from .sigmoid import narrow

IMAGES, EPOCHS = 1000, 500
START, LAST = "at the start", f"after {EPOCHS} epochs"


def train(depth: int, seed: int, epochs: int = EPOCHS) -> GradientNorms:
    """Train hidden layers of 30 on the first images, all of them a step, and return the norms along the way."""
    (images, labels), _, _ = datasets.load_mnist()
    data = images[:IMAGES], labels[:IMAGES]
    np.random.seed(seed)
    net = Network(narrow(784, *[30] * depth, 10)(), IMAGES)
    norms = GradientNorms(net, data, cost=cross_entropy)
    with contextlib.redirect_stdout(io.StringIO()):
        net.SGD(data, epochs, IMAGES, 0.1, lmbda=5.0, lmbda_over="examples", cost=cross_entropy, callbacks=[norms])
    return norms


class DepthNorms:
    """The norms of the gradients of the biases in so many hidden layers of 30, as the chapter's program took them.

    Parameters
    ----------
    depth : int
        Hidden layers.
    """

    def __init__(self, depth: int):
        self.depth = depth

    def __call__(self, seed):
        """Return the norms of the hidden layers, at the start and at the end."""
        norms = train(self.depth, seed).norms
        return {
            f"hidden layer {k + 1}, {when}": float(row[k])
            for k in range(self.depth)
            for when, row in ((START, norms[0]), (LAST, norms[-1]))
        }
