"""Files that appear whole or not at all, whenever the process or the machine stops."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from network3.layers.checks import error_message


@contextmanager
def atomic_write(path, previous: Path | None = None) -> Iterator[BinaryIO]:
    """Yield a binary file that takes the place of `path` once the block has ended well.

    Whoever reads meanwhile finds the old file. The bytes are on the disk before the name is, and the name before this
    returns; after an error the old file stays.

    Parameters
    ----------
    path : path
        Its folder must exist.
    previous : path, optional
        What the old file is called from then on; without, it is gone. For a moment there is only this one.
    """
    path = Path(path)
    temporary = _beside(path)
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
    if os.name == "posix":  # elsewhere a folder cannot be opened
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def check_writable(who: str, path) -> None:
    """Raise OSError, in four parts, if `atomic_write` could not write `path`; nothing is left behind.

    Parameters
    ----------
    who : str
        Whose argument `path` is, for the message.
    path : path
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise IsADirectoryError("a folder of that name is there")
        _beside(path).open("wb").close()
        _beside(path).unlink()
    except OSError as error:
        hint = "Choose another place, or correct its permissions."
        expected = "expected a file that can be written"
        raise OSError(error_message(who, expected, f"{path} ({error.strerror or error})", hint)) from None


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")
