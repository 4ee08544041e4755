"""Epochs of several networks at once on the CPU: each in one thread, as many at a time as there are processors."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from network3.execution.runner import Runner
from network3.layers.backends.cpu.threads import single_thread, threads


class ThreadedRunner:
    """See `network3.execution.runner.ManyRunner`.

    Parameters
    ----------
    runners : list of runners
        One for each network.
    """

    def __init__(self, runners: list[Runner]):
        self._runners = runners

    def set_images(self, images: np.ndarray) -> None:
        """Train on these from now on."""
        for runner in self._runners:
            runner.set_images(images)

    def run(self, rows: NDArray[np.int64], etas: list[float], lmbdas: list[float]) -> NDArray[np.float64]:
        """Take a step for each of `rows`, (networks, steps, batch); return the costs, (networks, steps)."""
        with ThreadPoolExecutor(min(len(self._runners), threads()), "network3 network") as pool:
            return np.stack(list(pool.map(_run_alone, self._runners, rows, etas, lmbdas)))

    def sync(self) -> None:
        """Do nothing: the networks' own arrays are updated."""

    def close(self) -> None:
        """Store the parameters as NumPy arrays."""
        for runner in self._runners:
            runner.close()


def _run_alone(runner: Runner, rows: NDArray[np.int64], eta: float, lmbda: float) -> NDArray[np.float64]:
    with single_thread():
        return runner.run(rows, eta, lmbda)
