"""A number of the book that is not recorded along a training: a baseline, or the norms of gradients."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from .entry import Entry


@dataclass(frozen=True)
class Measurement(Entry):
    """Something that is computed from a seed.

    Attributes
    ----------
    name, row, description, published_values, points, note
        As those of an `Entry`.
    measure : callable
        ``measure(seed) -> dict of str to float``: our numbers by the labels of the book's.
    random : bool
        Whether another seed gives another result.
    trains : bool
        Whether networks are trained for it.
    series : str
        Measurements of one series differ in their number of training images alone, and are drawn as one curve.
    images : int or None
        That number.
    """

    measure: Callable[[int], dict[str, float]]
    random: bool = True
    trains: bool = False
    series: Literal["network", "support vector machine", ""] = ""
    images: int | None = None

    kind: ClassVar[Literal["measurement"]] = "measurement"
