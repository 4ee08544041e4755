"""Ctrl-C while processes start: blocked in the new process until it is ready, and in this one until it has started."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


def block_ctrl_c() -> None:
    """Block Ctrl-C in this process, and in processes that it starts from now on.

    Blocked signals arrive after `unblock_ctrl_c`; on Windows they are lost instead.
    """
    _set_blocked(True)


def unblock_ctrl_c() -> None:
    """Let Ctrl-C interrupt this process again."""
    _set_blocked(False)


def _set_blocked(blocked: bool) -> None:
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetConsoleCtrlHandler(None, blocked)  # inherited by processes, unlike a handler
    else:
        signal.pthread_sigmask(signal.SIG_BLOCK if blocked else signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def signals_blocked_while_starting() -> Iterator[None]:
    """Block Ctrl-C and SIGTERM during the block, in which processes may be started; they act when it ends.

    An exception in the middle of a start would leave a process that this one has no record of, and that waits for the
    rest of its input. Blocking the signals is not enough: another thread may receive them, for example one of a
    library, and Python still calls the handler in the main thread.
    """
    received: list[int] = []
    handlers = {}

    def record(number: int, frame: FrameType | None) -> None:
        received.append(number)

    if threading.current_thread() is threading.main_thread():  # others may not set handlers, and are not interrupted
        for number in (signal.SIGINT, signal.SIGTERM):
            if callable(handler := signal.getsignal(number)):
                handlers[number] = handler
                signal.signal(number, record)
    block_ctrl_c()
    try:
        yield
    finally:
        unblock_ctrl_c()
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for each in sorted({*received}, reverse=True):  # SIGTERM first: it ends more
            signal.raise_signal(each)
