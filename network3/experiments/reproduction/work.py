"""One task carried out by one process: trained in its own folder, from its checkpoint if it was begun, and recorded."""

import contextlib
import io
import multiprocessing
import os
import platform
import statistics
import sys
import time
import warnings
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from network3 import datasets
from network3.ensembles.voting import plurality
from network3.execution.device import chosen_backend, floatX
from network3.experiments.catalogue import Measurement, Run
from network3.experiments.catalogue.run import BEST_VALIDATION
from network3.experiments.experiment import Folder, load, prepare
from network3.layers.checks import error_message
from network3.storage.versions import versions
from network3.training.config import most_epochs
from network3.training.history import History
from network3.training.trainer import DivergenceError

from .records import Record, append, read_records
from .tasks import VARIANTS, Task

RECORDS, WORK = "reproduction.jsonl", "work"
BUSY = "busy"


def folder_of(results: Path, task: Task) -> Path:
    """Return where the task keeps its checkpoint, record of epochs and network."""
    return results / WORK / task.key


def carry_out(task: Task, results: Path, threads: int, *, wait: bool = False) -> Record | str:
    """Carry out `task` and add it to the records in `results`; return its record.

    Parameters
    ----------
    task : Task
    results : path
    threads : int
        That this process has, for the record.
    wait : bool
        Wait for another process that is at it, instead of returning `BUSY`.
    """
    lock = FileLock(results / WORK / f"{task.key}.lock")
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        return BUSY
    with lock, contextlib.redirect_stdout(io.StringIO()):
        done = [record for record in quietly_read(results) if record.task == task]
        if done:
            return done[0]
        entry = task.entry
        if isinstance(entry, Measurement):
            record = _measure(task, entry, threads)
        elif task.members:
            record = _vote(task, entry, results, threads)
        else:
            record = _train(task, entry, folder_of(results, task), threads)
        if not record.cut:
            append(results / RECORDS, record)
    return record


def quietly_read(results: Path) -> list[Record]:
    """Return the records; whoever began has been warned of the lines that do not count."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read_records(results / RECORDS)


def _train(task: Task, run: Run, folder: Path, threads: int) -> Record:
    note, errors = "", None
    try:
        net, history = _trained(run, folder, task.seed)
        if run.result.at == BEST_VALIDATION:
            images, labels = _data(run.name)[2]
            errors = _errors(net.predict(images), labels)
    except DivergenceError as error:  # a result too: the book has runs with rates far too large
        history, note = error.history, str(error)
    values = {figure.label: figure.ours(history) for figure in run.figures}
    return _record(task, run, values, _seconds(history), threads, history, note, errors)


def _trained(run: Run, folder: Path, seed: int):
    """Return the network and the record of a training that begins, or goes on, in `folder`."""
    begun = Folder(folder).settings.exists()
    try:
        experiment = prepare(run, folder, dict(run.training), seed, resume=begun)
    except ValueError as reason:
        expected, hint = f"expected a run in {folder} that can go on", "Delete that folder to begin it anew."
        raise ValueError(error_message("network3 reproduce", expected, f"this: {reason}", hint)) from None
    net = experiment.build()
    return net, experiment.train(net, _data(run.name), [_stop_with_parent])


def _vote(task: Task, run: Run, results: Path, threads: int) -> Record:
    """Let repeats of another run vote, by what they took for others; those that are not done are done first."""
    labels = datasets.load_mnist()[2][1]
    votes = np.tile(labels, (len(task.members), 1))
    accuracies, seconds = {}, 0.0
    for k, member in enumerate(task.members):
        record = carry_out(member, results, threads, wait=True)
        assert isinstance(record, Record)
        if record.errors is None:
            got = f"{member.name} seed {member.seed} without (it diverged, or is of an older network3)"
            hint = f"Delete its line in {results / RECORDS} to train it anew."
            raise ValueError(error_message("network3 reproduce", "expected networks with their errors", got, hint))
        for image, digit in record.errors:
            votes[k, image] = digit
        accuracies[f"test accuracy of network {k + 1}"] = 1 - len(record.errors) / len(labels)
        seconds += record.seconds
    errors = _errors(plurality(votes), labels)
    values = {run.result.label: 1 - len(errors) / len(labels)} | accuracies
    return _record(task, run, values, seconds, threads, errors=errors)


def _errors(predictions, labels) -> list[list[int]]:
    """Return the images that are taken for others, and for which digits."""
    wrong = np.flatnonzero(predictions != labels)
    return [[int(image), int(predictions[image])] for image in wrong]


def _measure(task: Task, entry: Measurement, threads: int) -> Record:
    start = time.perf_counter()
    values = entry.measure(task.seed)
    return _record(task, entry, values, time.perf_counter() - start, threads)


def _seconds(history: History) -> float:
    """Return the time of all epochs as that of the middle one allows: the first also compiles."""
    return statistics.median(history.seconds) * history.epochs if history.epochs else 0.0


def _record(task: Task, entry, values, seconds: float, threads: int, history=None, note="", errors=None) -> Record:
    environment: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "backend": chosen_backend(),
        "floatX": floatX(),
        "threads": threads,
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": versions(),
    }
    training = getattr(entry, "settings", {})
    if entry.trains and most_epochs() < training.get("epochs", sys.maxsize):
        environment["max_epochs"] = most_epochs()
    return Record(task.name, entry.row, task.seed, values, seconds, training, history, environment, note, errors)


@lru_cache(maxsize=1)
def _data(name: str):
    """Return the data of the run of that name, which its other seeds use as well."""
    run = VARIANTS[name]
    assert isinstance(run, Run)
    return load(run)


def _stop_with_parent(progress) -> None:
    """End this process, if the one that gave it the task was killed: it could go on unseen for hours."""
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        os._exit(1)  # an exception would be caught, and the process wait for tasks that nobody gives
