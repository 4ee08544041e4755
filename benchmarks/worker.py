"""A peer in a process of its own: ``python -m benchmarks.worker MODULE FOLDER`` answers one JSON line with another.

It imports nothing but NumPy and the peer, so that import time and memory are the peer's. `FOLDER` holds what
`benchmarks.contest` wrote: ``training``, ``test`` and ``check`` data, as ``.npz`` with ``x`` and ``y``.
"""

import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path

import numpy as np

from benchmarks.answers import answering, installed
from benchmarks.configurations import configuration
from benchmarks.machine import peak_mb

LABELS = 500  # predictions that are compared with ours


def main(module: str, folder: str) -> None:
    """Say hello once the peer is imported, then serve until the input ends."""
    answer = answering()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        server = Server(importlib.import_module(module).build, Path(folder))
    except ImportError as error:
        answer({"error": f"{type(error).__name__}: {error}"})
        return
    answer({"import_s": time.perf_counter() - wall, "import_cpu_s": time.process_time() - cpu})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer(getattr(server, request.pop("do"))(**request))
        except Exception as error:
            traceback.print_exc()
            answer({"error": f"{type(error).__name__}: {error}"})


class Server:
    """What a worker can be asked to do; each answer is a dict.

    Parameters
    ----------
    build : callable
        The peer's.
    folder : Path
    """

    def __init__(self, build, folder):
        self.build = build
        self.data = {name: dict(np.load(folder / f"{name}.npz")) for name in ("training", "test", "check")}
        self.contestants, self.predictors, self.steps = {}, {}, {}

    def versions(self, names):
        """Return the installed version of each distribution, and Python's."""
        return installed(names)

    def open(self, name, batch, predicted=False, **changes):
        """Build a network, time it as far as its first step, and return what shows whether it is the right one.

        Returns
        -------
        first_step_s, first_step_cpu_s : float
            Building, compiling and the first step; processes that compile for it count too.
        costs : list of float
            On one mini-batch without dropout: before the first step and, for a network without dropout, after it.
        labels : list of int
            Of the first test images, if `predicted`: before training, with what dropout scales in evaluation.
        peak_mb : float or None
        """
        config = configuration(name, **changes)
        x, y = self.data["check"]["x"][:batch], self.data["check"]["y"][:batch]
        wall, cpu = time.perf_counter(), _cpu_seconds()
        contestant = self.build(config, config.weights(), batch)
        contestant.load(x, y)
        contestant.run(1)
        times = {"first_step_s": time.perf_counter() - wall, "first_step_cpu_s": _cpu_seconds() - cpu}
        fresh = self.build(config.without_dropout(), config.weights(), batch)
        costs = [fresh.cost(x, y)] + ([] if config.p_dropout else [contestant.cost(x, y)])
        labels = []
        if predicted:
            predictor = self.build(config, config.weights(), batch) if config.p_dropout else fresh
            labels = np.asarray(predictor.predict(self.data["test"]["x"][:LABELS])).tolist()
            self.predictors[name] = predictor
        contestant.load(**self.data["training"])
        self.contestants[name, batch] = contestant
        self.steps[name, batch] = 1
        return {**times, "costs": costs, "labels": labels, "peak_mb": peak_mb()}

    def time(self, name, batch, seconds):
        """Take steps for at least `seconds`; return "steps" and "seconds". The first calls find out how many."""
        contestant = self.contestants[name, batch]
        while True:
            steps = self.steps[name, batch]
            start = time.perf_counter()
            contestant.run(steps)
            elapsed = time.perf_counter() - start
            if elapsed >= 0.8 * seconds:
                return {"steps": steps, "seconds": elapsed, "peak_mb": peak_mb()}
            grown = steps * min(10.0, 1.1 * seconds / elapsed)
            self.steps[name, batch] = max(steps + 1, int(grown))

    def predict(self, name):
        """Predict the label of every test image, with the network of the last `predicted`; return how long it took."""
        x = self.data["test"]["x"]
        start = time.perf_counter()
        labels = self.predictors[name].predict(x)
        return {"seconds": time.perf_counter() - start, "images": len(np.asarray(labels)), "peak_mb": peak_mb()}


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main(*sys.argv[1:])
