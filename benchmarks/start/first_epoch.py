"""From the start of Python to the end of the first epoch: with an empty cache, with another width, and warm."""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.records import Record
from network3.data import scaled

from . import COLD, Pair, checks
from .comparison import TrainingComparison
from .process import Library, Run

IMAGES = 1_000  # of the epoch, and of its evaluation
NETWORKS = ("fc", "two_conv")
STATES = {COLD: 100, "another width": 60, "warm": 100}  # neurons of the hidden layer in each state
NOISE = np.float32(0.02)
SLOW_EPOCH, SLOW_ROUNDS = 10.0, 2  # a library that takes more seconds for a cold epoch is timed in fewer rounds


def first_images(pair: Pair) -> Pair:
    """Return the first `IMAGES` images with a little noise, and their labels.

    With noise no two values in a pooling window are equal; libraries differ in which of these receives the gradient.
    """
    images = scaled(np.asarray(pair[0][:IMAGES]), "float32")
    noise = np.random.default_rng(0).random(images.shape, dtype=np.float32)
    return images + NOISE * noise, pair[1][:IMAGES]


def first_epoch(comparison: TrainingComparison, rounds: int, deadline: float) -> Iterator[Record]:
    """Time each library in each of the states, one after the other, round after round.

    Parameters
    ----------
    comparison : TrainingComparison
        Of one of `NETWORKS`, with `IMAGES` images each to train on and to evaluate.
    rounds : int
        Each starts with an empty cache; the best round counts.
    deadline : float
        ``time.monotonic()`` after which no other round starts.

    Yields
    ------
    dict
        For each library and state, of kind "first_epoch"; for an excluded library, of kind "wrong" or "skipped".
    """
    measured = FirstEpochs(comparison)
    for round_ in range(rounds):
        if round_ and time.monotonic() > deadline:
            break
        measured.round()
    yield from measured.records()


class FirstEpochs:
    """The trainings of `comparison`, and the costs they reached, by library and state."""

    def __init__(self, comparison: TrainingComparison) -> None:
        self.comparison = comparison
        self.runs: dict[tuple[str, str], list[Run]] = {}
        self.costs: dict[tuple[str, str], tuple[float, float]] = {}

    def round(self) -> None:
        """Train once in each state, all libraries in turn."""
        timed = [library for library in self.comparison.libraries if not self._is_slow(library)]
        with TemporaryDirectory() as caches:
            for state in STATES:
                for library in timed:
                    if self.comparison.is_active(library):
                        self._train(library, state, Path(caches) / library.peer.name)

    def _is_slow(self, library: Library) -> bool:
        cold = self.runs.get((library.peer.name, COLD), [])
        return len(cold) >= SLOW_ROUNDS and min(run.seconds[0] for run in cold) > SLOW_EPOCH

    def _train(self, library: Library, state: str, cache: Path) -> None:
        changes = {"hidden": (STATES[state],), "lmbda": 0.0}
        key = library.peer.name, state

        def check(run: Run) -> str:
            config = self.comparison.config(changes)
            self.costs[key] = before, after = checks.costs(config, run, self.comparison.training)
            ours = self.costs[self.comparison.ours.peer.name, state][1]
            return checks.learning(before, after, ours) or checks.evaluation(config, run, self.comparison.test)

        run = self.comparison.attempt(library, cache, check, state, changes=changes)
        if run:
            self.runs.setdefault(key, []).append(run)

    def records(self) -> Iterator[Record]:
        """Yield the measurements, then the failures."""
        for state in STATES:
            for library in filter(self.comparison.is_active, self.comparison.libraries):
                key = library.peer.name, state
                yield {
                    "kind": "first_epoch",
                    **self.comparison.common_fields(library),
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
