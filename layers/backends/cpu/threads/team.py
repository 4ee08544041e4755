"""The thread pool of the kernels: work is divided into parts, each free thread takes the next one, and none waits long.

The division follows from the shapes alone; threads only determine who runs a part, so their number does not change a
bit of the results. The caller takes parts as the helpers do, and would run all of them if no helper came: a helper
that the system suspends delays only the part that it is running. If that happens on a busy machine, the caller
continues alone for twenty times the delay. Helpers run in Python threads, inside compiled code without the GIL, and
only in a `thread_pool` context: elsewhere, and in a forked child, the same code runs in one thread.
"""

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from network3.layers.backends.cpu.processor_count import processors
from network3.layers.checks import error_message, integer

from .entry import compiled
from .work_queue import HELPERS, QUEUE
from .worker import worker_loop

ARRIVAL_TIMEOUT = 0.001  # seconds to wait for a helper to start
MOST = 64  # threads; idle ones poll, and 180 on 2 processors were measured to leave no time to the caller

_lock = threading.Lock()
_users = 0
_helpers: list[threading.Semaphore] = []  # each helper waits for its own
_arrived = threading.Semaphore(0)
_warned_of: set[int] = set()  # numbers of threads


class _Thread(threading.local):
    """The state of each thread."""

    single = False


_thread = _Thread()


def threads() -> int:
    """Return the number of threads: NETWORK3_THREADS, by default and at most the processors of this process.

    Raises
    ------
    ValueError
        NETWORK3_THREADS is not an integer of at least 1.
    """
    most = min(processors(), MOST)
    given = os.environ.get("NETWORK3_THREADS")
    if not given:
        return most
    number = integer("NETWORK3_THREADS", int(given) if given.strip().isdecimal() else given)
    if number > most and number not in _warned_of:
        _warned_of.add(number)
        expected = f"expected at most the {most} processors that this process may use"
        hint = f"It runs {most} threads: more are slower."
        warnings.warn(error_message("NETWORK3_THREADS", expected, number, hint), RuntimeWarning, stacklevel=2)
    return min(number, most)


@contextmanager
def thread_pool() -> Iterator[None]:
    """Run helper threads in this context; any number of threads may enter it."""
    expected = threads() - 1
    if expected < 1 or in_single_thread():
        yield
        return
    process = os.getpid()
    _enter(expected)
    try:
        yield
    finally:
        if os.getpid() == process:  # a child forked in between has no helpers
            _leave()


@contextmanager
def single_thread() -> Iterator[None]:
    """Run the plans of the calling thread without helpers in this context, and without access to the work queue.

    Within it, `thread_pool` starts no helpers. Other threads are not affected.
    """
    before = _thread.single
    _thread.single = True
    try:
        yield
    finally:
        _thread.single = before


def in_single_thread() -> bool:
    """Return whether the calling thread is in a `single_thread` context."""
    return _thread.single


def _enter(expected: int) -> None:
    global _users
    compiled(worker_loop)  # here, not by all helpers at once
    with _lock:
        _users += 1
        try:
            _wake_helpers(expected)
        except BaseException:  # e.g. KeyboardInterrupt: `_leave` will not be called
            _release()
            raise


def _wake_helpers(expected: int) -> None:
    """Start this number of helpers, or as many as the system allows."""
    while len(_helpers) < expected:
        wake = threading.Semaphore(0)
        helper = threading.Thread(target=_serve, args=(len(_helpers), wake), name="network3 helper", daemon=True)
        try:
            helper.start()
        except RuntimeError:  # the system allows no more threads
            expected = len(_helpers)
            break
        _helpers.append(wake)
    QUEUE.words[HELPERS] = expected
    while _arrived.acquire(blocking=False):  # helpers that arrived too late the last time
        pass
    for wake in _helpers[:expected]:
        wake.release()
    # Helpers need the GIL to start; the caller releases it while it waits here, and perhaps not again.
    if _users == 1:
        for _ in range(expected):
            _arrived.acquire(timeout=ARRIVAL_TIMEOUT)


def _leave() -> None:
    with _lock:
        _release()


def _release() -> None:
    """Decrement the number of users; stop the helpers with the last one."""
    global _users
    _users -= 1
    if _users == 0:
        QUEUE.words[HELPERS] = 0


def _serve(helper: int, wake: threading.Semaphore) -> None:
    while True:
        wake.acquire()
        _arrived.release()
        _run_parts(helper)


def _run_parts(helper: int) -> None:
    """Run parts of jobs, with the GIL released, until helper number `helper` is no longer expected."""
    block = np.array([QUEUE.address, helper], np.int64)
    compiled(worker_loop)(block.ctypes.data, 0, 0)


def _reset() -> None:
    """Reset the pool in a forked child, which has no helpers."""
    global _users, _lock, _arrived
    _users, _lock, _arrived = 0, threading.Lock(), threading.Semaphore(0)
    _helpers.clear()
    QUEUE.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset)
