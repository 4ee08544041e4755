"""What happened in training, epoch by epoch."""

from dataclasses import dataclass, field


@dataclass
class History:
    """The record that `Network.SGD` returns: one entry an epoch in each list.

    Attributes
    ----------
    cost : list of float
        Mean cost of the epoch's mini-batches while training, with dropout and weight decay.
    validation_accuracy : list of float in [0, 1]
        Empty without validation data.
    test_accuracy : list of float in [0, 1] or None
        None in epochs whose validation accuracy was no new best: the book looks at the test data only then.
    monitors : dict of str to list of float
        What ``SGD(monitor=...)`` asked for.
    seconds : list of float
        Wall time, evaluation included.
    best_epoch : int or None
        Epoch, from 0, of the best validation accuracy (the last of equals).
    best_iteration : int or None
        The last mini-batch of that epoch, counted from 0 over all epochs, as the book prints it.
    """

    cost: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    test_accuracy: list[float | None] = field(default_factory=list)
    monitors: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    best_epoch: int | None = None
    best_iteration: int | None = None

    @property
    def epochs(self) -> int:
        """Number of complete epochs."""
        return len(self.cost)

    @property
    def best_validation_accuracy(self) -> float | None:
        """The best validation accuracy, in [0, 1]."""
        return None if self.best_epoch is None else self.validation_accuracy[self.best_epoch]

    @property
    def corresponding_test_accuracy(self) -> float | None:
        """The test accuracy at the epoch of the best validation accuracy, in [0, 1]: the figure chapter 6 reports."""
        return None if self.best_epoch is None else self.test_accuracy[self.best_epoch]

    def __repr__(self) -> str:
        parts = [f"{self.epochs} epochs"]
        if self.cost:
            parts.append(f"cost {self.cost[-1]:.4g}")
        for name, value in (
            ("best validation", self.best_validation_accuracy),
            ("test", self.corresponding_test_accuracy),
        ):
            if value is not None:
                parts.append(f"{name} {value:.2%}")
        return f"History({', '.join(parts)})"
