"""The runner's end of a worker: a process that holds one peer at one number of threads, asked by JSON lines."""

import json
import os
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.peers import Peer
from network3.layers.checks import error_message

ROOT = Path(__file__).parents[1]
PATIENCE = 300.0  # seconds
# An installed library has its bytecode; JAX keeps what it compiles only if it is told to.
KEPT_OUT = ("PYTHONDONTWRITEBYTECODE", "JAX_COMPILATION_CACHE_DIR")


class PeerError(RuntimeError):
    """A `peer` that cannot be started, or that fails or dies at a request."""

    def __init__(self, peer: Peer, message: str):
        super().__init__(message)
        self.peer = peer


class Child:
    """A worker of `peer`; a context manager that ends it.

    Parameters
    ----------
    peer : Peer
    threads : int
        All that its libraries may use.
    python : path
        The interpreter of its environment.
    folder : path
        With the data, see `benchmarks.worker`; caches of compiled code go there too.
    module : str, optional
        Another module than ``benchmarks.peers.<peer.module>``.

    Attributes
    ----------
    patience : float
        Seconds to wait for an answer.

    Notes
    -----
    The first `receive` gives ``import_s`` and ``import_cpu_s``, or raises `PeerError` if the peer cannot be imported.
    """

    def __init__(self, peer: Peer, threads: int, python, folder, *, module: str | None = None):
        self.peer, self.name, self.patience = peer, f"{peer.module} at {threads} threads", PATIENCE
        self.log = Path(folder) / f"{peer.module}-{threads}.log"
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [str(python), "-m", "benchmarks.worker", module or f"benchmarks.peers.{peer.module}", str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                cwd=ROOT,
                env=environment(threads, Path(folder)) | dict(peer.settings),
            )

    def ask(self, what: str, **arguments: Any) -> dict[str, Any]:
        """Return the worker's answer to `what`, a method of `benchmarks.worker.Server`.

        Raises
        ------
        PeerError
            It failed, died, or took longer than `patience`.
        """
        self.send(what, **arguments)
        return self.receive()

    def send(self, what: str, **arguments: Any) -> None:
        """Ask without waiting; `receive` waits."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # if it has ended, `receive` says so
            self.process.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
            self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """Return the answer to the last `send`; raises as `ask` does."""
        assert self.process.stdout is not None
        late = threading.Timer(self.patience, self.process.kill)
        late.start()
        try:
            line = self.process.stdout.readline()
        finally:
            late.cancel()
        answer = json.loads(line) if line else {"error": last_words(self.log, self.patience)}
        if "error" in answer:
            self.close()
            hint = f"Look whether {self._module()} runs alone."
            raise PeerError(self.peer, error_message(self.name, "expected an answer", answer["error"], hint))
        return answer

    def _module(self) -> str:
        words: Any = self.process.args  # a list, as it was given
        return f"python -m {' '.join(map(str, words[2:4]))}"

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def last_words(log: Path, patience: float) -> str:
    """Return what a process that gave no answer wrote to `log` at its end."""
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    said = " / ".join(line.strip() for line in lines[-4:] if line.strip())
    return f"no answer, in {patience:g} s or before it ended ({said or 'it said nothing'})"


def environment(threads: int, folder: Path) -> dict[str, str]:
    """Return the variables that hold any of the libraries to `threads`, the CPU, and new caches in `folder`."""
    counts = ("OMP", "MKL", "OPENBLAS", "NUMBA")
    flags = [os.environ.get("PYTENSOR_FLAGS", ""), f"base_compiledir={folder / 'pytensor'}"]
    xla = [os.environ.get("XLA_FLAGS", ""), f"--xla_cpu_multi_thread_eigen={str(threads > 1).lower()}"]
    inherited = {name: value for name, value in os.environ.items() if name not in KEPT_OUT}
    return inherited | {
        **{f"{name}_NUM_THREADS": str(threads) for name in counts},
        "NETWORK3_THREADS": str(threads),
        "NPROC": str(threads),  # JAX
        "XLA_FLAGS": " ".join(filter(None, xla)),
        "JAX_PLATFORMS": "cpu",
        "NETWORK3_DEVICE": "cpu",
        "PYTENSOR_FLAGS": ",".join(filter(None, flags)),
        "TORCHINDUCTOR_CACHE_DIR": str(folder / "inductor"),
    }
