"""What runs the mini-batches of an epoch: the interfaces that each back end implements."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Runner(Protocol):
    """Takes training steps of one network over a data set."""

    def set_images(self, images: np.ndarray) -> None:
        """Train on `images` from now on: the data set's own, or others of their shape and type."""

    def run(self, rows: NDArray[np.int64], eta: float, lmbda: float) -> NDArray[np.float64]:
        """Take one step for each row of `rows`.

        Parameters
        ----------
        rows : int64 array of shape (steps, batch)
            The examples of each mini-batch.
        eta, lmbda : float
            Learning rate, and factor of the regularizer.

        Returns
        -------
        float64 array of shape (steps,)
            The costs.
        """

    def close(self) -> None:
        """Store the parameters, wherever they are, in their shared variables as NumPy arrays."""


class ManyRunner(Protocol):
    """Takes training steps of several networks at once; the networks are the first axis of all arrays."""

    def set_images(self, images: np.ndarray) -> None:
        """See `Runner`."""

    def run(self, rows: NDArray[np.int64], etas: list[float], lmbdas: list[float]) -> NDArray[np.float64]:
        """Take one step of each network for each of `rows`, (networks, steps, batch); return the costs."""

    def sync(self) -> None:
        """Make the parameters available in the networks' shared variables, as after each epoch."""

    def close(self) -> None:
        """See `Runner`."""


class Scorer(Protocol):
    """Evaluates a network over a data set."""

    def means(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the means over each row of `rows`.

        Parameters
        ----------
        rows : int64 array of shape (chunks, size)
            The examples of each chunk.

        Returns
        -------
        float64 array of shape (chunks, results)
        """
