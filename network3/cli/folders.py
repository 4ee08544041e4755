"""Where ``network3 train`` keeps its runs if ``--out`` does not say: ``network3-runs/NAME``, then ``NAME-2`` ..."""

from itertools import count
from pathlib import Path

from network3.layers.checks import complaint

ROOT = Path("network3-runs")


def new_folder(name: str) -> Path:
    """Return the first of the folders of run `name` that is not there, so that no run replaces another."""
    return next(folder for folder in _numbered(name) if not folder.exists())


def latest_folder(name: str) -> Path:
    """Return the last of the folders of run `name` that are there.

    Raises
    ------
    ValueError
        There is none.
    """
    there = []
    for folder in _numbered(name):
        if not folder.exists():
            break
        there.append(folder)
    if there:
        return there[-1]
    mend = "Leave --resume out to start one, or name its folder with --out."
    raise ValueError(complaint("network3 train --resume", f"wanted a run in {ROOT / name}", "none", mend))


def _numbered(name: str):
    return (ROOT / (name if k == 1 else f"{name}-{k}") for k in count(1))
