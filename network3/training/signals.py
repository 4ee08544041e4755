"""Ctrl-C and SIGTERM that wait for a good moment, and the errors that a training then ends with."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .history import History

TERMINATED = 128 + signal.SIGTERM  # the exit code, as shells count


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C ended `Network.SGD` between two mini-batches.

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
    """SIGTERM, as a computer that shuts down sends it, ended `Network.SGD` like Ctrl-C; the program ends with 143.

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
    """What was heard of the two signals: called, it tells whether any was."""

    def __init__(self):
        self.interrupted = threading.Event()
        self.terminated = threading.Event()

    def __call__(self) -> bool:
        return self.interrupted.is_set() or self.terminated.is_set()


@contextmanager
def deferred_signals() -> Iterator[StopRequest]:
    """Yield what tells whether Ctrl-C was pressed or SIGTERM came since; a second Ctrl-C acts at once.

    A signal that the program has a handler of its own for is left to it; so are all of them outside the main thread.
    """
    pressed = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return

    def interrupt(number, frame):
        pressed.interrupted.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def terminate(number, frame):
        pressed.terminated.set()

    ours = [
        (signal.SIGINT, signal.default_int_handler, interrupt),
        (signal.SIGTERM, signal.SIG_DFL, terminate),
    ]
    taken = [(number, usual, handler) for number, usual, handler in ours if signal.getsignal(number) is usual]
    for number, _, handler in taken:
        signal.signal(number, handler)
    try:
        yield pressed
    finally:
        for number, usual, _ in taken:
            signal.signal(number, usual)


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block by a SystemExit, so that what it holds is put in order first."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(number, frame):
        raise SystemExit(TERMINATED)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def in_notebook() -> bool:
    """Whether this is the kernel of a notebook, where an error would lose what was trained so far."""
    return "ipykernel" in sys.modules
