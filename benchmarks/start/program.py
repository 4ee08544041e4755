"""A training in a process of its own: ``python -m benchmarks.start.program TASK`` prints each epoch's accuracy.

It imports nothing but NumPy and the library. TASK is JSON, see `benchmarks.start.process`. Each line of the output is
JSON too: one as soon as an epoch is evaluated, and at the end one with the peak memory and the versions.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.answers import answering, installed
from benchmarks.configurations import Configuration, configuration

Pair = tuple[np.ndarray, np.ndarray]


def main(text: str) -> None:
    """Train as the task says."""
    answer = answering()
    task = json.loads(text)
    module = importlib.import_module(task["module"])
    training, test = (read(Path(task["data"]) / f"{name}.npz") for name in ("training", "test"))
    config = configuration(task["name"], **{key: _hashable(value) for key, value in task["changes"].items()})

    def evaluated(accuracy: float) -> bool:
        """Report the accuracy after an epoch; return whether to stop."""
        answer({"accuracy": float(accuracy), "cpu_s": time.process_time()})
        return task["goal"] is not None and accuracy >= task["goal"]

    train = getattr(module, "train", None) or in_steps(module.build)
    options = {key: task[key] for key in ("batch", "epochs", "shuffle", "seed")}
    weights = train(config, config.weights(task["seed"]), training, test, evaluated, **options)
    from benchmarks.machine import peak_mb  # once nothing is timed any more

    end = {"peak_mb": peak_mb(), "versions": installed(task["versions"])}
    np.savez(task["weights"], *map(np.asarray, weights))
    answer(end)


def in_steps(build: Callable[..., Any]) -> Callable[..., Sequence[np.ndarray]]:
    """Return a training made of what a peer can do: steps, and predictions."""

    def train(
        config: Configuration,
        weights: list[np.ndarray],
        training: Pair,
        test: Pair,
        evaluated: Callable[[float], bool],
        *,
        batch: int,
        epochs: int,
        shuffle: bool,
        seed: int,
    ) -> Sequence[np.ndarray]:
        """Train, call `evaluated` with the accuracy after each epoch, and return the weights."""
        contestant = build(config, weights, batch)
        (x, y), rng = training, np.random.default_rng(seed)
        for epoch in range(epochs):
            if shuffle:
                order = rng.permutation(len(x))
                contestant.load(x[order], y[order])
            elif not epoch:
                contestant.load(x, y)
            contestant.run(len(x) // batch)
            if evaluated(np.mean(np.asarray(contestant.predict(test[0])) == test[1])):
                break
        return contestant.weights()

    return train


def read(path: Path) -> Pair:
    """Return images, (n, 784) float32, and labels, (n,) int32."""
    with np.load(path) as file:
        return file["x"], file["y"]


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


if __name__ == "__main__":
    main(sys.argv[1])
