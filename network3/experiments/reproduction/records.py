"""The records of repeats, ``reproduction.jsonl`` and files of parts: a line of JSON for each, with a checksum.

A line that was cut short or edited is reported and skipped, since its numbers were not measured.
"""

import hashlib
import json
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from network3.layers.checks import error_message
from network3.storage.versioned_json import DamagedError, NewerFormatError, parse_versioned
from network3.training.history import History

from .parts import record_files
from .tasks import VARIANTS, Task

FORMAT = 2  # 1 had no errors
DIGITS = 6  # of costs and seconds


class SkippedRecord(UserWarning):
    """A line of the file that is skipped."""


class Unusable(ValueError):  # noqa: N818  (a reason, which the warning quotes)
    """Why a line of the file is skipped."""


@dataclass(frozen=True)
class Record:
    """One finished repeat.

    Attributes
    ----------
    name, row : str
        As in the catalogue.
    seed : int
    values : dict of str to float or None
        Our numbers, by the labels of the book's.
    seconds : float
        Of training and evaluation without compiling: the median of the epochs times their number.
    training : dict
        Arguments of `Network.SGD`, as plain values; {} if it is not a training.
    history : History or None
        Of a single training.
    environment : dict
        Back end, floatX, threads, machine, versions, date; "max_epochs" if NETWORK3_MAX_EPOCHS cut it short.
    note : str
        Why the training ended before its last epoch, if it did.
    errors : list of [int, int], or None
        The misclassified test images and the digits that the network predicts for them, at the best validation epoch,
        or at the last one without validation data; None if they were not recorded.
    """

    name: str
    row: str
    seed: int
    values: dict[str, float | None]
    seconds: float
    training: dict[str, Any]
    history: History | None
    environment: dict[str, Any]
    note: str = ""
    errors: list[list[int]] | None = None

    @property
    def task(self) -> Task:
        """The task that it records."""
        return Task(self.name, self.seed)

    @property
    def best_validation_accuracy(self) -> float:
        """That of its training, by which repeats are chosen; 0 if there is none."""
        return (self.history.best_validation_accuracy if self.history is not None else None) or 0.0

    @property
    def cut(self) -> bool:
        """Whether NETWORK3_MAX_EPOCHS cut its training short, so that it does not count."""
        short = self.history is not None and not self.note and self.history.epochs != self.training["epochs"]
        return short or "max_epochs" in self.environment


def append(path: Path, record: Record) -> None:
    """Add `record` to the file `path`; other processes may do so at the same time."""
    history = None if record.history is None else _rounded(asdict(record.history))
    content = {"format": FORMAT} | _rounded(asdict(record) | {"history": None}) | {"history": history}
    line = json.dumps(content | {"checksum": _checksum(content)})
    with FileLock(path.with_name(f"{path.name}.lock")), path.open("a+b") as file:
        file.seek(0, 2)
        if file.tell():
            file.seek(-1, 2)
            if file.read(1) != b"\n":  # end a line that was cut short
                file.write(b"\n")
        file.write(f"{line}\n".encode())


def read_records(path: Path) -> list[Record]:
    """Return what `append` wrote, the last record of each name and seed; [] if there is no such file.

    Warns
    -----
    SkippedRecord
        For each line that is incomplete, was edited, or is of a run that is no longer in the catalogue.
    """
    if not path.is_file():
        return []
    found: dict[Task, Record] = {}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            record = _parsed(line)
        except Unusable as reason:
            message = error_message(f"{path}, line {number}", "expected a record as it was written", reason, "Skipped.")
            warnings.warn(message, SkippedRecord, stacklevel=2)
            continue
        found[record.task] = record
    return list(found.values())


def read_all(results: Path) -> list[Record]:
    """Return the records in all files of a folder, those of parts included, as `read_records` does."""
    found = {record.task: record for path in record_files(results) for record in read_records(path)}
    return list(found.values())


def _parsed(line: str) -> Record:
    try:
        content, _ = parse_versioned(line, FORMAT, "read_records")
        checksum = content.pop("checksum")
    except NewerFormatError as error:
        raise Unusable(f"format {error.version} of a newer network3") from None
    except (DamagedError, KeyError):
        raise Unusable("an incomplete line") from None
    if checksum != _checksum(content):
        raise Unusable(f"{content.get('name')} seed {content.get('seed')}, changed since it was written")
    del content["format"]
    history = content.pop("history")
    try:
        record = Record(**content, history=None if history is None else History(**history))
    except TypeError:
        raise Unusable("other fields than those of this version") from None
    entry = VARIANTS.get(record.name)
    if entry is None:
        raise Unusable(f"{record.name}, which is not in the catalogue")
    if entry.settings != record.training:
        raise Unusable(f"{record.name} seed {record.seed}, trained with other settings than the catalogue's")
    if record.history is not None and record.cut:
        epochs = record.training["epochs"]
        raise Unusable(f"{record.name} seed {record.seed}, {record.history.epochs} epochs of {epochs}")
    return record


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _rounded(value: Any) -> Any:
    """Return `value` with all floats in it rounded, for a small file; accuracies have fewer digits anyway."""
    if isinstance(value, dict):
        return {name: _rounded(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_rounded(entry) for entry in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
