"""One training in a process: ``python -m benchmarks.start.program TASK`` prints the accuracy after each epoch.

It imports only NumPy and the library. TASK is JSON, see `benchmarks.start.process`. Each line of the output is JSON
too: one as soon as an epoch has been evaluated, and at the end one with the peak memory and the versions.

The module of the task has ``train(config, weights, training, test, on_epoch_end, batch=, epochs=, shuffle=, seed=)``,
which returns the final weights, or ``build``, see `benchmarks.peers`.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.configurations import Configuration, configuration
from benchmarks.responses import installed_versions, response_writer

from . import Pair

if TYPE_CHECKING:  # nothing that is not needed is imported in the timed part
    from benchmarks.peers import PeerNetwork


Training = Callable[[Pair, Pair, Callable[[float], bool]], Sequence[np.ndarray]]


def main(text: str) -> None:
    """Run the training that `text`, the task in JSON, describes."""
    run(text, _training_of)


def run(text: str, training_of: Callable[[dict[str, Any]], Training]) -> None:
    """Read the data of the task `text`, train, and print the results.

    `training_of` returns for a task the function ``train(training, test, on_epoch_end)``, which returns the weights.
    """
    respond = response_writer()
    task = json.loads(text)
    train = training_of(task)
    training, test = (read(Path(task["data"]) / f"{name}.npz") for name in ("training", "test"))

    def on_epoch_end(accuracy: float) -> bool:
        """Report the accuracy after an epoch; return whether to stop."""
        respond({"accuracy": float(accuracy), "cpu_s": time.process_time()})
        return task["goal"] is not None and accuracy >= task["goal"]

    weights = train(training, test, on_epoch_end)
    from benchmarks.machine import peak_mb  # imported after the timed part

    end = {"peak_mb": peak_mb(), "versions": installed_versions(task["versions"])}
    np.savez(task["weights"], *map(np.asarray, weights))
    respond(end)


def _training_of(task: dict[str, Any]) -> Training:
    module = importlib.import_module(task["module"])
    config = configuration(task["name"], **{key: _hashable(value) for key, value in task["changes"].items()})
    train = getattr(module, "train", None) or training_with(module.build)
    options = {key: task[key] for key in ("batch", "epochs", "shuffle", "seed")}
    return lambda training, test, on_epoch_end: train(
        config, config.weights(task["seed"]), training, test, on_epoch_end, **options
    )


def training_with(build: Callable[..., "PeerNetwork"]) -> Callable[..., Sequence[np.ndarray]]:
    """Return a function ``train`` that trains with the steps and the predictions of a `PeerNetwork`."""

    def train(
        config: Configuration,
        weights: list[np.ndarray],
        training: Pair,
        test: Pair,
        on_epoch_end: Callable[[float], bool | None],
        *,
        batch: int,
        epochs: int,
        shuffle: bool,
        seed: int,
    ) -> Sequence[np.ndarray]:
        """Train, call `on_epoch_end` with the accuracy after each epoch, and return the weights."""
        network = build(config, weights, batch)
        (x, y), rng = training, np.random.default_rng(seed)
        for epoch in range(epochs):
            if shuffle:
                order = rng.permutation(len(x))
                network.load(x[order], y[order])
            elif not epoch:
                network.load(x, y)
            network.run(len(x) // batch)
            if on_epoch_end(float(np.mean(np.asarray(network.predict(test[0])) == test[1]))):
                break
        return network.weights()

    return train


def read(path: Path) -> Pair:
    """Return images, (n, 784) float32, and labels, (n,) int32."""
    with np.load(path) as file:
        return file["x"], file["y"]


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


if __name__ == "__main__":
    main(sys.argv[1])
