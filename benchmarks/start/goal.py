"""From the start of Python, with an empty cache, to a network with an accuracy of 98.5 % on the test images."""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.records import Record

from . import checks
from .comparison import TrainingComparison
from .process import Run

GOAL, NETWORK = 0.985, "two_conv"
MAX_EPOCHS = 12
PEERS = ("pytorch_eager", "jax_jit", "keras_peer")


def goal(comparison: TrainingComparison, rounds: int, deadline: float) -> Iterator[Record]:
    """Train with each library in turn until the test accuracy after an epoch reaches `GOAL`, round after round.

    Parameters
    ----------
    comparison : TrainingComparison
    rounds : int
        Each has its own initial weights, the same for all libraries, and its own orders of the mini-batches; the
        median counts.
    deadline : float
        ``time.monotonic()`` after which no other round starts.

    Yields
    ------
    dict
        For each library, of kind "goal"; for an excluded one, of kind "wrong" or "skipped".
    """
    config, test = comparison.config({}), comparison.test

    def check(run: Run) -> str:
        if run.accuracies[-1] < GOAL:
            return f"after {MAX_EPOCHS} epochs the test accuracy was {run.accuracies[-1]:.2%}, less than {GOAL:.1%}"
        return checks.evaluation(config, run, test)

    runs: dict[str, list[Run]] = {}
    for seed in range(rounds):
        if seed and time.monotonic() > deadline:
            break
        for library in filter(comparison.is_active, comparison.libraries):
            with TemporaryDirectory() as cache:
                options = {"epochs": MAX_EPOCHS, "goal": GOAL, "shuffle": True, "seed": seed}
                run = comparison.attempt(library, Path(cache), check, f"{GOAL:.1%}", **options)
            if run:
                runs.setdefault(library.peer.name, []).append(run)
    for library in filter(comparison.is_active, comparison.libraries):
        rounds_run = runs[library.peer.name]
        yield {
            "kind": "goal",
            **comparison.common_fields(library),
            "goal": GOAL,
            "seconds": statistics.median(run.seconds[-1] for run in rounds_run),
            "epochs": statistics.median_low([len(run.seconds) for run in rounds_run]),
            "seconds_by_round": [run.seconds for run in rounds_run],
            "cpu_s_by_round": [run.cpu_s for run in rounds_run],
            "accuracies_by_round": [run.accuracies for run in rounds_run],
            "peak_mb_by_round": [run.peak_mb for run in rounds_run],
            "threads": library.threads,
            "versions": rounds_run[-1].versions,
        }
    yield from comparison.failures.values()
