"""A line for whoever waits: it is shown only if something takes longer than a second."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 1.0  # seconds


@contextmanager
def notice(show: Callable[[], None]) -> Iterator[None]:
    """Call `show` in a thread, once, if the block takes longer than a second."""
    timer = threading.Timer(PATIENCE, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # what it shows comes before what follows
