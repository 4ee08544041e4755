"""Atomic writing of files: complete or not at all, even if the process or the machine stops."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from network3.layers.checks import error_message


@contextmanager
def atomic_write(path: str | os.PathLike[str], previous: Path | None = None) -> Iterator[BinaryIO]:
    """Yield a binary file that replaces `path` when the block ends without an error.

    Until then readers find the old file, which also stays after an error. The content is flushed to the disk before the
    file is renamed, and its folder after that.

    Parameters
    ----------
    path : path
        Its folder must exist.
    previous : path, optional
        New name of the old file, which is otherwise deleted. Between the two renames only this name exists.
    """
    path = Path(path)
    temporary = _temporary(path)
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if previous is not None and path.exists():
            path.replace(previous)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # other systems cannot open a folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def check_writable(who: str, path: str | os.PathLike[str]) -> None:
    """Check that `atomic_write` can write `path`, without leaving a file behind.

    Parameters
    ----------
    who : str
        The function with the argument `path`, for the message.
    path : path

    Raises
    ------
    OSError
        It cannot be written.
    """
    with explained_errors(who, path):
        _temporary(Path(path)).open("wb").close()
        _temporary(Path(path)).unlink()


@contextmanager
def explained_errors(who: str, path: str | os.PathLike[str]) -> Iterator[None]:
    """In this block, an OSError about the file `path`, which is written, has four parts."""
    try:
        if Path(path).is_dir():
            raise IsADirectoryError("a folder has this name")
        yield
    except OSError as error:
        hint = "Choose another path, or correct its permissions."
        expected = "expected a file that can be written"
        raise type(error)(error_message(who, expected, f"{path} ({error.strerror or error})", hint)) from None


def _temporary(path: Path) -> Path:
    """Return the name of the file that is written before it replaces `path`."""
    return path.with_name(f"{path.name}.part")
