"""A number of the book compared with what was measured in repeats."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from network3.datasets import load_mnist
from network3.experiments.catalogue import Entry, PublishedValue, Run
from network3.experiments.catalogue.published import BEST, BEST_VALIDATION, Unit, best_value
from network3.experiments.formats import format_difference, format_number
from network3.experiments.reproduction import Record, vote_accuracies

from .expected import OPEN, Expected, expected_of_repeats, expected_of_votes


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
    expected : Expected
        Where the book's number would lie among ten of ours.
    diverged : int
        How many further repeats diverged before they had the number.
    remark : str
        What else the row has to state.
    """

    label: str
    unit: Unit
    published: float | None
    values: tuple[float, ...]
    chosen: float | None
    how: str
    expected: Expected = OPEN
    diverged: int = 0
    remark: str = ""

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

    @property
    def diverges(self) -> bool:
        """Whether all repeats diverged before they had the number."""
        return self.diverged > 0 and not self.values

    @property
    def statement(self) -> str:
        """Where the book's number lies among ten of ours, in words; or why that is open."""
        if self.diverges:
            return "diverges in the only repeat" if self.diverged == 1 else f"diverges in all {self.diverged} repeats"
        if self.published is None:
            return "not in the book"
        return self.expected.statement(self.unit, self.published)

    def formatted(self) -> dict[str, str]:
        """Return all of it as text."""
        spread = "" if self.spread is None else f" ± {format_number(self.unit, self.spread)}"
        return {
            "label": self.label,
            "book": format_number(self.unit, self.published),
            "ours": "diverges" if self.diverges else format_number(self.unit, self.chosen),
            "how": self.how,
            "difference": "-" if self.difference is None else format_difference(self.unit, self.difference),
            "statement": self.statement,
            "mean": format_number(self.unit, self.mean) + spread,
            "best": format_number(self.unit, self.best),
            "n": str(self.diverged if self.diverges else len(self.values)),
            "remark": self.remark,
        }


def compare(entry: Entry, records: Sequence[Record]) -> list[Comparison]:
    """Return a comparison for each number that the book publishes of `entry`, from those of `records` that concern it.

    Where the validation data choose the epoch, the book reports the repeat with the best validation accuracy; for the
    best epoch, the best repeat; for any other number it has one repeat, which is compared with the mean of ours. A vote
    is compared with the mean of all votes of as many of the recorded networks.
    """
    if isinstance(entry, Run) and len(entry.voters_of) == 1:
        networks = [record for record in records if record.name in entry.voters_of and record.errors is not None]
        if len(networks) >= entry.nets:
            return [_compare_votes(entry, networks)]
    own = [record for record in records if record.name == entry.name]
    return [_compare_repeats(entry, published, own) for published in entry.published_values]


def _compare_repeats(entry: Entry, published: PublishedValue, records: Sequence[Record]) -> Comparison:
    recorded = [record for record in records if record.values.get(published.label) is not None]
    values = tuple(float(record.values[published.label] or 0.0) for record in recorded)
    chosen, how = _choose(published, recorded, values)
    expected = expected_of_repeats(entry, published, values, [one.best_validation_accuracy for one in recorded])
    diverged = sum(bool(record.note) for record in records if record not in recorded)
    return Comparison(published.label, published.unit, published.value, values, chosen, how, expected, diverged)


def _compare_votes(entry: Run, networks: Sequence[Record]) -> Comparison:
    published, labels = entry.result, load_mnist()[2][1]
    values = vote_accuracies(networks, entry.nets, labels)
    chosen, how, remark = values[0], "", ""
    if len(values) > 1:
        chosen, how = statistics.fmean(values), "the mean"
        least, greatest = (format_number(published.unit, value) for value in (min(values), max(values)))
        remark = f"all {len(values):,} votes of {entry.nets} of {len(networks)} networks, {least} to {greatest}"
    expected = expected_of_votes(values, entry.nets, len(networks))
    return Comparison(published.label, published.unit, published.value, values, chosen, how, expected, remark=remark)


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
