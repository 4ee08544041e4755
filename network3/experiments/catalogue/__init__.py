"""The book's published runs as data, one module per chapter, and one for what goes beyond it."""

from collections.abc import Iterable
from typing import Any, TypeAlias

from network3.layers.checks import error_message, nearest

from . import beyond, chapter1, chapter3, chapter5, chapter6
from .entry import Entry as Entry
from .measurement import Measurement as Measurement
from .published import PublishedValue as PublishedValue
from .quoted import QUOTED as QUOTED
from .run import Run as Run

AnyEntry: TypeAlias = Run | Measurement

RUNS = {run.name: run for chapter in (chapter1, chapter3, chapter5, chapter6, beyond) for run in chapter.RUNS}
"""Trainings, by name."""

MEASUREMENTS = {one.name: one for chapter in (chapter1, chapter3, chapter5) for one in chapter.MEASUREMENTS}
"""Entries that are not trainings, by name."""


def _row_numbers(entry: AnyEntry) -> tuple[int, ...]:
    return tuple(int(part) for part in entry.row.split("."))


ENTRIES: dict[str, AnyEntry] = {
    entry.name: entry for entry in sorted([*RUNS.values(), *MEASUREMENTS.values()], key=_row_numbers)
}
"""Both, in the order of the book."""


def known_name(who: str, name: Any, names: Iterable[str] = ENTRIES) -> str:
    """Return `name`, if it is one of `names`.

    Raises
    ------
    ValueError
        It is not; the nearest is suggested.
    """
    names = tuple(names)
    if name in names:
        return str(name)
    near = nearest(name, names)
    hint = f'Perhaps you meant "{near}".' if near else f'Write e.g. "{names[0]}".'
    raise ValueError(error_message(who, "expected a name that network3 list shows", repr(name), hint))
