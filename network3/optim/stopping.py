"""Stopping rules: functions ``stopping(history) -> bool``, called after each epoch to end a training early.

`history` is the `History` so far. A rule that uses the validation accuracy sets ``needs_validation = True``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from network3.layers.checks import integer


class HistoryLike(Protocol):
    """What schedules and stopping rules use of a `network3.History`; see there."""

    validation_accuracy: list[float]

    @property
    def epochs(self) -> int: ...


def epochs_without_improvement(accuracies: Sequence[float]) -> int:
    """Return how many epochs ago the best of `accuracies` was first reached; 0 for an empty list.

    An equal accuracy is no improvement, although the book's program keeps the later of two equal ones.
    """
    return len(accuracies) - 1 - accuracies.index(max(accuracies)) if accuracies else 0


@dataclass(frozen=True)
class NoImprovementIn:
    """Stop once the best validation accuracy is `epochs` old: the book's no-improvement-in-n rule (chapter 3).

    Attributes
    ----------
    epochs : int, >= 1

    Raises
    ------
    ValueError
        `epochs` is not an integer of at least 1.
    """

    epochs: int = 10

    needs_validation = True

    def __post_init__(self) -> None:
        integer("NoImprovementIn: epochs", self.epochs)

    def __call__(self, history: HistoryLike) -> bool:
        """Return whether to stop."""
        return epochs_without_improvement(history.validation_accuracy) >= self.epochs
