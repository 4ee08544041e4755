"""The peers' own environments, ``.venv-peers-*`` beside the sources.

They never enter the main environment. One that cannot be made is named, and the benchmark goes on without it.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.child import ROOT
from benchmarks.peers import PEERS, Peer
from network3.layers.checks import error_message, one_of

NEWER = ("3.14", "3.13", "3.12")  # tried in this order when the running Python is too old for a peer
PATIENCE = 240  # seconds for one environment
WHO = "import sys; print(*sys.version_info[:2], sys.executable)"


class EnvironmentMissing(RuntimeError):  # noqa: N818  (said of an environment, not of a failure of ours)
    """A peer's environment could not be made."""


def make(peer: Peer, folder: Path = ROOT) -> Path:
    """Make the peer's environment, unless it is there with the same requirements; return its interpreter.

    Raises
    ------
    EnvironmentMissing
        No Python that is new enough, or pip failed or took longer than `PATIENCE`.
    """
    home = _home(peer, folder)
    expected = "\n".join(peer.requirements)
    if not (_stamp(home).exists() and _stamp(home).read_text(encoding="utf-8") == expected):
        base, late = _base(peer), time.monotonic() + PATIENCE
        shutil.rmtree(home, ignore_errors=True)
        _call(peer, [base, "-m", "venv", home], late)
        pip = [_interpreter(home), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _call(peer, [*pip, *peer.requirements], late)
        # The checkout beside the peer; what network3 itself needs stays in the main environment.
        (_site_packages(home) / "network3-checkout.pth").write_text(str(ROOT), encoding="utf-8")
        _stamp(home).write_text(expected, encoding="utf-8")
    return _interpreter(home)


def _base(peer: Peer) -> str:
    """Return a Python that runs and is new enough for the peer: this one, or the first of `_candidates`."""
    if sys.version_info[:2] >= peer.python:
        return sys.executable
    for candidate in _candidates():
        found = _runs(candidate)
        if found and found[0] >= peer.python:
            return found[1]
    oldest = ".".join(map(str, peer.python))
    raise EnvironmentMissing(
        error_message(
            peer.title, f"expected Python {oldest} or newer", sys.version.split()[0], f"Install Python {oldest}."
        )
    )


def _candidates() -> Iterator[str]:
    """Yield what may be a newer Python: on the path, or kept by pyenv, whose commands on the path may refuse to run."""
    for version in NEWER:
        if path := shutil.which(f"python{version}"):
            yield path
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in NEWER:
        yield from map(str, sorted(kept.glob(f"{version}.*[0-9]/bin/python")))


def _runs(python: str) -> tuple[tuple[int, int], str] | None:
    """Return the version of an interpreter and its own path; None if it does not run."""
    try:
        said = subprocess.run([python, "-c", WHO], check=True, capture_output=True, text=True, timeout=20).stdout
        major, minor, executable = said.strip().split(" ", 2)
        return (int(major), int(minor)), executable
    except (subprocess.SubprocessError, OSError, ValueError):
        return None


def _home(peer: Peer, folder: Path) -> Path:
    return folder / f".venv-peers-{peer.environment}"


def _stamp(home: Path) -> Path:
    return home / ".requirements"


def _interpreter(home: Path) -> Path:
    return home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _site_packages(home: Path) -> Path:
    return next(path for path in home.rglob("site-packages") if path.is_dir())


def _call(peer: Peer, command: Sequence[object], late: float) -> None:
    """Run a command until `late`, a ``time.monotonic()``; if it fails, raise with its last words."""
    left = late - time.monotonic()
    try:
        subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, timeout=left)
    except (subprocess.SubprocessError, OSError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise EnvironmentMissing(
            error_message(
                peer.title, f"expected {', '.join(peer.requirements)}", said[-1] if said else "", "Look at pip."
            )
        ) from error


def make_all(peers: Sequence[Peer], folder: Path = ROOT) -> dict[Peer, Path | EnvironmentMissing]:
    """Make the environments of `peers` side by side; return the interpreter of each, or why there is none."""

    def attempt(peer: Peer) -> Path | EnvironmentMissing:
        try:
            return make(peer, folder)
        except EnvironmentMissing as error:
            return error

    first = {peer.environment: peer for peer in peers}
    if not first:
        return {}
    with ThreadPoolExecutor(len(first)) as pool:
        made = dict(zip(first, pool.map(attempt, first.values()), strict=True))
    return {peer: made[peer.environment] for peer in peers}


def interpreters(names: Sequence[str], given: Sequence[str]) -> tuple[dict[Peer, Path], list[dict[str, Any]]]:
    """Return the interpreter of each peer, and a record of each that has none.

    Parameters
    ----------
    names : list of str
        Of the peers.
    given : list of str
        ``PEER=PYTHON``, instead of the peer's own environment.

    Raises
    ------
    ValueError
        A name that is not a peer's.
    """
    chosen = {}
    for text in given:
        name, equals, path = text.partition("=")
        if not equals:
            raise ValueError(error_message("--python", "expected PEER=PYTHON", text, "Write e.g. jax_jit=python3."))
        chosen[PEERS[one_of("--python", name, PEERS)]] = Path(path)
    peers = [PEERS[one_of("--peer", name, PEERS)] for name in names]
    made = make_all([peer for peer in peers if peer not in chosen]) | chosen
    missing = [
        {"kind": "skipped", "peer": peer.module, "title": peer.title, "reason": str(made[peer])}
        for peer in peers
        if isinstance(made[peer], EnvironmentMissing)
    ]
    return {peer: found for peer in peers if isinstance(found := made[peer], Path)}, missing
