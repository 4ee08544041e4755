"""A training from outside: its process is started, and each line it prints is timed."""

import json
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import Peer
from benchmarks.worker import ROOT, PeerError, no_response, process_variables
from network3.layers.checks import error_message

from . import BATCH

TIMEOUT = 600.0  # seconds
PROGRAM = "benchmarks.start.program"


@dataclass(frozen=True)
class Run:
    """The results of one training.

    Attributes
    ----------
    accuracies : list of float
        After each epoch, on the test data.
    seconds : list of float
        From the start of Python until each accuracy was reported.
    cpu_s : list of float
        Processor time of all threads until then; it depends less on the load of the machine.
    exit_s : float
        Seconds until the process ended.
    peak_mb : float or None
    versions : dict of str
    weights : list of arrays
        At the end, in the layout of `benchmarks.configurations`.
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
    """A library whose trainings can be started.

    Parameters
    ----------
    peer : Peer
    python : path
        Interpreter of its virtual environment.
    threads : int
        Limit for the library.
    program : str
        The module that trains, see `benchmarks.start.program`.
    timeout : float
        Seconds for one training.
    """

    peer: Peer
    python: str | Path
    threads: int
    program: str = PROGRAM
    timeout: float = TIMEOUT

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
            Folder with the data sets ``training`` and ``test``.
        cache : Path
            Folder for the library's cache of compiled code.
        epochs, goal
            The training ends after `epochs`, or once the accuracy is at least `goal`.
        shuffle, seed
            Whether each epoch has its own order; the seed determines the orders and the initial weights.

        Raises
        ------
        PeerError
            The training failed, or took longer than `timeout`.
        """
        weights = cache / "weights.npz"
        task = {
            "module": self.peer.module,
            "name": name,
            "changes": dict(changes or {}),
            "data": str(data),
            "batch": BATCH,
            "epochs": epochs,
            "goal": goal,
            "shuffle": shuffle,
            "seed": seed,
            "versions": self.peer.versions,
            "weights": str(weights),
        }
        lines, exit_s = self._run(json.dumps(task), cache)
        *reports, (end, _) = [(json.loads(line), seconds) for line, seconds in lines]
        with np.load(weights) as file:
            arrays = [file[key] for key in file.files]
        return Run(
            accuracies=[report["accuracy"] for report, _ in reports],
            seconds=[seconds for _, seconds in reports],
            cpu_s=[report["cpu_s"] for report, _ in reports],
            exit_s=exit_s,
            peak_mb=end["peak_mb"],
            versions=end["versions"],
            weights=arrays,
        )

    def _run(self, task: str, cache: Path) -> tuple[list[tuple[str, float]], float]:
        """Run a process to its end; return the lines of its output with their times, and the time of its end."""
        log = cache / "log"
        command = [str(self.python), "-m", self.program, task]
        variables = process_variables(self.threads, cache) | dict(self.peer.variables)
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
                timer = threading.Timer(self.timeout, process.kill)
                timer.start()
                assert process.stdout is not None
                try:
                    lines = [(line, time.perf_counter() - start) for line in process.stdout]
                finally:
                    timer.cancel()
            end = time.perf_counter() - start
        if process.returncode or not lines:
            hint = f"Check that {self.peer.module} trains by itself."
            raise PeerError(
                self.peer, error_message(self.peer.title, "expected a training", no_response(log, self.timeout), hint)
            )
        return lines, end
