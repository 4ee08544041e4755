"""Lines for whoever waits: each is shown once, and only if something takes longer than a second."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 1.0  # seconds


class Notices:
    """The lines of a training.

    Parameters
    ----------
    show : callable
        Called with a line, in a thread.
    """

    def __init__(self, show: Callable[[str], None]):
        self._show, self._shown = show, set[str]()

    @contextmanager
    def unless_quick(self, line: str) -> Iterator[None]:
        """Show `line` if the block takes longer than a second, unless it is empty or has been shown before."""
        if not line or line in self._shown:
            yield
            return
        timer = threading.Timer(PATIENCE, self._show_once, [line])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()  # what it shows comes before what follows

    def _show_once(self, line: str) -> None:
        self._shown.add(line)
        self._show(line)
