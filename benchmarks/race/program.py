"""One training of the race in a process: ``python -m benchmarks.race.program TASK``; see `benchmarks.start.program`."""

import importlib
import sys
from typing import Any

from benchmarks.start.program import Training, run

from .recipe import changed


def training_of(task: dict[str, Any]) -> Training:
    """Return the training of a task: its module, and the recipe with the changes of the task."""
    module, recipe = importlib.import_module(task["module"]), changed(task["changes"])
    options = {key: task[key] for key in ("epochs", "seed")}
    return lambda training, test, on_epoch_end: module.train(
        recipe, recipe.weights(task["seed"]), training, test, on_epoch_end, **options
    )


if __name__ == "__main__":
    run(sys.argv[1], training_of)
