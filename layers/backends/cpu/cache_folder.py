"""The folder that keeps compiled kernels between processes: one file each, under PyTensor's compile directory.

Its content is executed unchecked, so only a folder and files that no other user can write to are trusted. A file that
is truncated, damaged or of another format counts as missing. If there is no such folder, or no space, kernels are kept
in memory only, and a warning is issued once per process.
"""

import os
import re
import stat
import time
import warnings
from contextlib import suppress
from pathlib import Path

import pytensor

from network3.layers.checks import error_message

from .kernel_file import CachedKernel, decode, encode

SUFFIX, PART = ".kernel", ".part"
FILE_NAME = re.compile(rf"network3_[0-9a-f]{{24}}(\{SUFFIX}|\..*\{PART})")
LIMIT = 64 << 20  # bytes of all files together
BLOCK = 4096  # bytes; the space of a file on disk is a multiple of it
DAY = 86400.0  # seconds

_folders: dict[Path, "CacheFolder"] = {}  # by PyTensor's compile directory
_has_warned = False


class CacheFolder:
    """Compiled kernels in the folder `path`, which is created when the first one is written.

    Parameters
    ----------
    path : Path
    limit : int
        Bytes. When the files exceed it, the least recently used ones are removed.

    Attributes
    ----------
    problem : str or None
        Why kernels are kept in memory only; None until that is detected.
    """

    def __init__(self, path: Path, limit: int = LIMIT):
        self.path, self.limit = path.absolute(), limit
        self.problem: str | None = None
        self._trusted: bool | None = None  # None until the folder exists

    def is_trusted(self) -> bool:
        """Return whether the folder exists and only its owner, who runs this process, can write to it."""
        if self._trusted is None:
            try:
                status = self.path.stat()
            except OSError:
                return False
            self._trusted = stat.S_ISDIR(status.st_mode) and _is_private(status)
            if not self._trusted:
                got = f"{self.path}, which belongs to user {status.st_uid}, mode {stat.S_IMODE(status.st_mode):o}"
                self.problem = _problem_message("expected a folder of this user that no other user can write to", got)
        return self._trusted

    def read(self, symbol: str) -> CachedKernel | None:
        """Return the kernel stored as `symbol`; None if there is none that can be trusted."""
        if not self.is_trusted():
            return None
        path = self._path_of(symbol)
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                if not _is_private(status) or status.st_size > self.limit:
                    return None
                cached = decode(symbol, file.read())
        except OSError:
            return None
        if cached is not None and abs(time.time() - status.st_mtime) > DAY:
            with suppress(OSError):
                os.utime(path)  # the time of its last use, to the day
        return cached

    def write(self, symbol: str, cached: CachedKernel) -> None:
        """Store a kernel as `symbol`, if possible; concurrent readers find the complete file or none."""
        if self.problem is not None:
            return
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self.is_trusted():
                return
            self._write_file(symbol, encode(symbol, cached))
        except OSError as error:
            if self.read(symbol) is None:  # otherwise another process has just written it
                got = f"{self.path} ({error.strerror or error})"
                self.problem = _problem_message("expected a folder that files can be written to", got)
            return
        # The name is a hash: on average, one write in 64 prunes, whichever process writes.
        if int(symbol[-2:], 16) % 64 == 0:
            self.prune()

    def _write_file(self, symbol: str, content: bytes) -> None:
        temporary = self.path / f"{symbol}.{os.urandom(8).hex()}{PART}"
        try:
            with open(temporary, "xb", opener=_open_private) as file:
                file.write(content)  # no fsync: the digest reveals a file truncated by a crash
            temporary.replace(self._path_of(symbol))
        except BaseException:
            _remove(temporary)
            raise

    def prune(self) -> None:
        """Remove the least recently used files, down to three quarters of the limit, and what killed processes left."""
        now, kernels = time.time(), []
        for path, status in self._files():
            if path.suffix == SUFFIX:
                kernels.append((status.st_mtime, -(-status.st_size // BLOCK) * BLOCK, path))
            elif now - status.st_mtime > DAY:
                _remove(path)
        total = sum(size for _, size, _ in kernels)
        if total <= self.limit:
            return
        for _, size, path in sorted(kernels):
            if total <= self.limit * 3 // 4:
                break
            _remove(path)
            total -= size

    def size(self) -> tuple[int, int]:
        """Return the number of kernels in the folder, and the bytes of their files."""
        sizes = [status.st_size for path, status in self._files() if path.suffix == SUFFIX]
        return len(sizes), sum(sizes)

    def _files(self) -> list[tuple[Path, os.stat_result]]:
        """Return the kernel files; those that another process removes at the same time may be missing."""
        files = []
        with suppress(OSError), os.scandir(self.path) as entries:
            for entry in entries:
                if FILE_NAME.fullmatch(entry.name):
                    with suppress(OSError):
                        files.append((Path(entry.path), entry.stat()))
        return files

    def _path_of(self, symbol: str) -> Path:
        return self.path / f"{symbol}{SUFFIX}"


def current() -> CacheFolder:
    """Return the folder under PyTensor's current compile directory."""
    parent = Path(pytensor.config.base_compiledir)
    found = _folders.get(parent)
    return found if found is not None else _folders.setdefault(parent, CacheFolder(parent / "network3"))


def cache_size() -> tuple[int, int, Path | None]:
    """Return the number of kernels on disk, their bytes, and the folder; None where it is not trusted."""
    folder = current()
    if not folder.is_trusted() and folder.problem is not None:
        return 0, 0, None
    return *folder.size(), folder.path


def warn_of_problem() -> None:
    """Warn, once per process, if kernels are kept in memory only."""
    global _has_warned
    problem = current().problem
    if problem is not None and not _has_warned:
        _has_warned = True
        warnings.warn(problem, RuntimeWarning, stacklevel=3)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _is_private(status: os.stat_result) -> bool:
    """Return whether a file or folder belongs to this user or to root, and no other user can write to it."""
    if os.name != "posix":
        return True  # on Windows user folders are private, and mode bits mean nothing
    return status.st_uid in (os.geteuid(), 0) and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _problem_message(expected: str, got: str) -> str:
    hint = (
        "Until then every process compiles its kernels again. "
        "Correct its permissions, or choose another folder with PYTENSOR_FLAGS=base_compiledir=FOLDER."
    )
    return error_message("cache of compiled kernels", expected, got, hint)


def _remove(path: Path) -> None:
    with suppress(OSError):  # removed by another process, or, on Windows, being read
        path.unlink()
