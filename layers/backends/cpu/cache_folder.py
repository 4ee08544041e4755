"""The folder where compiled kernels lie from one process to the next: a file each, under PyTensor's compile directory.

What lies there is run as it is, so only a folder and files that nobody else can write to are trusted; a file that is
cut, damaged or of another format counts as missing. Where there is no such folder, or no room, kernels are kept in
memory only, and a warning says so once a process.
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

from .kernel_file import Kept, packed, unpacked

SUFFIX, PART = ".kernel", ".part"
OURS = re.compile(rf"network3_[0-9a-f]{{24}}(\{SUFFIX}|\..*\{PART})")
LIMIT = 64 << 20  # bytes of all files
BLOCK = 4096  # bytes that a file takes up on a disk, or a multiple of it
DAY = 86400.0  # seconds

_folders: dict[Path, "CacheFolder"] = {}  # by PyTensor's compile directory
_has_warned = False


class CacheFolder:
    """Compiled kernels in the folder `path`, which is made when the first is written.

    Parameters
    ----------
    path : Path
    limit : int
        Bytes. When there are more, the files that were not used for the longest time go.

    Attributes
    ----------
    trouble : str or None
        Why kernels are kept in memory only, from the moment that this is known.
    """

    def __init__(self, path: Path, limit: int = LIMIT):
        self.path, self.limit = path.absolute(), limit
        self.trouble: str | None = None
        self._trusted: bool | None = None  # None until the folder is there

    def is_trusted(self) -> bool:
        """Return whether the folder is there, and nobody but its owner, who runs this, can write to it."""
        if self._trusted is None:
            try:
                status = self.path.stat()
            except OSError:
                return False
            self._trusted = stat.S_ISDIR(status.st_mode) and _is_our_own(status)
            if not self._trusted:
                got = f"{self.path}, which belongs to user {status.st_uid}, mode {stat.S_IMODE(status.st_mode):o}"
                self.trouble = _trouble("expected a folder of this user that nobody else can write to", got)
        return self._trusted

    def read(self, symbol: str) -> Kept | None:
        """Return the kernel that is kept as `symbol`; None if there is none that can be trusted."""
        if not self.is_trusted():
            return None
        path = self._path_of(symbol)
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                if not _is_our_own(status) or status.st_size > self.limit:
                    return None
                kept = unpacked(symbol, file.read())
        except OSError:
            return None
        if kept is not None and abs(time.time() - status.st_mtime) > DAY:
            with suppress(OSError):
                os.utime(path)  # when it was last used: to the day is exact enough
        return kept

    def write(self, symbol: str, kept: Kept) -> None:
        """Keep a kernel as `symbol`, if that is possible; whoever reads meanwhile finds the whole file or none."""
        if self.trouble is not None:
            return
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self.is_trusted():
                return
            self._put(symbol, packed(symbol, kept))
        except OSError as error:
            if self.read(symbol) is None:  # otherwise another process has written it just now
                got = f"{self.path} ({error.strerror or error})"
                self.trouble = _trouble("expected a folder that files can be written to", got)
            return
        # The name is a hash, so this is one write in 64, whoever writes.
        if int(symbol[-2:], 16) % 64 == 0:
            self.prune()

    def _put(self, symbol: str, content: bytes) -> None:
        temporary = self.path / f"{symbol}.{os.urandom(8).hex()}{PART}"
        try:
            with open(temporary, "xb", opener=_open_private) as file:
                file.write(content)  # not forced to the disk: what a crash leaves cut is noticed by its digest
            temporary.replace(self._path_of(symbol))
        except BaseException:
            _remove(temporary)
            raise

    def prune(self) -> None:
        """Remove what was not used for longest, down to three quarters of the limit, and what killed processes left."""
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
        """Return our files; those that another process removes meanwhile may be missing."""
        files = []
        with suppress(OSError), os.scandir(self.path) as entries:
            for entry in entries:
                if OURS.fullmatch(entry.name):
                    with suppress(OSError):
                        files.append((Path(entry.path), entry.stat()))
        return files

    def _path_of(self, symbol: str) -> Path:
        return self.path / f"{symbol}{SUFFIX}"


def current() -> CacheFolder:
    """Return the folder under PyTensor's compile directory of now."""
    parent = Path(pytensor.config.base_compiledir)
    found = _folders.get(parent)
    return found if found is not None else _folders.setdefault(parent, CacheFolder(parent / "network3"))


def cache_size() -> tuple[int, int, Path | None]:
    """Return the number of kernels kept on the disk, their bytes, and the folder; None where it is not trusted."""
    folder = current()
    if not folder.is_trusted() and folder.trouble is not None:
        return 0, 0, None
    return *folder.size(), folder.path


def warn_of_trouble() -> None:
    """Warn, once a process, if kernels are kept in memory only."""
    global _has_warned
    trouble = current().trouble
    if trouble is not None and not _has_warned:
        _has_warned = True
        warnings.warn(trouble, RuntimeWarning, stacklevel=3)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _is_our_own(status: os.stat_result) -> bool:
    """Return whether a file or folder is this user's, or the administrator's, and nobody else can write to it."""
    if os.name != "posix":
        return True  # a user's folders are his own there, and modes say nothing
    return status.st_uid in (os.geteuid(), 0) and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _trouble(expected: str, got: str) -> str:
    hint = "Until then every process compiles its kernels anew. Correct its permissions, or choose another place with "
    hint += "PYTENSOR_FLAGS=base_compiledir=FOLDER."
    return error_message("cache of compiled kernels", expected, got, hint)


def _remove(path: Path) -> None:
    with suppress(OSError):  # another process has removed it, or, on Windows, is just reading it
        path.unlink()
