"""Ctrl-C that waits for a good moment, and the error that a training then ends with."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .history import History


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


@contextmanager
def held_back() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether Ctrl-C was pressed since; a second one acts at once.

    Where Ctrl-C is not Python's own, or outside the main thread, nothing is changed.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield lambda: False
        return
    pressed = threading.Event()

    def note(number, frame):
        pressed.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, note)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
