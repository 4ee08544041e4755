"""From the start of Python to the end of the first epoch: with an empty cache, for another width, and warm."""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.start import checks
from benchmarks.start.comparison import Comparison
from benchmarks.start.process import Library, Run
from network3.data import scaled

IMAGES = 1_000  # of the epoch, and of its evaluation
NETWORKS = ("fc", "two_conv")
STATES = {"empty cache": 100, "another width": 60, "warm": 100}  # and the neurons of the hidden layer
NOISE = np.float32(0.02)
SLOW, FEW = 10.0, 2  # a library whose first epoch takes as many seconds is timed in so many rounds only
Record = dict[str, Any]


def few(pair: tuple[Any, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the first `IMAGES` images, with a little noise, and labels.

    With it no two values of a pooling window are equal: the libraries differ in which of those they give the gradient.
    """
    images = scaled(np.asarray(pair[0][:IMAGES]), "float32")
    noise = np.random.default_rng(0).random(images.shape, dtype=np.float32)
    return images + NOISE * noise, pair[1][:IMAGES]


def first_epoch(comparison: Comparison, rounds: int, until: float) -> Iterator[Record]:
    """Time each library in each of the states, one after the other, round after round.

    Parameters
    ----------
    comparison : Comparison
        Of one of `NETWORKS`, with `IMAGES` images each to train on and to evaluate.
    rounds : int
        Each with a cache that is empty at first; the best is taken.
    until : float
        ``time.monotonic()`` after which no other round begins.

    Yields
    ------
    dict
        For each library and state, of kind "first_epoch"; or of kind "wrong" or "skipped", and why.
    """
    measured = FirstEpochs(comparison)
    for round_ in range(rounds):
        if round_ and time.monotonic() > until:
            break
        measured.round()
    yield from measured.records()


class FirstEpochs:
    """The trainings of `comparison`, and the costs they reached, by library and state."""

    def __init__(self, comparison: Comparison):
        self.comparison = comparison
        self.runs: dict[tuple[str, str], list[Run]] = {}
        self.costs: dict[tuple[str, str], tuple[float, float]] = {}

    def round(self) -> None:
        """Train once in each state, all libraries in turn."""
        timed = [library for library in self.comparison.libraries if not self._slow(library)]
        with TemporaryDirectory() as caches:
            for state in STATES:
                for library in timed:
                    if self.comparison.takes_part(library):
                        self._train(library, state, Path(caches) / library.peer.module)

    def _slow(self, library: Library) -> bool:
        cold = self.runs.get((library.peer.module, "empty cache"), [])
        return len(cold) >= FEW and min(run.seconds[0] for run in cold) > SLOW

    def _train(self, library: Library, state: str, cache: Path) -> None:
        changes = {"hidden": (STATES[state],), "lmbda": 0.0}
        key = library.peer.module, state

        def check(run: Run) -> str:
            config = self.comparison.config(changes)
            self.costs[key] = before, after = checks.costs(config, run, self.comparison.training)
            ours = self.costs[self.comparison.ours.peer.module, state][1]
            return checks.learning(before, after, ours) or checks.evaluation(config, run, self.comparison.test)

        run = self.comparison.attempt(library, cache, check, state, changes=changes)
        if run:
            self.runs.setdefault(key, []).append(run)

    def records(self) -> Iterator[Record]:
        """Yield what was measured, and who failed."""
        for state in STATES:
            for library in filter(self.comparison.takes_part, self.comparison.libraries):
                key = library.peer.module, state
                yield {
                    "kind": "first_epoch",
                    **self.comparison.about(library),
                    "state": state,
                    "images": IMAGES,
                    "seconds": min(run.seconds[0] for run in self.runs[key]),
                    "seconds_by_round": [run.seconds[0] for run in self.runs[key]],
                    "cpu_s_by_round": [run.cpu_s[0] for run in self.runs[key]],
                    "exit_s_by_round": [run.exit_s for run in self.runs[key]],
                    "peak_mb_by_round": [run.peak_mb for run in self.runs[key]],
                    "costs": list(self.costs[key]),
                    "accuracy": self.runs[key][-1].accuracies[0],
                    "threads": library.threads,
                    "versions": self.runs[key][-1].versions,
                }
        yield from self.comparison.failures.values()
