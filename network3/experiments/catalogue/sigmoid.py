"""The networks of chapters 1 to 5: fully connected layers of sigmoid neurons, the output layer included."""

from itertools import pairwise

from network3.layers import FullyConnectedLayer, Layer
from network3.layers.initializers import Initializer, large, normalized


class Sigmoid:
    """A function that builds sigmoid layers, for `Run.layers`.

    Parameters
    ----------
    *sizes : int
        Neurons of each layer, the input first: ``network2.Network(sizes)``.
    initializer : callable
        `large`, N(0, 1), as in chapter 1; `normalized`, by 1/sqrt(n_in), as from the middle of chapter 3 on.
    """

    def __init__(self, *sizes: int, initializer: Initializer):
        self.sizes, self.initializer = sizes, initializer

    def __call__(
        self, mini_batch_size: int | None = None, n_in: int | None = None, n_out: int | None = None
    ) -> list[Layer]:
        first, *hidden, last = self.sizes
        sizes = (n_in or first, *hidden, n_out or last)
        return [FullyConnectedLayer(*pair, initializer=self.initializer) for pair in pairwise(sizes)]


def wide(*sizes: int) -> Sigmoid:
    """Return layers with the large initial weights of chapter 1."""
    return Sigmoid(*sizes, initializer=large)


def narrow(*sizes: int) -> Sigmoid:
    """Return layers with the initial weights of chapter 3's "Weight initialization"."""
    return Sigmoid(*sizes, initializer=normalized)
