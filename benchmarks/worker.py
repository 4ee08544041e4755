"""A worker: a process with one peer at one number of threads, which responds to requests in JSON lines."""

import json
import os
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from network3.layers.checks import error_message

from .peers import Peer

ROOT = Path(__file__).parents[1]
PROGRAM = "benchmarks.worker_program"
TIMEOUT = 300.0  # seconds
LOG_LINES = 4  # of a log, in an error message
# Removed, since an installed library has its bytecode, and JAX must not read a cache of compiled code.
REMOVED_VARIABLES = ("PYTHONDONTWRITEBYTECODE", "JAX_COMPILATION_CACHE_DIR")


class PeerError(RuntimeError):
    """A `peer` cannot be started, or it fails or dies at a request."""

    def __init__(self, peer: Peer, message: str) -> None:
        super().__init__(message)
        self.peer = peer


class Worker:
    """A process that runs `peer`; a context manager that ends it.

    Parameters
    ----------
    peer : Peer
    threads : int
        Limit for its libraries.
    python : path
        Interpreter of its virtual environment.
    folder : path
        With the data sets; caches of compiled code go there too.

    Attributes
    ----------
    timeout : float
        Seconds to wait for a response.

    Notes
    -----
    The first `receive` returns ``import_s`` and ``import_cpu_s``, or raises `PeerError` if the peer cannot be imported.
    """

    def __init__(self, peer: Peer, threads: int, python: str | Path, folder: Path) -> None:
        self.peer, self.name, self.timeout = peer, f"{peer.name} at {threads} threads", TIMEOUT
        self.log = folder / f"{peer.name}-{threads}.log"
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [str(python), "-m", PROGRAM, peer.module, str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                cwd=ROOT,
                env=process_variables(threads, folder) | dict(peer.variables),
            )

    def request(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Return the response to `method`, one of `benchmarks.worker_program.Server`.

        Raises
        ------
        PeerError
            The worker failed, died, or took longer than `timeout`.
        """
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # if the process has ended, `receive` raises
            self.process.stdin.write(json.dumps({"method": method, **arguments}) + "\n")
            self.process.stdin.flush()
        return self.receive()

    def receive(self) -> dict[str, Any]:
        """Return the next response; raises as `request` does."""
        assert self.process.stdout is not None
        timer = threading.Timer(self.timeout, self.process.kill)
        timer.start()
        try:
            line = self.process.stdout.readline()
        finally:
            timer.cancel()
        response = json.loads(line) if line else {"error": no_response(self.log, self.timeout)}
        if "error" in response:
            self.close()
            hint = f"Check that python -m {PROGRAM} {self.peer.module} runs by itself."
            raise PeerError(self.peer, error_message(self.name, "expected a response", response["error"], hint))
        return response

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def no_response(log: Path, timeout: float) -> str:
    """Describe a process that did not respond, with the last lines of its `log`."""
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    tail = " / ".join(line.strip() for line in lines[-LOG_LINES:] if line.strip())
    return f"no response within {timeout:g} s or before the process ended ({tail or 'its log is empty'})"


def process_variables(threads: int, folder: Path) -> dict[str, str]:
    """Return the environment variables that limit any library to `threads` on the CPU, with caches in `folder`."""
    counts = ("OMP", "MKL", "OPENBLAS", "NUMBA")
    flags = [os.environ.get("PYTENSOR_FLAGS", ""), f"base_compiledir={folder / 'pytensor'}"]
    xla = [os.environ.get("XLA_FLAGS", ""), f"--xla_cpu_multi_thread_eigen={str(threads > 1).lower()}"]
    inherited = {name: value for name, value in os.environ.items() if name not in REMOVED_VARIABLES}
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
