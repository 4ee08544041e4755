"""Ctrl-C and SIGTERM, deferred to a place where a training can be stopped, and the errors that then end it."""

import _thread
import signal
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from network3.execution.sharding import DeviceMesh

from .history import History

INTERRUPTED, TERMINATED = (128 + number for number in (signal.SIGINT, signal.SIGTERM))  # exit codes, as in shells


class TrainingInterrupted(KeyboardInterrupt):
    """Raised when Ctrl-C ended `Network.SGD`; as the end of a script it is one line, and the exit code is 130.

    Attributes
    ----------
    history : History
        Of the complete epochs.
    checkpoint : Path or None
        Where the training was saved; ``SGD(..., resume=checkpoint)`` goes on from there.

    Examples
    --------
    >>> import _thread
    >>> from network3 import Network, SoftmaxLayer
    >>> net = Network([SoftmaxLayer(n_in=2, n_out=2)], 1)
    >>> data, stop = ([[0, 1], [1, 0]], [1, 0]), lambda progress: _thread.interrupt_main()  # as Ctrl-C does
    >>> try:
    ...     net.SGD(data, 1000, 1, 1.0, verbose=False, callbacks=[stop])
    ... except TrainingInterrupted as error:
    ...     print(error.history.epochs < 1000, error.checkpoint)
    True None
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

    Examples
    --------
    >>> import os
    >>> from network3 import Network, SoftmaxLayer
    >>> net = Network([SoftmaxLayer(n_in=2, n_out=2)], 1)
    >>> data, stop = ([[0, 1], [1, 0]], [1, 0]), lambda progress: signal.raise_signal(signal.SIGTERM)
    >>> try:
    ...     net.SGD(data, 1000, 1, 1.0, verbose=False, callbacks=[stop])
    ... except TrainingTerminated as error:
    ...     print(error.history.epochs < 1000, error.code)
    True 143
    """

    def __init__(self, message: str, history: History, checkpoint: Path | None):
        super().__init__(TERMINATED)
        self.message, self.history, self.checkpoint = message, history, checkpoint


class StopRequest:
    """Which of the two signals have arrived, and when they act.

    A signal raises KeyboardInterrupt where it arrives if it is at least the n-th Ctrl-C, with the n of `acting_after`:
    1 where a training can be stopped anywhere, 2 in callbacks, and 3 elsewhere: the mini-batches under way are soon
    finished, and a second Ctrl-C would lose them. SIGTERM acts like the first Ctrl-C.
    """

    def __init__(self, *, acknowledges: bool = False) -> None:
        self.acknowledges = acknowledges
        self.interrupted = threading.Event()
        self.terminated = threading.Event()
        self._presses, self._needed = 0, 3
        self._repeated = False  # the next call is one that this class has asked for

    @property
    def pending(self) -> bool:
        """Whether a signal has arrived."""
        return self.interrupted.is_set() or self.terminated.is_set()

    @contextmanager
    def acting_after(self, presses: int) -> Iterator[None]:
        """Let the Ctrl-C of this number act at once in the block; after 1, a signal that arrived before acts as well.

        Raises
        ------
        KeyboardInterrupt
            At any place in the block.
        """
        before, self._needed = self._needed, presses
        try:
            if presses == 1 and self.pending:
                raise KeyboardInterrupt
            yield
        finally:
            self._needed = before

    def error_class(self, mesh: DeviceMesh | None) -> type[TrainingInterrupted | TrainingTerminated] | None:
        """Return the error to end a training with; None if no signal has arrived in any process of `mesh`."""
        terminated, interrupted = self.terminated.is_set(), self.interrupted.is_set()
        if mesh is not None:  # all processes stop at the same mini-batch
            terminated, interrupted = mesh.in_any_process(terminated, interrupted)
        return TrainingTerminated if terminated else TrainingInterrupted if interrupted else None

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """Handle Ctrl-C."""
        self.interrupted.set()
        self._presses += not self._repeated
        self._repeated = False
        if self._presses >= self._needed:
            if not _ignores_errors(frame):
                raise KeyboardInterrupt
            self._repeated = True
            _thread.start_new_thread(_interrupt_again, ())  # threading's locks may be taken, as this is a handler
        if self._needed == 2 and self.acknowledges:  # a callback may take long
            self._acknowledge()

    def terminate(self, number: int, frame: FrameType | None) -> None:
        """Handle SIGTERM."""
        self.terminated.set()
        if self._needed == 1:
            raise KeyboardInterrupt

    def _acknowledge(self) -> None:
        with suppress(RuntimeError):  # the program is writing to standard error as well
            sys.stderr.write("SGD: stops when the callback under way has returned; a second Ctrl-C stops at once.\n")


def _ignores_errors(frame: FrameType | None) -> bool:
    """Return whether Python would print an error raised in `frame` and go on, as in callbacks of weak references."""
    while frame is not None:
        if frame.f_code.co_filename == weakref.__file__ or frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False


def _interrupt_again() -> None:
    time.sleep(0.001)
    _thread.interrupt_main()


@contextmanager
def deferred_signals(*, acknowledges: bool = False) -> Iterator[StopRequest]:
    """Defer Ctrl-C and SIGTERM, and yield the record of them, which has their handlers.

    With `acknowledges`, a line answers a Ctrl-C that has to wait for a callback.

    A signal for which the program has its own handler is left alone; outside the main thread both are.
    """
    request = StopRequest(acknowledges=acknowledges)
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    ours = [
        (signal.SIGINT, signal.default_int_handler, request.interrupt),
        (signal.SIGTERM, signal.SIG_DFL, request.terminate),
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
