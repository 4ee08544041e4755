"""How the accuracy grows with the number of training images (book, chapter 3, "Other techniques")."""

import contextlib
import io

import numpy as np

from network3 import datasets
from network3.layers.costs import cross_entropy
from network3.network import Network

from .sigmoid import wide

IMAGES = 1_500_000  # seen in training, however many there are


class MoreData:
    """A network of 30 sigmoid neurons on the first images; its regularization grows with their number.

    Parameters
    ----------
    size : int
        How many images.
    """

    def __init__(self, size: int):
        self.size = size

    def __call__(self, seed):
        """Return the validation accuracy once it is trained."""
        (images, labels), validation, _ = datasets.load_mnist()
        np.random.seed(seed)
        net = Network(wide(784, 30, 10)(), 10)
        with contextlib.redirect_stdout(io.StringIO()):
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
            )
        return {"validation accuracy": net.accuracy(validation)}
