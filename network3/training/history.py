"""The record of a training, epoch by epoch."""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Literal

from network3.layers.checks import error_message
from network3.storage.atomic import atomic_write
from network3.storage.versioned_json import MALFORMED, parse_object

from .history_table import epoch_table
from .history_views import HistoryViews

OPTIONAL = ("eta", "validation_accuracy", "test_accuracy", "validation_cost", "test_cost")  # lists that may be empty


@dataclass
class History(HistoryViews):
    """The record that `Network.SGD` returns: one entry per epoch in each list.

    ``history["cost"]`` is a list as well, and ``history[-1]`` a dict of the last epoch's values.

    Attributes
    ----------
    cost : list of float
        Mean cost of the epoch's mini-batches while training, with dropout and weight decay.
    validation_accuracy : list of float in [0, 1]
        Empty without validation data, and for targets without an accuracy, such as values instead of labels.
    test_accuracy : list of float in [0, 1] or None
        None in epochs whose validation accuracy is not a new best: as in the book, test data are evaluated only then.
        A run of the catalogue that has no validation data evaluates them after its last epoch.
    monitors : dict of str to list of float
        The quantities of ``SGD(monitor=...)``, by name.
    eta : list of float
        Learning rates.
    seconds : list of float
        Wall time, evaluation included.
    batches : int
        Mini-batches per epoch.
    validation_cost : list of float >= 0
        Only for targets without an accuracy: the mean cost over the validation data, without dropout and, so that
        trainings of different `lmbda` can be compared, without the regularization that a monitored cost includes. NaN
        in epochs of a checkpoint that an older network3 wrote.
    test_cost : list of float >= 0 or None
        Likewise. None in epochs whose validation cost is not a new best.

    Examples
    --------
    >>> history = History(cost=[2.3, 0.4], validation_accuracy=[0.9, 0.95], seconds=[1.0, 1.0])
    >>> history.epochs, history.best_epoch, history["validation_accuracy"]
    (2, 1, [0.9, 0.95])
    """

    cost: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    test_accuracy: list[float | None] = field(default_factory=list)
    monitors: dict[str, list[float]] = field(default_factory=dict)
    eta: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    batches: int = 0
    validation_cost: list[float] = field(default_factory=list)
    test_cost: list[float | None] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        """Number of completed epochs."""
        return len(self.cost)

    @property
    def measure(self) -> Literal["accuracy", "cost"] | None:
        """What the validation data are measured by; None without validation data."""
        return "accuracy" if self.validation_accuracy else "cost" if self.validation_cost else None

    @property
    def best_epoch(self) -> int | None:
        """Epoch, from 0, of the best validation accuracy; for targets without an accuracy, of the lowest finite cost.

        Of equal accuracies the last one is the best, as in the book's program; of equal costs, which mean that nothing
        was learned in between, the first.
        """
        accuracies = self.validation_accuracy
        if accuracies:
            return max(range(len(accuracies)), key=lambda epoch: (accuracies[epoch], epoch))
        finite = [epoch for epoch, cost in enumerate(self.validation_cost) if math.isfinite(cost)]
        return min(finite, key=self.validation_cost.__getitem__, default=None)

    @property
    def best_iteration(self) -> int | None:
        """The last mini-batch of `best_epoch`, counted from 0 over all epochs, as the book prints it."""
        return None if self.best_epoch is None else (self.best_epoch + 1) * self.batches - 1

    @property
    def best_validation_accuracy(self) -> float | None:
        """The best validation accuracy, in [0, 1]; None if there is none."""
        return _entry(self.validation_accuracy, self.best_epoch)

    @property
    def best_validation_cost(self) -> float | None:
        """The lowest validation cost, for targets without an accuracy; None if there is none."""
        return _entry(self.validation_cost, self.best_epoch)

    @property
    def corresponding_test_accuracy(self) -> float | None:
        """The test accuracy at `best_epoch`, in [0, 1], as reported in chapter 6; without validation data, the last."""
        return _entry(self.test_accuracy, -1 if self.measure is None else self.best_epoch)

    @property
    def corresponding_test_cost(self) -> float | None:
        """The test cost at `best_epoch`."""
        return _entry(self.test_cost, self.best_epoch)

    def record_validation(self, measure: Literal["accuracy", "cost"], value: float) -> bool:
        """Append what the validation data gave after an epoch, and return whether it is the best so far."""
        values, test = getattr(self, f"validation_{measure}"), getattr(self, f"test_{measure}")
        missing = self.epochs - len(values)  # in a checkpoint of a network3 without validation costs
        values += [math.nan] * missing + [value]
        test += [None] * (missing + 1)
        return self.best_epoch == len(values) - 1

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per epoch: its number, its last iteration, and its entry of each list that is not empty."""
        rows = []
        for epoch in range(self.epochs):
            row: dict[str, Any] = {"epoch": epoch, "iteration": (epoch + 1) * self.batches - 1}
            row |= {"cost": self.cost[epoch], "seconds": self.seconds[epoch]}
            for name in OPTIONAL:
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
                for name in OPTIONAL:
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

    def __str__(self) -> str:
        return f"{epoch_table(self.rows())}\n{self!r}" if self.epochs else repr(self)

    def _repr_html_(self) -> str:
        return f"{epoch_table(self.rows()).html() if self.epochs else ''}<p>{escape(repr(self))}</p>"

    def __repr__(self) -> str:
        parts = [f"{self.epochs} epochs"]
        if self.cost:
            parts.append(f"cost {self.cost[-1]:.4g}")
        for name, value, form in (
            ("best validation", self.best_validation_accuracy, ".2%"),
            ("best validation cost", self.best_validation_cost, ".4g"),
            ("test", self.corresponding_test_accuracy, ".2%"),
            ("test cost", self.corresponding_test_cost, ".4g"),
        ):
            if value is not None:
                parts.append(f"{name} {value:{form}}")
        return f"History({', '.join(parts)})"


def _entry(values: Sequence[float | None], epoch: int | None) -> float | None:
    """Return the value of an epoch; None if there is none."""
    return values[epoch] if values and epoch is not None else None
