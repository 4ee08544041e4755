"""A share of the time: how often what watches a training may interrupt it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Budget:
    """Allows work while all of it has taken less than a share of the time since the start.

    Parameters
    ----------
    share : float in (0, 1)
    every : float
        Seconds from the end of one work to the next, at least.
    clock : callable
        Returns seconds.
    """

    def __init__(self, share: float, every: float, clock: Callable[[], float] = time.perf_counter):
        self.share, self.every, self._clock = share, every, clock
        self._begun, self._ended, self._spent = clock(), -float("inf"), 0.0

    @property
    def allows(self) -> bool:
        """Whether work may begin now."""
        now = self._clock()
        return now - self._ended >= self.every and self._spent <= self.share * (now - self._begun)

    @contextmanager
    def spent(self) -> Iterator[None]:
        """Count the time of the block."""
        start = self._clock()
        try:
            yield
        finally:
            self._ended = self._clock()
            self._spent += self._ended - start
