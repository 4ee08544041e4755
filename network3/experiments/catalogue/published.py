"""Numbers that the book publishes: what each measures, in which unit, and which of our numbers it is compared with."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from network3.training.history import History

BEST: Final = "best"
BEST_VALIDATION: Final = "best validation"
LAST: Final = "last"

Unit: TypeAlias = Literal["accuracy", "cost", "output", "gradient norm"]
"""Accuracies are shares in [0, 1]; outputs are those of a neuron."""


def best_value(unit: Unit, values: Iterable[float]) -> float | None:
    """Return the lowest cost, or the highest of other values; None if there are none."""
    return (min if unit == "cost" else max)(values, default=None)


@dataclass(frozen=True)
class Quantity:
    """What a number measures.

    Attributes
    ----------
    name : str
        In words, such as "test accuracy".
    unit : "accuracy", "cost", "output" or "gradient norm"
    data : "training", "validation", "test" or ""
        The data set over which it is evaluated; "" if there is none.
    """

    name: str
    unit: Unit
    data: Literal["training", "validation", "test", ""] = ""

    @property
    def key(self) -> str:
        """The name in `History` and ``SGD(monitor=...)``, such as "test_accuracy"."""
        return f"{self.data}_{self.unit}"


TRAINING_ACCURACY = Quantity("training accuracy", "accuracy", "training")
VALIDATION_ACCURACY = Quantity("validation accuracy", "accuracy", "validation")
TEST_ACCURACY = Quantity("test accuracy", "accuracy", "test")
TRAINING_COST = Quantity("training cost", "cost", "training")
TEST_COST = Quantity("test cost", "cost", "test")


@dataclass(frozen=True)
class PublishedValue:
    """A number that the book publishes.

    Attributes
    ----------
    value : float or None
        None if the book states none.
    quantity : Quantity
    at : "best", "best validation", "last", int or None
        Of a training: at the best epoch of the quantity itself; at the epoch of the best validation accuracy; at the
        last epoch, of a training without validation data; or at an epoch, counted from 0. None if it belongs to no
        epoch.
    """

    value: float | None
    quantity: Quantity
    at: Literal["best", "best validation", "last"] | int | None = BEST

    @property
    def unit(self) -> Unit:
        """The unit of the quantity."""
        return self.quantity.unit

    @property
    def label(self) -> str:
        """What the number is, in words."""
        name = self.quantity.name
        if self.at is None:
            return name
        if self.at == BEST_VALIDATION:
            return f"{name} at the best validation epoch"
        if self.at == LAST:
            return f"{name} at the last epoch"
        if self.at == BEST:
            return f"{'lowest' if self.unit == 'cost' else 'best'} {name}"
        return f"{name}, epoch {self.at}"

    @property
    def formatted(self) -> str:
        """The number with its data set, such as "test 97.80%"; "-" if there is none."""
        if self.value is None:
            return "-"
        if self.unit == "accuracy":
            return f"{self.quantity.data} {self.value:.2%}"
        return f"{self.quantity.name} {self.value:.4f}"

    def measured(self, history: History) -> float | None:
        """Return our number, from the `history` of a training; None if it was not recorded."""
        if self.at in (BEST_VALIDATION, LAST):
            return history.corresponding_test_accuracy
        if self.quantity == VALIDATION_ACCURACY:
            values = history.validation_accuracy
        else:
            values = history.monitors.get(self.quantity.key, [])
        if isinstance(self.at, int):
            return values[self.at] if self.at < len(values) else None
        return best_value(self.unit, values)
