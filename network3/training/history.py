"""The record of a training, epoch by epoch."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from network3.layers.checks import error_message
from network3.storage.atomic import atomic_write
from network3.storage.versioned_json import MALFORMED, parse_object


@dataclass
class History:
    """The record that `Network.SGD` returns: one entry per epoch in each list.

    Attributes
    ----------
    cost : list of float
        Mean cost of the epoch's mini-batches while training, with dropout and weight decay.
    validation_accuracy : list of float in [0, 1]
        Empty without validation data.
    test_accuracy : list of float in [0, 1] or None
        None in epochs whose validation accuracy is not a new best: as in the book, test data are evaluated only then.
    monitors : dict of str to list of float
        The quantities of ``SGD(monitor=...)``, by name.
    eta : list of float
        Learning rates.
    seconds : list of float
        Wall time, evaluation included.
    batches : int
        Mini-batches per epoch.
    """

    cost: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    test_accuracy: list[float | None] = field(default_factory=list)
    monitors: dict[str, list[float]] = field(default_factory=dict)
    eta: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    batches: int = 0

    @property
    def epochs(self) -> int:
        """Number of completed epochs."""
        return len(self.cost)

    @property
    def best_epoch(self) -> int | None:
        """Epoch, from 0, of the best validation accuracy (the last one if several are equal)."""
        accuracies = self.validation_accuracy
        return max(range(len(accuracies)), key=lambda epoch: (accuracies[epoch], epoch), default=None)

    @property
    def best_iteration(self) -> int | None:
        """The last mini-batch of `best_epoch`, counted from 0 over all epochs, as the book prints it."""
        return None if self.best_epoch is None else (self.best_epoch + 1) * self.batches - 1

    @property
    def best_validation_accuracy(self) -> float | None:
        """The best validation accuracy, in [0, 1]."""
        return None if self.best_epoch is None else self.validation_accuracy[self.best_epoch]

    @property
    def corresponding_test_accuracy(self) -> float | None:
        """The test accuracy at the epoch of the best validation accuracy, in [0, 1], as reported in chapter 6."""
        return None if self.best_epoch is None else self.test_accuracy[self.best_epoch]

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per epoch: its number, its last iteration, cost, seconds, eta, accuracies and monitors."""
        rows = []
        for epoch in range(self.epochs):
            row: dict[str, Any] = {"epoch": epoch, "iteration": (epoch + 1) * self.batches - 1}
            row |= {"cost": self.cost[epoch], "seconds": self.seconds[epoch]}
            for name in ("eta", "validation_accuracy", "test_accuracy"):
                if getattr(self, name):
                    row[name] = getattr(self, name)[epoch]
            rows.append(row | {"monitors": {name: values[epoch] for name, values in self.monitors.items()}})
        return rows

    def save(self, filename: str | os.PathLike[str]) -> None:
        """Write `rows` to `filename` as JSON lines."""
        with atomic_write(filename) as file:
            file.writelines(f"{json.dumps(row)}\n".encode() for row in self.rows())

    @classmethod
    def load(cls, filename: str | os.PathLike[str]) -> "History":
        """Read a file that `save` wrote.

        Raises
        ------
        FileNotFoundError
            No such file.
        ValueError
            Not a file that `save` wrote.
        """
        try:
            rows = [parse_object(line) for line in Path(filename).read_bytes().splitlines()]
            history = cls(batches=(rows[0]["iteration"] + 1) if rows else 0)
            for row in rows:
                history.cost.append(row["cost"])
                history.seconds.append(row["seconds"])
                for name in ("eta", "validation_accuracy", "test_accuracy"):
                    if name in row:
                        getattr(history, name).append(row[name])
                for name, value in row["monitors"].items():
                    history.monitors.setdefault(name, []).append(value)
        except MALFORMED as error:
            expected = "expected a file that History.save wrote"
            raise ValueError(
                error_message(f"History.load: {filename}", expected, repr(error), "Pass such a file.")
            ) from error
        return history

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
