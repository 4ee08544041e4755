"""A team of threads for our kernels: work is cut into parts, whoever is free takes one, and none waits for who is late.

How work is cut follows from the shapes alone; the threads only decide who does a part, so their number changes no bit.
The caller takes parts as the helpers do, and would do all of them alone if none came: a helper that the system lets
wait holds up no more than the part it has in hand. Where that happens on a busy machine, the caller goes on alone for
twenty times as long as it had to wait. Helpers live in Python threads, inside compiled code that needs no lock of
Python's, and only while `at_work` is entered: elsewhere, and in a forked child, the same code runs in one thread.

(Numba's own parallel loops wait actively, cost seconds to compile, kill a forked child under GNU OpenMP, and crash
when a cached function calls a cached parallel one.)
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from ...checks import whole
from . import sharing

_numbers = np.ctypeslib.as_array(sharing.board)
_lock = threading.Lock()
_users = 0
_helpers: list[threading.Semaphore] = []  # how each is called in
_arrived = threading.Semaphore(0)
PATIENCE = 0.001  # seconds for a helper to arrive


def threads() -> int:
    """Return how many threads may work: NETWORK3_THREADS, else as many processors as this process may use.

    Raises
    ------
    ValueError
        NETWORK3_THREADS is not a whole number of at least 1.
    """
    given = os.environ.get("NETWORK3_THREADS")
    if given:
        return whole("NETWORK3_THREADS", int(given) if given.strip().isdecimal() else given)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def at_work() -> Iterator[None]:
    """Let helpers work while this is entered, by any number of threads."""
    wanted = threads() - 1
    if wanted < 1:
        yield
        return
    process = os.getpid()
    _enter(wanted)
    try:
        yield
    finally:
        if os.getpid() == process:  # not a child forked in between, which has no helpers
            _leave()


def _enter(wanted: int) -> None:
    global _users
    with _lock:
        _users += 1
        if not _helpers:
            sharing.help_out(wanted)  # compiled here, and found done with
        while len(_helpers) < wanted:
            call_in = threading.Semaphore(0)
            helper = threading.Thread(target=_help, args=(len(_helpers), call_in), name="network3 helper", daemon=True)
            _helpers.append(call_in)
            helper.start()
        _numbers[sharing.HELPERS] = wanted
        while _arrived.acquire(blocking=False):  # whoever came too late the last time
            pass
        for call_in in _helpers[:wanted]:
            call_in.release()
        # They come in through Python's lock, which the caller lets go while it waits, and then perhaps no more.
        if _users == 1:
            for _ in range(wanted):
                _arrived.acquire(timeout=PATIENCE)


def _leave() -> None:
    global _users
    with _lock:
        _users -= 1
        if _users == 0:
            _numbers[sharing.HELPERS] = 0


def _help(me: int, call_in: threading.Semaphore) -> None:
    while True:
        call_in.acquire()
        _arrived.release()
        sharing.help_out(me)


def _forget() -> None:
    """Start anew in a forked child, where no helper came along."""
    global _users, _lock, _arrived
    _users, _lock, _arrived = 0, threading.Lock(), threading.Semaphore(0)
    _helpers.clear()
    _numbers[:] = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
