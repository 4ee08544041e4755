"""Where PyTensor and network3 keep compiled code, if the home of the user cannot be written to.

PyTensor's default is ``.pytensor`` in the home of the user. In a container there is often no home, or none that can be
written to, and PyTensor then fails when it imports Numba. It reads its settings when it is imported, so this module is
imported before it. A program that has imported PyTensor, or that has set the folder, is left as it is.
"""

import os
import re
import stat
import sys
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path

from .checks import error_message

FLAGS, SETTING = "PYTENSOR_FLAGS", "base_compiledir"


def choose_folder() -> None:
    """Add a temporary folder to ``PYTENSOR_FLAGS``, and warn, if PyTensor's default cannot be written to."""
    flags = os.environ.get(FLAGS, "")
    if "pytensor" in sys.modules or re.search(rf"(^|,)\s*{SETTING}\s*=", flags) or _has_settings_file():
        return
    home = _home()
    if home is not None and is_writable(home / ".pytensor"):
        return
    folder = _temporary_folder()
    if folder is None:  # then nothing can be written: kernels are kept in memory only
        return
    os.environ[FLAGS] = ",".join([*([flags] if flags else []), f'{SETTING}="{folder.as_posix()}"'])
    got = "none" if home is None else f"{home}"
    hint = f"Compiled code is kept in {folder}. To choose a folder, set {FLAGS}={SETTING}=FOLDER."
    warnings.warn(
        error_message("network3", "expected a home folder that files can be written to", got, hint),
        RuntimeWarning,
        stacklevel=2,
    )
    if home is None:
        _import_without_home(folder)


def is_writable(folder: Path) -> bool:
    """Return whether files can be written to a folder, or, if it does not exist, whether it can be created."""
    for path in (folder.absolute(), *folder.absolute().parents):
        try:
            return stat.S_ISDIR(path.stat().st_mode) and os.access(path, os.W_OK | os.X_OK)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return False
    return False


def check_folder() -> None:
    """Check PyTensor's folder before PyTensor imports Numba, which needs it.

    Raises
    ------
    PermissionError
        No file can be written to it.
    """
    from pytensor.configdefaults import config

    if not is_writable(Path(config.base_compiledir) / "numba"):
        expected = "expected a folder for compiled code that files can be written to"
        hint = f"Set {FLAGS}={SETTING}=FOLDER in the environment before Python starts."
        raise PermissionError(error_message("PyTensor's Numba", expected, config.base_compiledir, hint))


def _home() -> Path | None:
    """Return the folder that PyTensor takes for the user's home; None if there is none."""
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local)  # PyTensor's folder there has another name, and exists or not as ``.pytensor`` would
    try:
        return Path(os.environ["HOME"]) if "HOME" in os.environ else Path.home()
    except RuntimeError:
        return None


def _has_settings_file() -> bool:
    """Return whether there is a file with settings of PyTensor, which may contain the folder."""
    for name in os.environ.get("PYTENSORRC", "~/.pytensorrc").split(os.pathsep):
        with suppress(RuntimeError, OSError):  # no home, or one that cannot be read
            if Path(name).expanduser().is_file():
                return True
    return False


def _temporary_folder() -> Path | None:
    """Return a folder that only this user can write to: the same one in each process, if possible."""
    with suppress(OSError):
        user = os.getuid() if hasattr(os, "getuid") else "user"
        folder = Path(tempfile.gettempdir()) / f"network3-{user}"
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        status = folder.lstat()
        private = not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)
        if folder.is_dir() and not folder.is_symlink() and private and is_writable(folder):
            return folder
        return Path(tempfile.mkdtemp(prefix="network3-"))
    return None


def _import_without_home(folder: Path) -> None:
    """Import PyTensor, which needs a home even if it does not use it."""
    os.environ["HOME"] = str(folder)
    try:
        import pytensor  # noqa: F401  (imported for its effect: it looks for the home now)
    finally:
        del os.environ["HOME"]


choose_folder()
