"""Checkpoint files: safetensors with JSON in the header, a checksum, and the previous checkpoint as a backup.

Nothing in a file can execute code. Damage is detected by the checksum; the previous checkpoint is then read instead.
"""

import hashlib
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from network3.layers.checks import error_message
from network3.storage.atomic import atomic_write
from network3.storage.versioned_json import DamagedError, read_safetensors

from .history import History

FORMAT = 3  # 1 had no checksum; 1 and 2 had the generator of the shuffle, which the seed now determines
KEY = "network3 checkpoint"
EXPECTED = "expected a checkpoint that SGD(..., checkpoint=filename) wrote"
DAMAGED = "a file that is damaged or of another kind"
Content = tuple[dict[str, Any], dict[str, np.ndarray]]


class CheckpointWarning(UserWarning):
    """A checkpoint is damaged, or could not be written."""


def previous(path: Path) -> Path:
    """Return the path of the previous checkpoint, the backup of `path`."""
    return path.with_name(f"{path.name}.previous")


def checkpoint_exists(path: Path) -> bool:
    """Return whether there is a checkpoint, or its backup, to resume from."""
    return path.is_file() or previous(path).is_file()


def write(path: Path, header: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
    """Write `header`, plain values for JSON, and `tensors`; the file that was in `path` becomes the backup.

    Raises
    ------
    OSError
        Writing failed. The last complete checkpoint still exists, in `path` or as the backup.
    """
    from safetensors.numpy import save as to_bytes

    header = {"format": FORMAT, **header}
    header["sha256"] = _checksum(header, tensors)
    with atomic_write(path, previous(path)) as file:
        file.write(to_bytes(tensors, {KEY: json.dumps(header)}))


def read(path: Path) -> Content:
    """Return the header and the arrays in `path`, or those of the backup if `path` is damaged or missing.

    Raises
    ------
    FileNotFoundError
        Neither file exists.
    ValueError
        Both are damaged or missing, or `path` has a newer format.

    Warns
    -----
    CheckpointWarning
        The backup was read.
    """
    who = f"SGD: resume from {path}"
    if not checkpoint_exists(path):
        raise FileNotFoundError(
            error_message("SGD: resume", EXPECTED, f"{path}, which does not exist", "Check the path.")
        )
    try:
        return _read_one(path)
    except DamagedError as error:
        reason = str(error) if path.is_file() else "no file of that name"
    try:
        header, tensors = _read_one(previous(path))
    except DamagedError:
        raise ValueError(error_message(who, EXPECTED, reason, "Pass such a file.")) from None
    hint = f"Resuming from the previous checkpoint, after {header['history'].epochs} epochs."
    warnings.warn(error_message(who, EXPECTED, reason, hint), CheckpointWarning, stacklevel=2)
    return header, tensors


def _read_one(path: Path) -> Content:
    """Return the content of a file of `write`; raise DamagedError or NewerFormatError."""
    try:
        header, version, tensors = read_safetensors(path, KEY, FORMAT, f"SGD: resume from {path}")
    except DamagedError:
        raise DamagedError(DAMAGED) from None
    if version >= 2 and header.pop("sha256", None) != _checksum(header, tensors):
        raise DamagedError("a file that was changed after it was written")
    try:
        header["history"] = History(**header["history"])
        header["settings"], header["seed"]
    except (KeyError, TypeError):
        raise DamagedError(DAMAGED) from None
    return header, tensors


def _checksum(header: dict[str, Any], tensors: dict[str, np.ndarray]) -> str:
    """Return the sha256 of the content of a file, except for the checksum."""
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()


@contextmanager
def checkpoint_lock(path: Path | None) -> Iterator[None]:
    """Lock the checkpoint `path`, so that only one training uses it; do nothing for None.

    Raises
    ------
    ValueError
        Another training uses it.
    """
    if path is None:
        yield
        return
    from filelock import FileLock, Timeout

    file = path.with_name(f".{path.name}.lock")
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        hint = "Wait for it to end, or choose another file."
        got = f"{path}, which another training uses"
        raise ValueError(
            error_message("SGD: checkpoint", "expected a file that no other training uses", got, hint)
        ) from None
    try:
        yield
    finally:
        with suppress(OSError):  # Windows does not delete open files
            file.unlink()  # before the release: a training that starts now creates a new file
        lock.release()
