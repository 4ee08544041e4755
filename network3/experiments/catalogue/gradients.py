"""The speed of learning of each hidden layer (book, chapter 5): before training, and while 1,000 images are trained."""

import numpy as np

from network3.datasets import load_mnist
from network3.layers.costs import cross_entropy
from network3.network import Network
from network3.training.gradient_norms import GradientNorms

from .published import PublishedValue, Quantity
from .sigmoid import narrow

IMAGES, EPOCHS = 1000, 500
START, LAST = "at the start", f"after {EPOCHS} epochs"


def published_norm(layer: int, when: str, value: float | None = None) -> PublishedValue:
    """Return the norm of hidden layer `layer`, counted from 1, at `START` or `LAST`."""
    return PublishedValue(value, Quantity(f"hidden layer {layer}, {when}", "gradient norm"), at=None)


def train(depth: int, seed: int, epochs: int = EPOCHS) -> GradientNorms:
    """Train hidden layers of 30 on the first images, all of them in each step, and return the norms after each."""
    (images, labels), _, _ = load_mnist()
    data = images[:IMAGES], labels[:IMAGES]
    np.random.seed(seed)
    net = Network(narrow(784, *[30] * depth, 10)(), IMAGES)
    norms = GradientNorms(net, data, cost=cross_entropy)
    net.SGD(
        data,
        epochs,
        IMAGES,
        0.1,
        lmbda=5.0,
        lmbda_over="examples",
        cost=cross_entropy,
        callbacks=[norms],
        verbose=False,
    )
    return norms


class DepthNorms:
    """The norms of the gradients of the biases in hidden layers of 30 neurons, as the chapter's program measures them.

    Parameters
    ----------
    depth : int
        How many hidden layers.
    """

    def __init__(self, depth: int):
        self.depth = depth

    def __call__(self, seed: int) -> dict[str, float]:
        """Return the norms of the hidden layers, before and after training."""
        norms = train(self.depth, seed).norms
        return {
            published_norm(k + 1, when).label: float(row[k])
            for k in range(self.depth)
            for when, row in ((START, norms[0]), (LAST, norms[-1]))
        }
