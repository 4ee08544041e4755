"""Stopping rules: functions ``stopping(history) -> bool``, called after each epoch to end a training early.

`history` is the `History` so far. A rule that uses the validation data sets ``needs_validation = True``, so that `SGD`
refuses it without them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from network3.layers.calls import constructor_checked
from network3.layers.checks import error_message, flag, integer


class HistoryLike(Protocol):
    """What schedules and stopping rules use of a `network3.History`; see there."""

    validation_accuracy: list[float]
    validation_cost: list[float]

    @property
    def epochs(self) -> int: ...


def validation_scores(who: str, history: HistoryLike) -> list[float]:
    """Return a number for each epoch, higher is better: the validation accuracy, or without it the negative cost.

    A cost that is not finite is as bad as can be.

    Raises
    ------
    ValueError
        There are epochs, but none with validation data.
    """
    costs = [-cost if math.isfinite(cost) else -math.inf for cost in history.validation_cost]
    scores = history.validation_accuracy or costs
    if history.epochs and not scores:
        hint = "Pass validation_data to SGD."
        raise ValueError(error_message(who, "expected epochs with validation data", "none", hint))
    return scores


def epochs_without_improvement(scores: Sequence[float]) -> int:
    """Return how many epochs ago the best of `scores` was first reached; 0 for an empty list.

    An equal score is no improvement, although the book's program keeps the later of two equal accuracies.
    """
    return len(scores) - 1 - scores.index(max(scores)) if scores else 0


@constructor_checked
@dataclass(frozen=True)
class NoImprovementIn:
    """Stop once the best validation accuracy is `epochs` old: the book's no-improvement-in-n rule (chapter 3).

    For targets without an accuracy, such as those of a `RegressionLayer`, the lowest validation cost is the best.

    Attributes
    ----------
    epochs : int, >= 1
    restore_best : bool, default False
        Whether the network has the weights of the best epoch after the training, also if it was not stopped; otherwise
        it has those of the last one, and ``net.best`` those of the best.

    Raises
    ------
    TypeError, ValueError
        `epochs` is not an integer of at least 1, or `restore_best` no bool.

    Examples
    --------
    >>> from network3 import History
    >>> NoImprovementIn(2)(History(cost=[0.3] * 4, validation_accuracy=[0.8, 0.9, 0.9, 0.9]))
    True
    """

    epochs: int = 10
    restore_best: bool = False

    needs_validation = True

    def __post_init__(self) -> None:
        integer("NoImprovementIn: epochs", self.epochs)
        flag("NoImprovementIn: restore_best", self.restore_best)

    def __repr__(self) -> str:  # checkpoints of an older network3 have it without restore_best
        return f"NoImprovementIn(epochs={self.epochs}{', restore_best=True' if self.restore_best else ''})"

    def __call__(self, history: HistoryLike) -> bool:
        """Return whether to stop."""
        return epochs_without_improvement(validation_scores("NoImprovementIn", history)) >= self.epochs
