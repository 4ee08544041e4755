"""The peers' virtual environments, ``.venv-peers-*`` beside the sources.

Nothing is installed into the main environment. A peer whose environment cannot be created is reported and skipped.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from network3.layers.checks import error_message, one_of

from .peers import PEERS, Peer
from .records import Record
from .worker import ROOT

NEWER = ("3.14", "3.13", "3.12")  # tried in this order if the running Python is too old for a peer
TIMEOUT = 240  # seconds for one environment
VERSION_CODE = "import sys; print(*sys.version_info[:2], sys.executable)"


class EnvironmentMissing(RuntimeError):  # noqa: N818  (describes the environment, not an error of the benchmark)
    """A peer's virtual environment could not be created."""


def make(peer: Peer, folder: Path = ROOT) -> Path:
    """Create the peer's virtual environment, unless it exists with the same requirements; return its interpreter.

    Raises
    ------
    EnvironmentMissing
        No Python is new enough, or pip failed or took longer than `TIMEOUT`.
    """
    home = _home(peer, folder)
    requirements = "\n".join(peer.requirements)
    if not (_stamp(home).exists() and _stamp(home).read_text(encoding="utf-8") == requirements):
        base, deadline = _base(peer), time.monotonic() + TIMEOUT
        shutil.rmtree(home, ignore_errors=True)
        _run(peer, [base, "-m", "venv", home], deadline)
        pip = [_interpreter(home), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run(peer, [*pip, *peer.requirements], deadline)
        # Makes the checkout importable; the dependencies of network3 stay in the main environment.
        (_site_packages(home) / "network3-checkout.pth").write_text(str(ROOT), encoding="utf-8")
        _stamp(home).write_text(requirements, encoding="utf-8")
    return _interpreter(home)


def _base(peer: Peer) -> str:
    """Return a Python that runs and is new enough for the peer: this one, or the first of `_candidates`."""
    if sys.version_info[:2] >= peer.python:
        return sys.executable
    for candidate in _candidates():
        found = _version(candidate)
        if found and found[0] >= peer.python:
            return found[1]
    oldest = ".".join(map(str, peer.python))
    raise EnvironmentMissing(
        error_message(
            peer.title, f"expected Python {oldest} or newer", sys.version.split()[0], f"Install Python {oldest}."
        )
    )


def _candidates() -> Iterator[str]:
    """Yield interpreters that may be newer: on the path, or installed by pyenv, whose shims on the path may not run."""
    for version in NEWER:
        if path := shutil.which(f"python{version}"):
            yield path
    installed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in NEWER:
        yield from map(str, sorted(installed.glob(f"{version}.*[0-9]/bin/python")))


def _version(python: str) -> tuple[tuple[int, int], str] | None:
    """Return the version of an interpreter and its own path; None if it does not run."""
    try:
        command = [python, "-c", VERSION_CODE]
        output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout
        major, minor, executable = output.strip().split(" ", 2)
        return (int(major), int(minor)), executable
    except (subprocess.SubprocessError, OSError, ValueError):
        return None


def _home(peer: Peer, folder: Path) -> Path:
    return folder / f".venv-peers-{peer.venv}"


def _stamp(home: Path) -> Path:
    return home / ".requirements"


def _interpreter(home: Path) -> Path:
    return home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _site_packages(home: Path) -> Path:
    return next(path for path in home.rglob("site-packages") if path.is_dir())


def _run(peer: Peer, command: Sequence[object], deadline: float) -> None:
    """Run a command until `deadline`, a ``time.monotonic()``; if it fails, raise with the last line of its output."""
    left = deadline - time.monotonic()
    try:
        subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, timeout=left)
    except (subprocess.SubprocessError, OSError) as error:
        output = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise EnvironmentMissing(
            error_message(
                peer.title,
                f"expected {', '.join(peer.requirements)}",
                output[-1] if output else "no output",
                "Run pip by hand to see the whole error.",
            )
        ) from error


def make_all(peers: Sequence[Peer], folder: Path = ROOT) -> dict[Peer, Path | EnvironmentMissing]:
    """Create the environments of `peers` side by side; return the interpreter of each, or why there is none."""

    def attempt(peer: Peer) -> Path | EnvironmentMissing:
        try:
            return make(peer, folder)
        except EnvironmentMissing as error:
            return error

    by_venv = {peer.venv: peer for peer in peers}
    if not by_venv:
        return {}
    with ThreadPoolExecutor(len(by_venv)) as pool:
        made = dict(zip(by_venv, pool.map(attempt, by_venv.values()), strict=True))
    return {peer: made[peer.venv] for peer in peers}


def interpreters(names: Sequence[str], given: Sequence[str]) -> tuple[dict[Peer, Path], list[Record]]:
    """Return the interpreter of each peer, and a record of kind "skipped" for each peer without one.

    Parameters
    ----------
    names : sequence of str
        The peers.
    given : sequence of str
        ``PEER=PYTHON``: an interpreter that replaces the peer's own environment.

    Raises
    ------
    ValueError
        An unknown peer, or an interpreter without a peer.
    """
    chosen: dict[Peer, Path] = {}
    for text in given:
        name, equals, path = text.partition("=")
        if not equals:
            raise ValueError(error_message("--python", "expected PEER=PYTHON", text, "Write e.g. jax_jit=python3."))
        chosen[PEERS[one_of("--python", name, PEERS)]] = Path(path)
    peers = [PEERS[one_of("--peer", name, PEERS)] for name in names]
    made = make_all([peer for peer in peers if peer not in chosen]) | chosen
    skipped = [
        {"kind": "skipped", "peer": peer.name, "title": peer.title, "reason": str(made[peer])}
        for peer in peers
        if isinstance(made[peer], EnvironmentMissing)
    ]
    return {peer: found for peer in peers if isinstance(found := made[peer], Path)}, skipped
