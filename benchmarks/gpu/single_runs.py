"""What is measured once on a GPU: a training of many epochs, and the kernels of a step."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.peers import Peer
from benchmarks.records import Record
from benchmarks.worker import ROOT

from . import BOOK_BATCH

LONG_RUN = "dbl_conv_relu"  # the book's run of 60 epochs
TIMEOUT = 150  # seconds for one process
REASON_LENGTH = 300  # characters


def long_training(ours: Peer, epochs: int, folder: Path) -> Record:
    """Train the run `LONG_RUN` for `epochs`; return accuracies and seconds, of kind "long" or "skipped"."""
    out = folder / "long"
    command = ["network3", "train", LONG_RUN, "--epochs", str(epochs), "--out", str(out), "--quiet"]
    start = time.monotonic()
    record = _run({"kind": "long", "run": LONG_RUN, "epochs": epochs}, command, _variables(ours))
    return record | {"wall_s": round(time.monotonic() - start, 1), **_history(out)}


def kernels_of_a_step(ours: Peer, name: str) -> Record:
    """Return the times of the kernels in a step of the network `name`, of kind "kernels" or "skipped"."""
    record = {"kind": "kernels", "configuration": name, "batch": BOOK_BATCH}
    return _run(record, ["benchmarks.gpu.kernels", name, str(BOOK_BATCH)], _variables(ours))


def _variables(ours: Peer) -> dict[str, str]:
    return os.environ | dict(ours.variables) | {"PYTHONPATH": str(ROOT)}


def _run(record: Record, command: list[str], variables: Mapping[str, str]) -> Record:
    """Return `record` with the JSON that a module prints, or of kind "skipped" with the reason."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", *command],
            capture_output=True,
            text=True,
            env=variables,
            timeout=TIMEOUT,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return record | {"kind": "skipped", "reason": f"not done within {TIMEOUT} s"}
    except subprocess.CalledProcessError as error:
        return record | {"kind": "skipped", "reason": error.stderr.strip().splitlines()[-1][:REASON_LENGTH]}
    return record | (json.loads(done.stdout) if done.stdout.strip() else {})


def _history(out: Path) -> Record:
    """Return accuracies and seconds an epoch from the folder of ``network3 train``; {} if it did not finish one."""
    from network3 import History
    from network3.experiments.folder import Folder

    path = Folder(out).history
    if not path.is_file():
        return {}
    history = History.load(path)
    return {
        "validation_accuracy": history.best_validation_accuracy,
        "test_accuracy": history.corresponding_test_accuracy,
        "seconds_an_epoch": sorted(history.seconds)[history.epochs // 2],
        "first_epoch_s": history.seconds[0],
    }
