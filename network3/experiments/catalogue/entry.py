"""What all entries of the catalogue have in common, trainings and other measurements."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from .published import PublishedValue


@dataclass(frozen=True)
class Entry(ABC):
    """Something that the book publishes numbers of.

    Attributes
    ----------
    name : str
        As on the command line; the original's function, if there is one.
    row : str
        Chapter and number, such as "6.7"; chapter 7, which the book does not have, goes beyond it.
    description : str
        What it is, in one line.
    published_values : tuple of PublishedValue
        The book's numbers; the first is its result.
    points : dict of str to dict of int to float
        What else the book shows of the learning curves: names as in `History`, epochs, values.
    note : str
        A remark.
    """

    name: str
    row: str
    description: str
    published_values: tuple[PublishedValue, ...]
    points: Mapping[str, Mapping[int, float]] = field(default_factory=dict, kw_only=True)
    note: str = field(default="", kw_only=True)

    @property
    @abstractmethod
    def kind(self) -> Literal["training", "vote", "measurement"]:
        """What is done to reproduce it."""

    @property
    @abstractmethod
    def trains(self) -> bool:
        """Whether networks are trained for it."""

    @property
    @abstractmethod
    def random(self) -> bool:
        """Whether it is repeated with other seeds."""

    @property
    def chapter(self) -> int:
        """The first number of the row: the book's chapter, or 7."""
        return int(self.row.split(".")[0])

    @property
    def result(self) -> PublishedValue:
        """The first of the published values."""
        return self.published_values[0]

    @property
    def published(self) -> dict[str, float | None]:
        """The book's numbers by their labels."""
        return {published.label: published.value for published in self.published_values}

    @property
    def settings(self) -> dict[str, Any]:
        """How the network is trained, as plain values; {} if it is not a training."""
        return {}

    @property
    def epochs(self) -> int | None:
        """How many epochs the training has; None if it is not a training."""
        return None

    def variants(self) -> Sequence[Self]:
        """Return the entries that are reproduced for this one: itself, unless the original tried several values."""
        return [self]

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON can hold of it, under the keys that `network3 list --json` prints."""
        return {
            "name": self.name,
            "row": self.row,
            "says": self.description,
            "published": self.published,
            "note": self.note,
        }
