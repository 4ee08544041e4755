"""From the start of Python, with an empty cache, to a network that has 98.5 % of the test images right."""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.start import checks
from benchmarks.start.comparison import Comparison
from benchmarks.start.process import Run

GOAL, NETWORK = 0.985, "two_conv"
MOST = 12  # epochs
PEERS = ("pytorch_eager", "jax_jit", "keras_peer")
Record = dict[str, Any]


def goal(comparison: Comparison, rounds: int, until: float) -> Iterator[Record]:
    """Train with each library in turn until the test accuracy after an epoch is the goal, round after round.

    Parameters
    ----------
    comparison : Comparison
    rounds : int
        Each with first weights and orders of the mini-batches of its own, the weights the same for all libraries; the
        median is taken.
    until : float
        ``time.monotonic()`` after which no other round begins.

    Yields
    ------
    dict
        For each library, of kind "goal"; or of kind "wrong" or "skipped", and why.
    """
    config, test = comparison.config({}), comparison.test

    def check(run: Run) -> str:
        if run.accuracies[-1] < GOAL:
            return f"after {MOST} epochs the test accuracy was {run.accuracies[-1]:.2%}, and no more than {GOAL:.1%}"
        return checks.evaluation(config, run, test)

    runs: dict[str, list[Run]] = {}
    for seed in range(rounds):
        if seed and time.monotonic() > until:
            break
        for library in filter(comparison.takes_part, comparison.libraries):
            with TemporaryDirectory() as cache:
                options = {"epochs": MOST, "goal": GOAL, "shuffle": True, "seed": seed}
                run = comparison.attempt(library, Path(cache), check, f"{GOAL:.1%}", **options)
            if run:
                runs.setdefault(library.peer.module, []).append(run)
    for library in filter(comparison.takes_part, comparison.libraries):
        mine = runs[library.peer.module]
        yield {
            "kind": "goal",
            **comparison.about(library),
            "goal": GOAL,
            "seconds": statistics.median(run.seconds[-1] for run in mine),
            "epochs": statistics.median_low([len(run.seconds) for run in mine]),
            "seconds_by_round": [run.seconds for run in mine],
            "cpu_s_by_round": [run.cpu_s for run in mine],
            "accuracies_by_round": [run.accuracies for run in mine],
            "peak_mb_by_round": [run.peak_mb for run in mine],
            "threads": library.threads,
            "versions": mine[-1].versions,
        }
    yield from comparison.failures.values()
