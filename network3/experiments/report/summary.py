"""The summary at the top of the page: how many numbers are close to the book's, which are not, and their origin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from network3.experiments.catalogue import Entry
from network3.experiments.reproduction import Record

from .comparison import Comparison

POINTS, SHARE = 0.005, 0.05  # how close: half a percentage point of accuracy, or 5 % of another number


@dataclass(frozen=True)
class RowResult:
    """The result of a row of the catalogue.

    Attributes
    ----------
    entry : Entry
    comparison : Comparison
        Of the first of its numbers.
    """

    entry: Entry
    comparison: Comparison

    @property
    def compared(self) -> bool:
        """Whether both the book and the records have the number."""
        return self.comparison.difference is not None

    @property
    def close(self) -> bool:
        """Whether they differ by at most half a percentage point, or 5 % of a number that is no accuracy."""
        difference, book = self.comparison.difference, self.comparison.published
        if difference is None or book is None:
            return False
        within = POINTS if self.comparison.unit == "accuracy" else SHARE * abs(book)
        return abs(difference) <= within * (1 + 1e-9)

    @property
    def judged(self) -> bool:
        """Whether our repeats give a range in which the book's number is expected."""
        return self.compared and self.comparison.expected.range is not None

    @property
    def within(self) -> bool:
        """Whether the book's number lies in that range."""
        return self.comparison.expected.within(self.comparison.unit, self.comparison.published)


def summarize(results: Mapping[int, Sequence[RowResult]]) -> dict[str, Any]:
    """Return the counts of each chapter, all together, and the rows that are further from the book.

    Parameters
    ----------
    results : dict of int to sequence of RowResult
        By chapter.
    """
    chapters = [{"number": number, **_counts(rows)} for number, rows in results.items()]
    all_rows = [row for rows in results.values() for row in rows]
    further = [row for row in all_rows if row.compared and not row.close]
    far = [
        {"row": one.entry.row, "name": one.entry.name, "description": one.entry.description}
        | one.comparison.formatted()
        for one in further
    ]
    return {"chapters": chapters, "all": _counts(all_rows), "further": far}


def _counts(rows: Sequence[RowResult]) -> dict[str, int]:
    return {
        "rows": len(rows),
        "compared": sum(row.compared for row in rows),
        "close": sum(row.close for row in rows),
        "judged": sum(row.judged for row in rows),
        "within": sum(row.within for row in rows),
    }


def origin(records: Sequence[Record]) -> str:
    """Return when and with what the records were made, in one line."""
    dates = sorted(record.environment["date"][:10] for record in records)
    days = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    machines = _distinct(record.environment["machine"] for record in records)
    packages = [
        f"{name} {versions}"
        for name in ("network3", "pytensor", "numpy", "python")
        if (versions := _distinct(record.environment["versions"].get(name) for record in records))
    ]
    return f"{days}, on {machines}" + (f", with {', '.join(packages)}" if packages else "")


def _distinct(values: Any) -> str:
    return " and ".join(sorted({value for value in values if value}))
