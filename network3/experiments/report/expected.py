"""Where a number of the book would lie among ten of ours: within their range, above or below it, or open."""

from collections.abc import Sequence
from dataclasses import dataclass

from network3.experiments.catalogue import Entry, PublishedValue, Run
from network3.experiments.catalogue.published import BEST, BEST_VALIDATION, Unit
from network3.experiments.formats import format_difference, format_number, rounded

from .range_of_ten import range_of_ten

FEWEST = 3  # repeats, as the book's author had for a figure
RUNS_OF_A_FIGURE = {1: 3, 6: 3}  # by chapter: the book reports the best of three; of others it states no more than one


@dataclass(frozen=True)
class Expected:
    """What the book's number is expected to be by our repeats.

    Attributes
    ----------
    range : (float, float) or None
        The least and the greatest of ten figures like the book's, rounded as they are shown; None if it is open.
    reason : str
        Why it is open.
    """

    range: tuple[float, float] | None
    reason: str

    def within(self, unit: Unit, book: float | None) -> bool:
        """Whether the book's number lies in the range."""
        if self.range is None or book is None:
            return False
        least, greatest = self.range
        return least <= rounded(unit, book) <= greatest

    def statement(self, unit: Unit, book: float) -> str:
        """Return where the book's number lies, in words; differences of accuracies are in percentage points."""
        if self.range is None:
            return self.reason
        least, greatest = self.range
        shown = f"{format_number(unit, least)} to {format_number(unit, greatest)}"
        if self.within(unit, book):
            return f"within {shown}"
        side, end = ("above", greatest) if book > greatest else ("below", least)
        return f"{side} by {format_difference(unit, abs(rounded(unit, book) - end)).removeprefix('+')}: {shown}"


OPEN = Expected(None, "no repeats")


def expected_of_repeats(
    entry: Entry, published: PublishedValue, values: Sequence[float], validation: Sequence[float]
) -> Expected:
    """Return what `published` is expected to be by `values`, our repeats.

    Chapters 1 and 6 report the best of three. In chapter 6 that is the repeat with the best validation accuracy, in
    chapter 1 the one with the best test accuracy, by which the author chose the epoch as well. The other chapters state
    no number of runs, and the files of their programs' results are of one, as are numbers of a fixed epoch.

    Parameters
    ----------
    entry : Entry
    published : PublishedValue
    values : sequence of float, length n
    validation : sequence of float, length n
        The best validation accuracy of each repeat.
    """
    if isinstance(entry, Run) and entry.kind == "vote":
        if len(entry.voters_of) > 1:  # only the first networks of each run vote
            return Expected(None, f"one vote, of {entry.nets} networks")
        return Expected(None, "no records of the networks that vote")
    if not entry.random:
        return Expected(None, "not random")
    if len(values) < FEWEST:
        return Expected(None, "too few repeats")
    if len(set(values)) == 1:  # a spread of 0 is chance
        return Expected(None, "all repeats equal")
    best = published.at in (BEST, BEST_VALIDATION)
    drawn = range_of_ten(
        values,
        best_of=RUNS_OF_A_FIGURE.get(entry.chapter, 1) if best else 1,
        chosen_by=validation if published.at == BEST_VALIDATION and all(validation) else None,
        lowest=published.unit == "cost",
    )
    return _shown(published.unit, drawn)


def expected_of_votes(values: Sequence[float], voters: int, networks: int) -> Expected:
    """Return what the accuracy of one vote is expected to be by `values`, those of all votes of our `networks`."""
    if len(values) < FEWEST:
        return Expected(None, f"one vote, of {networks} networks")
    return _shown("accuracy", range_of_ten(values, group=voters, networks=networks))


def _shown(unit: Unit, drawn: tuple[float, float]) -> Expected:
    """Return a range without what no number of that unit can be, rounded as it is shown."""
    highest = 1.0 if unit == "accuracy" else float("inf")
    least, greatest = (rounded(unit, min(max(end, 0.0), highest)) for end in drawn)
    return Expected((least, greatest), "")
