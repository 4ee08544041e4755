"""What describes a number of the book that is no accuracy along a training: a baseline, the norms of gradients."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measurement:
    """Something that is computed from a seed, and the book's numbers for it.

    Attributes
    ----------
    name, row, says, note : str
        As those of a `Run`.
    measure : callable
        ``measure(seed) -> dict of str to float``: the numbers by their labels; accuracies are shares in [0, 1].
    published : dict of str to float or None
        The book's numbers by the same labels; None where it states none.
    random : bool
        Whether another seed gives another result.
    trains : bool
        Whether networks are trained for it.
    """

    name: str
    row: str
    says: str
    measure: Callable[[int], dict[str, float]]
    published: dict[str, float | None]
    random: bool = True
    trains: bool = False
    note: str = ""

    @property
    def chapter(self) -> int:
        """The book's chapter."""
        return int(self.row.split(".")[0])

    def as_dict(self) -> dict[str, Any]:
        """Return all but the function as plain values, for machines."""
        return {
            "name": self.name,
            "row": self.row,
            "says": self.says,
            "published": self.published,
            "note": self.note,
        }
