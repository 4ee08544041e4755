"""Averages that the update rule keeps: evaluated in place of what they are averages of, and set for good at the end.

See `network3.optim.MovingAverage`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Storage = list[Any]  # of one element, the value of a shared variable


@dataclass(frozen=True)
class Averages:
    """Where the values of parameters and buffers are, and those of their averages; empty for a rule without averages.

    Attributes
    ----------
    variables, averages : lists of one-element lists, of the same length
    """

    variables: list[Storage] = field(default_factory=list)
    averages: list[Storage] = field(default_factory=list)

    def start(self) -> None:
        """Set the averages to the variables."""
        self.set_values([variable[0] for variable in self.variables])

    def values(self) -> list[np.ndarray]:
        """Return a copy of each average."""
        return [np.array(average[0], order="C") for average in self.averages]

    def set_values(self, values: Sequence[np.ndarray]) -> None:
        """Set the averages to copies of `values`."""
        _set(self.averages, [np.array(value, order="C") for value in values])

    @contextmanager
    def evaluated(self) -> Iterator[None]:
        """Let the network have the averages in this block."""
        trained = [variable[0] for variable in self.variables]
        try:
            _set(self.variables, [average[0] for average in self.averages])
            yield
        finally:
            _set(self.variables, trained)

    def finish(self) -> None:
        """Set the variables to the averages."""
        _set(self.variables, self.values())


def _set(storages: Sequence[Storage], values: Sequence[Any]) -> None:
    for storage, value in zip(storages, values, strict=True):
        storage[0] = value
