"""Epochs of several networks at once on the CPU: each in one thread, as many at a time as there are processors."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from network3.layers.backends.cpu.threads import single_thread, threads


class ManyRunner:
    """Like `network3.execution.runner`' runners, with an axis for the networks before all others.

    Parameters
    ----------
    runners : list of runners
        One for each network.
    """

    def __init__(self, runners):
        self._runners = runners

    def run(self, rows, etas, lmbdas):
        """Take a step for each of `rows`, (networks, steps, batch); return the costs, (networks, steps)."""
        with ThreadPoolExecutor(min(len(self._runners), threads()), "network3 network") as pool:
            return np.stack(list(pool.map(_run_alone, self._runners, rows, etas, lmbdas)))

    def spread(self):
        """Nothing to do: the networks' own arrays are worked on."""


def _run_alone(runner, rows, eta, lmbda):
    with single_thread():
        return runner.run(rows, eta, lmbda)
