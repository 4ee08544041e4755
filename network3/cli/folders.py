"""The default folders of ``network3 train``: ``network3-runs/NAME``, then ``NAME-2`` and so on."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from network3.execution.distributed import first_process
from network3.layers.checks import error_message

ROOT = Path("network3-runs")


def new_folder(name: str) -> Path:
    """Return a new folder for run `name`, numbered after all existing ones, so that no run replaces another."""
    number = max(run_folders(name), default=0) + 1
    return ROOT / (name if number == 1 else f"{name}-{number}")


def latest_folder(name: str) -> Path:
    """Return the last of the folders of run `name`.

    Raises
    ------
    ValueError
        There is none.
    """
    found = run_folders(name)
    if found:
        return found[max(found)]
    hint = "Leave --resume out to start one, or name its folder with --out."
    raise ValueError(error_message("network3 train --resume", f"expected a run in {ROOT / name}", "none", hint))


def found_model(who: str, model: Path) -> Path:
    """Return the path of a model: of a file, of a folder, or of the last folder of a run, for its name.

    Raises
    ------
    FileNotFoundError
        There is none.
    """
    if model.exists():
        return model
    runs = run_folders(model.name) if model.parent == Path() else {}
    if not runs:
        expected = "expected a file of network3 train or net.save, a folder of train, or the name of a run"
        hint = "Train one with network3 train shallow, or correct the path."
        raise FileNotFoundError(error_message(who, expected, f"{model}, which does not exist", hint))
    return runs[max(runs)]


@contextmanager
def writable(folder: Path) -> Iterator[Path]:
    """Yield `folder` to the process that saves the run; to others that train with it, a temporary copy."""
    if first_process():
        yield folder
        return
    with TemporaryDirectory() as temporary:
        copy = Path(temporary) / folder.name
        if folder.is_dir():
            shutil.copytree(folder, copy)
        yield copy


def run_folders(name: str) -> dict[int, Path]:
    """Return the folders of run `name` by their numbers; the one without a number is the first."""
    matches = {path: re.fullmatch(rf"{re.escape(name)}(?:-(\d+))?", path.name) for path in ROOT.glob(f"{name}*")}
    return {int(match[1] or 1): path for path, match in matches.items() if match}
