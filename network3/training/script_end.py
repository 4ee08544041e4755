"""The end of a script that Ctrl-C has stopped in a training: one line and exit code 130, instead of a traceback."""

import signal
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from .history import History
from .signals import INTERRUPTED, TrainingInterrupted


def end_script_in_one_line(error: TrainingInterrupted) -> None:
    """Let a script that `error` ends print its message instead of a traceback, and exit with 130.

    This is how `sys.excepthook` shows the error, as long as it exists; errors that are caught are not shown. Another
    hook of the program's stays, and an interactive session keeps its traceback, since it goes on.
    """
    shown = sys.excepthook
    # PyTensor's hook calls Python's own.
    default = shown is sys.__excepthook__ or getattr(shown, "__module__", "") == "pytensor.utils"
    interactive = sys.flags.interactive or sys.flags.inspect or hasattr(sys, "ps1") or "idlelib.run" in sys.modules
    if interactive or not default:
        return

    def show(kind: type[BaseException], raised: BaseException, traceback: TracebackType | None) -> None:
        if not isinstance(raised, TrainingInterrupted):
            shown(kind, raised, traceback)
            return
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # pressed again while the program ends
        sys.stderr.write(f"{raised}\n")
        sys.exit(INTERRUPTED)

    def restore() -> None:
        if sys.excepthook is show:
            sys.excepthook = shown

    sys.excepthook = show
    weakref.finalize(error, restore).atexit = False


@contextmanager
def before_training() -> Iterator[None]:
    """Make a Ctrl-C in the block, which prepares a training, the end of the training."""
    try:
        yield
    except KeyboardInterrupt:
        error = TrainingInterrupted("SGD: interrupted before the first mini-batch.", History(), None)
        end_script_in_one_line(error)
        raise error from None
