"""A number of the book compared with what was measured in repeats."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from network3.experiments.catalogue import Entry, PublishedValue
from network3.experiments.catalogue.published import BEST, BEST_VALIDATION, Unit, best_value
from network3.experiments.formats import format_difference, format_number
from network3.experiments.reproduction import Record


@dataclass(frozen=True)
class Comparison:
    """One number of the book, and ours.

    Attributes
    ----------
    label : str
        What was measured.
    unit : "accuracy", "cost", "output" or "gradient norm"
    published : float or None
        The book's number.
    values : tuple of float
        Ours, one for each repeat.
    chosen : float or None
        The one that the book's author would report.
    how : str
        How it is chosen.
    """

    label: str
    unit: Unit
    published: float | None
    values: tuple[float, ...]
    chosen: float | None
    how: str

    @property
    def mean(self) -> float | None:
        """Mean of the repeats."""
        return statistics.fmean(self.values) if self.values else None

    @property
    def spread(self) -> float | None:
        """Standard deviation of the repeats; None for fewer than two."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None

    @property
    def best(self) -> float | None:
        """The best of the repeats."""
        return best_value(self.unit, self.values)

    @property
    def difference(self) -> float | None:
        """Our chosen number minus the book's."""
        return None if self.published is None or self.chosen is None else self.chosen - self.published

    def formatted(self) -> dict[str, str]:
        """Return all of it as text."""
        spread = "" if self.spread is None else f" ± {format_number(self.unit, self.spread)}"
        return {
            "label": self.label,
            "book": format_number(self.unit, self.published),
            "ours": format_number(self.unit, self.chosen),
            "how": self.how,
            "difference": "-" if self.difference is None else format_difference(self.unit, self.difference),
            "mean": format_number(self.unit, self.mean) + spread,
            "best": format_number(self.unit, self.best),
            "n": str(len(self.values)),
        }


def compare(entry: Entry, records: Sequence[Record]) -> list[Comparison]:
    """Return a comparison for each number that the book publishes of `entry`, from the records of its repeats.

    Where the validation data choose the epoch, the book reports the repeat with the best validation accuracy; for the
    best epoch, the best repeat; for any other number it has one repeat, which is compared with the mean of ours.
    """
    comparisons = []
    for published in entry.published_values:
        recorded = [record for record in records if record.values.get(published.label) is not None]
        values = tuple(float(record.values[published.label] or 0.0) for record in recorded)
        chosen, how = _choose(published, recorded, values)
        comparisons.append(Comparison(published.label, published.unit, published.value, values, chosen, how))
    return comparisons


def _choose(
    published: PublishedValue, records: Sequence[Record], values: tuple[float, ...]
) -> tuple[float | None, str]:
    """Return the one of `values` to compare with the book's, and how it is chosen."""
    if not values:
        return None, ""
    if len(values) == 1:
        return values[0], ""
    if published.at == BEST_VALIDATION and all(record.history is not None for record in records):
        best = max(range(len(values)), key=lambda k: records[k].best_validation_accuracy)
        return values[best], "the repeat with the best validation"
    if published.at == BEST:
        return best_value(published.unit, values), "the best repeat"
    return statistics.fmean(values), "the mean"
