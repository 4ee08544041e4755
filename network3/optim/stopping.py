"""When a training ends before its last epoch: functions ``stopping(history) -> bool``, asked after each epoch.

`history` is the `History` so far. One that looks at the validation accuracy says ``needs_validation = True``.
"""

from dataclasses import dataclass

from network3.layers.checks import integer


def epochs_without_improvement(accuracies) -> int:
    """Return how many epochs ago the best of `accuracies` was first reached; 0 for none.

    An equal one is no improvement, though the book's program keeps the later of two.
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
        `epochs` is no whole number of at least 1.
    """

    epochs: int = 10

    needs_validation = True

    def __post_init__(self):
        integer("NoImprovementIn: epochs", self.epochs)

    def __call__(self, history):
        return epochs_without_improvement(history.validation_accuracy) >= self.epochs
