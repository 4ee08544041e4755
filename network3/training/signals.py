"""Ctrl-C and SIGTERM, deferred to the end of a chunk of mini-batches, and the errors that then end a training."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from network3.execution.sharding import DeviceMesh

from .history import History

TERMINATED = 128 + signal.SIGTERM  # the exit code, as shells count


class TrainingInterrupted(KeyboardInterrupt):
    """Raised when Ctrl-C ended `Network.SGD` between two mini-batches.

    Attributes
    ----------
    history : History
        Of the complete epochs.
    checkpoint : Path or None
        Where the training was saved; ``SGD(..., resume=checkpoint)`` goes on from there.
    """

    def __init__(self, message: str, history: History, checkpoint: Path | None):
        super().__init__(message)
        self.history, self.checkpoint = history, checkpoint


class TrainingTerminated(SystemExit):
    """Raised when SIGTERM, as sent by a computer that shuts down, ended `Network.SGD`; the exit code is 143.

    Attributes
    ----------
    message : str
    history, checkpoint
        As those of `TrainingInterrupted`.
    """

    def __init__(self, message: str, history: History, checkpoint: Path | None):
        super().__init__(TERMINATED)
        self.message, self.history, self.checkpoint = message, history, checkpoint


class StopRequest:
    """Which of the two signals have arrived."""

    def __init__(self) -> None:
        self.interrupted = threading.Event()
        self.terminated = threading.Event()

    def error_class(self, mesh: DeviceMesh | None) -> type[TrainingInterrupted | TrainingTerminated] | None:
        """Return the error to end a training with; None if no signal has arrived in any process of `mesh`."""
        terminated, interrupted = self.terminated.is_set(), self.interrupted.is_set()
        if mesh is not None:  # all processes stop at the same mini-batch
            terminated, interrupted = mesh.in_any_process(terminated, interrupted)
        return TrainingTerminated if terminated else TrainingInterrupted if interrupted else None


@contextmanager
def deferred_signals() -> Iterator[StopRequest]:
    """Defer Ctrl-C and SIGTERM, and yield the record of them; a second Ctrl-C acts at once.

    A signal for which the program has its own handler is left alone; outside the main thread both are.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        request.interrupted.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def terminate(number: int, frame: FrameType | None) -> None:
        request.terminated.set()

    ours = [
        (signal.SIGINT, signal.default_int_handler, interrupt),
        (signal.SIGTERM, signal.SIG_DFL, terminate),
    ]
    deferred = [(number, default, handler) for number, default, handler in ours if signal.getsignal(number) is default]
    for number, _, handler in deferred:
        signal.signal(number, handler)
    try:
        yield request
    finally:
        for number, default, _ in deferred:
            signal.signal(number, default)


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block by a SystemExit, so that its context managers are closed first."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(TERMINATED)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def in_notebook() -> bool:
    """Return whether this is the kernel of a notebook, where an error would lose the record of the training."""
    return "ipykernel" in sys.modules
