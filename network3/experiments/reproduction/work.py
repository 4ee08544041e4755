"""One task carried out in one process: trained in its own folder, or continued from its checkpoint, and recorded."""

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

from network3.datasets import load_mnist
from network3.ensembles.voting import plurality
from network3.execution.device import chosen_backend, floatX
from network3.experiments.catalogue import Entry, Measurement, Run
from network3.experiments.catalogue.published import BEST_VALIDATION, LAST
from network3.experiments.experiment import load_data, prepare
from network3.experiments.folder import Folder
from network3.experiments.processes import stop_with_parent
from network3.layers.checks import error_message
from network3.network import Network
from network3.storage.versions import versions
from network3.training.health import DivergenceError
from network3.training.history import History
from network3.training.options import max_epochs

from .parts import WHOLE, Part
from .records import Record, append, read_all
from .tasks import Task
from .votes import recorded_predictions

RECORDS, WORK = WHOLE.file_name, "work"

_load_data = lru_cache(maxsize=1)(load_data)  # other seeds of a run use the same data


def folder_of(results: Path, task: Task) -> Path:
    """Return the folder of the task's checkpoint, record of epochs and network."""
    return results / WORK / task.key


def carry_out(task: Task, results: Path, threads: int, *, wait: bool = False, part: Part = WHOLE) -> Record | None:
    """Carry out `task` and add it to the records in `results`; return its record.

    Parameters
    ----------
    task : Task
    results : Path
    threads : int
        Of this process, for the record.
    wait : bool
        If another process carries out the same task: wait for it, instead of returning None.
    part : Part
        To whose records it is added.
    """
    lock = FileLock(results / WORK / f"{task.key}.lock")
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        return None
    with lock:
        done = [record for record in read_quietly(results) if record.task == task]
        if done:
            return done[0]
        entry = task.entry
        if entry.kind == "measurement":
            record = _measure(task, entry, threads)
        elif entry.kind == "vote":
            record = _vote(task, entry, results, threads, part)
        else:
            record = _train(task, entry, folder_of(results, task), threads)
        if not record.cut:
            append(results / part.file_name, record)
    return record


def read_quietly(results: Path) -> list[Record]:
    """Return the records without warnings of skipped lines: the command has already printed them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read_all(results)


def _train(task: Task, run: Run, folder: Path, threads: int) -> Record:
    note, errors = "", None
    try:
        net, history = _trained(run, folder, task.seed)
        if run.result.at in (BEST_VALIDATION, LAST):
            images, labels = _load_data(run.data, run.image_counts)[2]
            errors = _errors(net.predict(images), labels)
    except DivergenceError as error:  # a result as well: the book has runs with rates that are far too large
        history, note = error.history, str(error)
    values = {published.label: published.measured(history) for published in run.published_values}
    return _record(task, run, values, _seconds(history), threads, history, note, errors)


def _trained(run: Run, folder: Path, seed: int) -> tuple[Network, History]:
    """Train a network in `folder`, or continue its training, and return both it and the record of its epochs."""
    begun = Folder(folder).settings.exists()
    try:
        experiment = prepare(run, folder, dict(run.training), seed, resume=begun)
    except ValueError as reason:
        expected, hint = f"expected a run in {folder} that can be continued", "Delete that folder to start again."
        raise ValueError(error_message("network3 reproduce", expected, f"this: {reason}", hint)) from None
    net = experiment.build()
    return net, experiment.train(net, _load_data(run.data, run.image_counts), [stop_with_parent], verbose=False)


def _vote(task: Task, run: Run, results: Path, threads: int, part: Part) -> Record:
    """Let the networks of other tasks vote, by their recorded errors; unfinished tasks are carried out first."""
    labels = load_mnist()[2][1]
    votes: list[np.ndarray] = []
    accuracies: dict[str, float | None] = {}
    seconds = 0.0
    for k, member in enumerate(task.members):
        record = carry_out(member, results, threads, wait=True, part=part)
        assert record is not None
        if record.errors is None:
            got = f"{member.name} seed {member.seed} without (it diverged, or is of an older network3)"
            hint = f"Delete its line in {results / RECORDS} to train it again."
            raise ValueError(error_message("network3 reproduce", "expected networks with their errors", got, hint))
        votes.append(recorded_predictions(record, labels))
        accuracies[f"test accuracy of network {k + 1}"] = 1 - len(record.errors) / len(labels)
        seconds += record.seconds
    errors = _errors(plurality(np.array(votes)), labels)
    values = {run.result.label: 1 - len(errors) / len(labels), **accuracies}
    return _record(task, run, values, seconds, threads, errors=errors)


def _errors(predictions: np.ndarray, labels: np.ndarray) -> list[list[int]]:
    """Return the misclassified images and the digits predicted for them."""
    wrong = np.flatnonzero(predictions != labels)
    return [[int(image), int(predictions[image])] for image in wrong]


def _measure(task: Task, entry: Measurement, threads: int) -> Record:
    start = time.perf_counter()
    values = entry.measure(task.seed)
    return _record(task, entry, dict(values), time.perf_counter() - start, threads)


def _seconds(history: History) -> float:
    """Return the median of the epochs' times multiplied by their number: the first epoch includes compiling."""
    return statistics.median(history.seconds) * history.epochs if history.epochs else 0.0


def _record(
    task: Task,
    entry: Entry,
    values: dict[str, float | None],
    seconds: float,
    threads: int,
    history: History | None = None,
    note: str = "",
    errors: list[list[int]] | None = None,
) -> Record:
    environment: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "backend": chosen_backend(),
        "floatX": floatX(),
        "threads": threads,
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": versions(),
    }
    epochs = sys.maxsize if entry.epochs is None else entry.epochs
    if entry.trains and max_epochs() < epochs:
        environment["max_epochs"] = max_epochs()
    return Record(task.name, entry.row, task.seed, values, seconds, entry.settings, history, environment, note, errors)
