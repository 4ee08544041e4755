"""The book's published runs as data, one module a chapter."""

from . import chapter1, chapter3, chapter5, chapter6
from .measurement import Measurement as Measurement
from .quoted import QUOTED as QUOTED
from .run import Figure as Figure
from .run import Run as Run

RUNS = {run.name: run for chapter in (chapter1, chapter3, chapter5, chapter6) for run in chapter.RUNS}
"""Trainings, by name."""

MEASUREMENTS = {one.name: one for chapter in (chapter1, chapter3, chapter5) for one in chapter.MEASUREMENTS}
"""What is no training, by name."""


def _place(entry) -> tuple[int, ...]:
    return tuple(int(part) for part in entry.row.split("."))


ENTRIES = {entry.name: entry for entry in sorted([*RUNS.values(), *MEASUREMENTS.values()], key=_place)}
"""Both, in the order of the book."""
