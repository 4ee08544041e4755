"""The file of a checkpoint: safetensors with JSON in the header, a format, a checksum, and the one before it beside.

Nothing in it can run code. What is damaged is noticed by the checksum, and the one before serves instead.
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

from .history import History

FORMAT = 2  # 1 had no checksum
KEY = "network3 checkpoint"
EXPECTED = "expected a checkpoint that SGD(..., checkpoint=filename) wrote"
Content = tuple[dict[str, Any], dict[str, np.ndarray]]


class CheckpointWarning(UserWarning):
    """A checkpoint that is damaged, or could not be written."""


class Damaged(ValueError):  # noqa: N818  (said of a file)
    """It is no checkpoint, or not whole."""


def previous(path: Path) -> Path:
    """Return where the checkpoint before that in `path` is kept."""
    return path.with_name(f"{path.name}.previous")


def is_there(path: Path) -> bool:
    """Whether there is a checkpoint to go on from."""
    return path.is_file() or previous(path).is_file()


def write(path: Path, header: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
    """Write `header`, which JSON must know, and `tensors`; what was in `path` is kept as the one before.

    Raises
    ------
    OSError
        What was last written whole is still there, in `path` or as the one before.
    """
    from safetensors.numpy import save as to_bytes

    header = {"format": FORMAT, **header}
    header["sha256"] = _checksum(header, tensors)
    with atomic_write(path, previous(path)) as file:
        file.write(to_bytes(tensors, {KEY: json.dumps(header)}))


def read(path: Path) -> Content:
    """Return the header and the arrays in `path`; those of the one before, with a warning, if it is damaged or gone.

    Raises
    ------
    FileNotFoundError
        Neither is there.
    ValueError
        What is there is damaged, or of a newer format.
    """
    who = f"SGD: resume from {path}"
    if not is_there(path):
        raise FileNotFoundError(
            error_message("SGD: resume", EXPECTED, f"{path}, which is not there", "Check the path.")
        )
    try:
        return _read_one(path)
    except Damaged as error:
        reason = str(error) if path.is_file() else "none of that name"
    try:
        header, tensors = _read_one(previous(path))
    except Damaged:
        raise ValueError(error_message(who, EXPECTED, reason, "Pass such a file.")) from None
    before = f"The one before it serves: {header['history'].epochs} epochs were complete."
    warnings.warn(error_message(who, EXPECTED, reason, before), CheckpointWarning, stacklevel=2)
    return header, tensors


def _read_one(path: Path) -> Content:
    """Return what `write` wrote; raise `Damaged`, or ValueError for a newer format."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {})[KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a dict)
        version = int(header["format"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        raise Damaged("a file that is none, or is damaged") from None
    if version > FORMAT:
        hint = "Update network3, pip install -U network3."
        who = f"SGD: resume from {path}"
        raise ValueError(error_message(who, f"expected format {FORMAT} or older", f"format {version}", hint))
    if version >= 2 and header.pop("sha256", None) != _checksum(header, tensors):
        raise Damaged("a file that was changed since it was written")
    try:
        header["history"] = History(**header["history"])
        header["settings"], header["seed"], header["shuffle"]
    except (KeyError, TypeError):
        raise Damaged("a file that is none, or is damaged") from None
    return header, tensors


def _checksum(header: dict[str, Any], tensors: dict[str, np.ndarray]) -> str:
    """Return the sha256 of all that is in a file but itself."""
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()


@contextmanager
def held(path: Path | None) -> Iterator[None]:
    """Hold the checkpoint `path` for one training.

    Raises
    ------
    ValueError
        Another training holds it.
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
        got = f"{path}, which another training holds"
        raise ValueError(error_message("SGD: checkpoint", "expected a file of its own", got, hint)) from None
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no file that is open
            file.unlink()  # while it is held: whoever comes now makes a new one
        lock.release()
