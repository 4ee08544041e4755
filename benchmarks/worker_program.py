"""One peer in a process: ``python -m benchmarks.worker_program MODULE FOLDER`` responds to JSON lines with JSON lines.

It imports only NumPy and the peer, so that the import time and the memory measured are the peer's. `FOLDER` has the
data sets ``training``, ``test`` and ``check``, written by `benchmarks.data`.
"""

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from .configurations import Configuration, configuration
from .machine import peak_mb
from .peers import PeerNetwork
from .responses import installed_versions, response_writer

LABELS = 500  # predictions that are compared with ours
Response = dict[str, Any]


def main(module: str, folder: str) -> None:
    """Import the peer, report the time that took, then serve requests until the input ends."""
    respond = response_writer()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        server = Server(importlib.import_module(module).build, Path(folder))
    except ImportError as error:
        respond({"error": f"{type(error).__name__}: {error}"})
        return
    respond({"import_s": time.perf_counter() - wall, "import_cpu_s": time.process_time() - cpu})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            respond(getattr(server, request.pop("method"))(**request))
        except Exception as error:
            traceback.print_exc()
            respond({"error": f"{type(error).__name__}: {error}"})


class Server:
    """The requests that a worker can serve: each method returns a dict, the response.

    Parameters
    ----------
    build : callable
        The peer's function, see `benchmarks.peers`.
    folder : Path
        With the data sets.
    """

    def __init__(self, build: Callable[..., PeerNetwork], folder: Path) -> None:
        self.build, self.folder = build, folder
        self.data: dict[str, dict[str, np.ndarray]] = {}
        self.networks: dict[tuple[str, int], PeerNetwork] = {}
        self.predictors: dict[str, PeerNetwork] = {}
        self.steps: dict[tuple[str, int], int] = {}

    def versions(self, names: Iterable[str]) -> dict[str, str]:
        """Return the version of Python and of each distribution."""
        return installed_versions(names)

    def open_network(self, name: str, batch: int, predict: bool = False, **changes: Any) -> Response:
        """Build a network, time it up to its first step, and return costs and labels that identify it.

        Parameters
        ----------
        name, changes
            The configuration, and the fields of it to change.
        batch : int
        predict : bool
            Whether to predict labels too.

        Returns
        -------
        first_step_s, first_step_cpu_s : float
            Building, compiling and the first step; the second includes the processes that compile for it.
        costs : list of float
            On one mini-batch without dropout: before the first step and, for a network without dropout, after it.
        labels : list of int
            Of the first test images, if `predict`: before training, with dropout as in evaluation.
        peak_mb : float or None
        """
        config = configuration(name, **changes)
        data = self._data(config, "check")
        x, y = data["x"][:batch], data["y"][:batch]
        wall, cpu = time.perf_counter(), _cpu_seconds()
        network = self.build(config, config.weights(), batch)
        network.load(x, y)
        network.run(1)
        times = {"first_step_s": time.perf_counter() - wall, "first_step_cpu_s": _cpu_seconds() - cpu}
        untrained = self.build(config.without_dropout(), config.weights(), batch)
        costs = [untrained.cost(x, y)] + ([] if config.p_dropout else [network.cost(x, y)])
        labels: list[int] = []
        if predict:
            predictor = self.build(config, config.weights(), batch) if config.p_dropout else untrained
            labels = np.asarray(predictor.predict(self._data(config, "test")["x"][:LABELS])).tolist()
            self.predictors[name] = predictor
        network.load(**self._data(config, "training"))
        self.networks[name, batch] = network
        self.steps[name, batch] = 1
        return {**times, "costs": costs, "labels": labels, "peak_mb": peak_mb()}

    def time_steps(self, name: str, batch: int, seconds: float) -> Response:
        """Time training steps for about `seconds`; the first calls determine how many steps that takes."""
        network = self.networks[name, batch]
        while True:
            steps = self.steps[name, batch]
            start = time.perf_counter()
            network.run(steps)
            elapsed = time.perf_counter() - start
            if elapsed >= 0.8 * seconds:
                return {"steps": steps, "seconds": elapsed, "peak_mb": peak_mb()}
            grown = max(steps + 1, int(steps * min(10.0, 1.1 * seconds / elapsed)))
            together = getattr(network, "steps_together", 1)
            self.steps[name, batch] = -(-grown // together) * together

    def time_inference(self, name: str) -> Response:
        """Time the prediction of all test images by the network last opened with `predict`."""
        x = self._data(configuration(name), "test")["x"]
        start = time.perf_counter()
        labels = self.predictors[name].predict(x)
        return {"seconds": time.perf_counter() - start, "images": len(np.asarray(labels)), "peak_mb": peak_mb()}

    def _data(self, config: Configuration, name: str) -> dict[str, np.ndarray]:
        """Return the images ``x`` and the labels ``y`` of a data set, which is read once."""
        name = config.data_set(name)
        if name not in self.data:
            self.data[name] = dict(np.load(self.folder / f"{name}.npz"))
        return self.data[name]


def _cpu_seconds() -> float:
    """Return the processor time of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main(*sys.argv[1:])
