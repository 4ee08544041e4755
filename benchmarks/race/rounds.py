"""The rounds of the race: each entrant in turn trains in a new process, with an empty cache, until the goal."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.records import Record
from benchmarks.start import Pair
from benchmarks.start.comparison import TrainingComparison
from benchmarks.start.process import Run

from . import GOAL, checks
from .entrants import Entrant
from .recipe import changed

NAME = "race"
MAX_EPOCHS = 8
SLOW = 90.0  # seconds of a training, after which an entrant takes part in no further round
LONG = 100  # epochs of the cycle in the comparison of the first mini-batches, so that their rate is a typical one


def write_grey_levels(folder: Path, **data_sets: Pair) -> Path:
    """Write each data set to ``<name>.npz``, its images as they are; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (x, y) in data_sets.items():
        np.savez(folder / f"{name}.npz", x=np.asarray(x), y=np.asarray(y, np.int32))
    return folder


class Race:
    """The trainings of some entrants.

    Parameters
    ----------
    entrants : list of Entrant
        Ours first: if it fails, there is no race.
    data, few : Path
        Folders with the data sets ``training`` and ``test``: of the race, and of the comparison of the first
        mini-batches, without equal values in a pooling window.
    report : callable
        Called with a line of text after each training.
    """

    def __init__(self, entrants: Sequence[Entrant], data: Path, few: Path, report: Callable[[str], None]) -> None:
        libraries = [entrant.library for entrant in entrants]
        self.entrants, self.ours = entrants, entrants[0]
        self.comparison = TrainingComparison(NAME, libraries, data, report)
        self.first_batches = TrainingComparison(NAME, libraries, few, report, self.comparison.failures)
        self.test = self.comparison.test
        self.runs: dict[str, list[Run]] = {}
        self.differences: dict[str, float] = {}

    def compare_first_batches(self) -> None:
        """Exclude the entrants whose weights then differ from ours by more than rounding."""
        ours: dict[str, Run | None] = {}
        for entrant in self._active():
            changes = {**entrant.changes, "epochs": LONG}
            key = str(changes)
            if key not in ours:
                ours[key] = self._train(self.first_batches, self.ours, lambda run: "", changes)
            reference = ours[key]
            if reference is None:
                return
            if entrant is not self.ours:
                self._compare(entrant, changes, reference)

    def _compare(self, entrant: Entrant, changes: Mapping[str, Any], ours: Run) -> None:
        run = self._train(self.first_batches, entrant, lambda run: checks.agreement(run, ours), changes)
        if run:
            self.differences[entrant.library.peer.name] = checks.difference(run, ours)

    def round(self, seed: int) -> None:
        """Train each entrant in turn, but not those that were `SLOW`."""
        for entrant in self._active():
            if any(run.seconds[-1] > SLOW for run in self.runs.get(entrant.library.peer.name, [])):
                continue
            recipe = changed(entrant.changes)

            def check(run: Run, recipe: Any = recipe) -> str:
                return checks.goal(run) or checks.evaluation(recipe, run, self.test)

            options = {"epochs": MAX_EPOCHS, "goal": GOAL, "seed": seed}
            run = self._train(self.comparison, entrant, check, entrant.changes, **options)
            if run:
                self.runs.setdefault(entrant.library.peer.name, []).append(run)

    def records(self) -> Iterator[Record]:
        """Yield the measurements, then the failures."""
        for entrant in self._active():
            library, recipe = entrant.library, changed(entrant.changes)
            runs = self.runs[library.peer.name]
            yield {
                "kind": "race",
                **self.comparison.common_fields(library),
                "goal": GOAL,
                "seconds": statistics.median(run.seconds[-1] for run in runs),
                "cpu_s": statistics.median(run.cpu_s[-1] for run in runs),
                "recipe": asdict(recipe),
                "first_batches_difference": self.differences.get(library.peer.name),
                "seconds_by_round": [run.seconds for run in runs],
                "cpu_s_by_round": [run.cpu_s for run in runs],
                "accuracies_by_round": [run.accuracies for run in runs],
                "peak_mb_by_round": [run.peak_mb for run in runs],
                "threads": library.threads,
                "versions": runs[-1].versions,
            }
        yield from self.comparison.failures.values()

    def _active(self) -> Iterator[Entrant]:
        return (entrant for entrant in self.entrants if self.comparison.is_active(entrant.library))

    def _train(
        self,
        comparison: TrainingComparison,
        entrant: Entrant,
        check: Callable[[Run], str],
        changes: Mapping[str, Any],
        **options: Any,
    ) -> Run | None:
        with TemporaryDirectory() as cache:
            measure = f"{GOAL:.1%}" if comparison is self.comparison else "first mini-batches"
            return comparison.attempt(entrant.library, Path(cache), check, measure, changes=changes, **options)


def race(entered: Race, rounds: int, deadline: float) -> Iterator[Record]:
    """Compare the first mini-batches, race, and yield the records.

    Parameters
    ----------
    entered : Race
    rounds : int
        Each has its own initial weights and orders of the images, the same for all entrants; the median counts.
    deadline : float
        ``time.monotonic()`` after which no other round starts.
    """
    entered.compare_first_batches()
    for seed in range(rounds):
        if seed and time.monotonic() > deadline:
            break
        entered.round(seed)
    yield from entered.records()
