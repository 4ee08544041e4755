"""The runner's side of a training: it starts the process, and takes the time of each line it prints."""

import json
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.child import ROOT, PeerError, environment, last_words
from benchmarks.peers import Peer
from benchmarks.start import BATCH
from network3.data import scaled
from network3.layers.checks import error_message

PATIENCE = 600.0  # seconds for one training
Record = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """What one training told.

    Attributes
    ----------
    accuracies : list of float
        After each epoch, on the test data.
    seconds : list of float
        From the start of Python until each of them was there.
    cpu_s : list of float
        Processor time of all threads until then, which hangs less on what else the machine does.
    exit_s : float
        Until the process had ended.
    peak_mb : float or None
    versions : dict of str
    weights : list of arrays
        At the end, as `benchmarks.configurations` describes them.
    """

    accuracies: list[float]
    seconds: list[float]
    cpu_s: list[float]
    exit_s: float
    peak_mb: float | None
    versions: dict[str, str]
    weights: list[np.ndarray]


@dataclass(frozen=True)
class Library:
    """A peer, or ours, as what starts its trainings.

    Parameters
    ----------
    peer : Peer
    python : path
        The interpreter of its environment.
    module : str
        With ``build``, as a peer's, or with ``train``, see `benchmarks.start.program`.
    threads : int
        All that it may use.
    """

    peer: Peer
    python: Any
    module: str
    threads: int

    def train(
        self,
        name: str,
        data: Path,
        cache: Path,
        *,
        changes: Mapping[str, Any] | None = None,
        epochs: int = 1,
        goal: float | None = None,
        shuffle: bool = False,
        seed: int = 0,
    ) -> Run:
        """Train the configuration `name` in a new process.

        Parameters
        ----------
        name, changes
            The configuration, and the fields of it to change.
        data : Path
            Where `write_data` wrote.
        cache : Path
            A folder for what the library keeps of what it compiled.
        epochs, goal
            It ends after `epochs`, or with the accuracy `goal`.
        shuffle, seed
            Whether each epoch has an order of its own; the seed is that of the first weights too.

        Raises
        ------
        PeerError
            It failed, or took longer than `PATIENCE`.
        """
        weights = cache / "weights.npz"
        task = {"module": self.module, "name": name, "changes": dict(changes or {}), "data": str(data), "batch": BATCH}
        task |= {"epochs": epochs, "goal": goal, "shuffle": shuffle, "seed": seed}
        task |= {"versions": self.peer.versions, "weights": str(weights)}
        lines, exit_s = self._lines(json.dumps(task), cache)
        *told, (end, _) = [(json.loads(line), seconds) for line, seconds in lines]
        with np.load(weights) as file:
            arrays = [file[key] for key in file.files]
        accuracies, cpu_s = ([line[key] for line, _ in told] for key in ("accuracy", "cpu_s"))
        times = [seconds for _, seconds in told]
        return Run(accuracies, times, cpu_s, exit_s, end["peak_mb"], end["versions"], arrays)

    def _lines(self, task: str, cache: Path) -> tuple[list[tuple[str, float]], float]:
        """Run a process to its end; return the lines of its output with their times, and the time of its end."""
        log = cache / "log"
        command = [str(self.python), "-m", "benchmarks.start.program", task]
        variables = environment(self.threads, cache) | dict(self.peer.settings)
        with log.open("w", encoding="utf-8") as errors:
            start = time.perf_counter()
            with subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
                cwd=ROOT,
                env=variables,
            ) as process:
                late = threading.Timer(PATIENCE, process.kill)
                late.start()
                assert process.stdout is not None
                try:
                    lines = [(line, time.perf_counter() - start) for line in process.stdout]
                finally:
                    late.cancel()
            end = time.perf_counter() - start
        if process.returncode or not lines:
            hint = f"Look whether {self.module} trains alone."
            raise PeerError(
                self.peer, error_message(self.peer.title, "expected a training", last_words(log, PATIENCE), hint)
            )
        return lines, end


def write_data(folder: Path, training: tuple[Any, Any], test: tuple[Any, Any]) -> Path:
    """Write two pairs (images, labels) where the processes read them; grey levels (uint8) are divided by 256."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (x, y) in {"training": training, "test": test}.items():
        np.savez(folder / f"{name}.npz", x=scaled(np.asarray(x), "float32"), y=np.asarray(y, np.int32))
    return folder
