"""How the accuracy grows with the number of training images (book, chapter 3, "Other techniques")."""

import numpy as np

from network3.datasets import load_mnist
from network3.layers.costs import cross_entropy
from network3.network import Network

from .published import VALIDATION_ACCURACY
from .sigmoid import wide

IMAGES = 1_500_000  # in all epochs together, whatever the size of the training set


class MoreData:
    """A network of 30 sigmoid neurons, trained on the first images; its regularization grows with their number.

    Parameters
    ----------
    size : int
        How many images.
    """

    def __init__(self, size: int):
        self.size = size

    def __call__(self, seed: int) -> dict[str, float]:
        """Train it, and return its validation accuracy."""
        (images, labels), validation, _ = load_mnist()
        np.random.seed(seed)
        net = Network(wide(784, 30, 10)(), 10)
        net.SGD(
            (images[: self.size], labels[: self.size]),
            IMAGES // self.size,
            10,
            0.5,
            lmbda=self.size * 0.0001,
            lmbda_over="examples",
            cost=cross_entropy,
            shuffle=True,
            seed=seed,
            verbose=False,
        )
        return {VALIDATION_ACCURACY.name: net.accuracy(validation)}
