"""Ctrl-C while processes start: held back by the new one until it is ready, and by this one until the start is over."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


def hear_ctrl_c(heard: bool) -> None:
    """Let Ctrl-C through to this process, or hold it back; processes that it starts meanwhile hold it back too.

    On Windows it is lost instead, as there is nothing that would hold it.
    """
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetConsoleCtrlHandler(None, not heard)  # what processes inherit, unlike a handler
    else:
        signal.pthread_sigmask(signal.SIG_UNBLOCK if heard else signal.SIG_BLOCK, {signal.SIGINT})


@contextmanager
def deferred_signals() -> Iterator[None]:
    """Let what Ctrl-C and SIGTERM do in this process wait for the end of the block, in which processes may be started.

    An exception in the middle of a start would leave a process of which nobody knows, and which finds half of what it
    is to read. To block the signals is not enough: another thread may receive them, a library's for example, and
    Python calls the handler in the main thread all the same.
    """
    received: list[int] = []
    handlers = {}
    if threading.current_thread() is threading.main_thread():  # others may not set handlers, nor are they interrupted
        for number in (signal.SIGINT, signal.SIGTERM):
            if callable(handler := signal.getsignal(number)):
                handlers[number] = handler
                signal.signal(number, lambda number, frame: received.append(number))
    hear_ctrl_c(False)
    try:
        yield
    finally:
        hear_ctrl_c(True)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for heard in sorted({*received}, reverse=True):  # SIGTERM first: it asks for more
            signal.raise_signal(heard)
