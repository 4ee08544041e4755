"""A number of the book beside all that was measured of it."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from network3.experiments.catalogue import Measurement, Run
from network3.experiments.catalogue.run import BEST_VALIDATION
from network3.experiments.formats import difference, number
from network3.experiments.reproduction import Record


@dataclass(frozen=True)
class Comparison:
    """One number.

    Attributes
    ----------
    label : str
        What it is of.
    published : float or None
        The book's.
    values : tuple of float
        Ours, one a repeat.
    chosen : float or None
        The one that the book's author would report.
    how : str
        Which that is.
    """

    label: str
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
        return (min if "cost" in self.label else max)(self.values, default=None)

    @property
    def difference(self) -> float | None:
        """What the author would report less what he did."""
        return None if self.published is None or self.chosen is None else self.chosen - self.published

    def told(self) -> dict[str, str]:
        """Return all of it as a reader wants it."""
        spread = "" if self.spread is None else f" ± {number(self.label, self.spread)}"
        return {
            "label": self.label,
            "book": number(self.label, self.published),
            "ours": number(self.label, self.chosen),
            "how": self.how,
            "difference": "-" if self.difference is None else difference(self.label, self.difference),
            "mean": number(self.label, self.mean) + spread,
            "best": number(self.label, self.best),
            "n": str(len(self.values)),
        }


def compare(entry: Run | Measurement, records: Sequence[Record]) -> list[Comparison]:
    """Return a comparison for each number that the book gives of `entry`, from the records of its repeats.

    Of a training whose epoch the validation data choose, the book reports the repeat with the best validation
    accuracy; of a best epoch, the best repeat; of anything else, it has one, which is like the mean of ours.
    """
    found = []
    for label, published in entry.published.items():
        known = [record for record in records if record.values.get(label) is not None]
        values = tuple(float(record.values[label] or 0.0) for record in known)
        chosen, how = _chosen(entry, label, known, values)
        found.append(Comparison(label, published, values, chosen, how))
    return found


def _chosen(entry, label: str, records: Sequence[Record], values: tuple[float, ...]) -> tuple[float | None, str]:
    if not values:
        return None, ""
    if len(values) == 1:
        return values[0], ""
    at = {figure.label: figure.at for figure in entry.figures}[label] if isinstance(entry, Run) else None
    if at == BEST_VALIDATION and all(record.history is not None for record in records):
        best = max(range(len(values)), key=lambda k: records[k].best_validation_accuracy)
        return values[best], "the repeat with the best validation"
    if at == "best":
        return (min if "cost" in label else max)(values), "the best repeat"
    return statistics.fmean(values), "the mean"
