"""A team of threads for the kernels: work is cut into parts, whoever is free takes one, and none waits for who is late.

How work is cut follows from the shapes alone; the threads only decide who does a part, so their number changes no bit.
The caller takes parts as the helpers do, and would do all of them alone if none came: a helper that the system lets
wait holds up no more than the part it has in hand. Where that happens on a busy machine, the caller goes on alone for
twenty times as long as it had to wait. Helpers live in Python threads, inside compiled code that needs no lock of
Python's, and only while `thread_pool` is entered: elsewhere, and in a forked child, the same code runs in one thread.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from network3.layers.checks import integer

from .entry import compiled
from .work_queue import HELPERS, QUEUE
from .worker import worker_loop

PATIENCE = 0.001  # seconds for a helper to arrive

_lock = threading.Lock()
_users = 0
_helpers: list[threading.Semaphore] = []  # how each is called in
_arrived = threading.Semaphore(0)


class _Thread(threading.local):
    """What each thread knows of itself."""

    single = False


_thread = _Thread()


def threads() -> int:
    """Return how many threads may work: NETWORK3_THREADS, else as many processors as this process may use.

    Raises
    ------
    ValueError
        NETWORK3_THREADS is not a whole number of at least 1.
    """
    given = os.environ.get("NETWORK3_THREADS")
    if given:
        return integer("NETWORK3_THREADS", int(given) if given.strip().isdecimal() else given)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def thread_pool() -> Iterator[None]:
    """Let helpers work while this is entered, by any number of threads."""
    expected = threads() - 1
    if expected < 1 or in_single_thread():
        yield
        return
    process = os.getpid()
    _enter(expected)
    try:
        yield
    finally:
        if os.getpid() == process:  # not a child forked in between, which has no helpers
            _leave()


@contextmanager
def single_thread() -> Iterator[None]:
    """Let the calling thread run its plans alone while this is entered, without a look at the work queue.

    `thread_pool` calls no helpers in meanwhile. Other threads are not concerned.
    """
    before = _thread.single
    _thread.single = True
    try:
        yield
    finally:
        _thread.single = before


def in_single_thread() -> bool:
    """Return whether the calling thread has entered `single_thread`."""
    return _thread.single


def _enter(expected: int) -> None:
    global _users
    compiled(worker_loop)  # here, rather than by all helpers at once
    with _lock:
        _users += 1
        try:
            _call_in(expected)
        except BaseException:  # an interruption, say: nobody will leave
            _dismiss()
            raise


def _call_in(expected: int) -> None:
    """Let so many helpers work, or as many as there can be."""
    while len(_helpers) < expected:
        call_in = threading.Semaphore(0)
        helper = threading.Thread(target=_help, args=(len(_helpers), call_in), name="network3 helper", daemon=True)
        try:
            helper.start()
        except RuntimeError:  # the system allows no more threads
            expected = len(_helpers)
            break
        _helpers.append(call_in)
    QUEUE.words[HELPERS] = expected
    while _arrived.acquire(blocking=False):  # whoever came too late the last time
        pass
    for call_in in _helpers[:expected]:
        call_in.release()
    # They come in through Python's lock, which the caller lets go while it waits, and then perhaps no more.
    if _users == 1:
        for _ in range(expected):
            _arrived.acquire(timeout=PATIENCE)


def _leave() -> None:
    with _lock:
        _dismiss()


def _dismiss() -> None:
    """Count one user less; send the helpers away with the last one."""
    global _users
    _users -= 1
    if _users == 0:
        QUEUE.words[HELPERS] = 0


def _help(helper: int, call_in: threading.Semaphore) -> None:
    while True:
        call_in.acquire()
        _arrived.release()
        _work(helper)


def _work(helper: int) -> None:
    """Take parts of jobs, without Python's lock, until helper number `helper` is not expected any more."""
    block = np.array([QUEUE.address, helper], np.int64)
    compiled(worker_loop)(block.ctypes.data, 0, 0)


def _forget() -> None:
    """Start anew in a forked child, where no helper came along."""
    global _users, _lock, _arrived
    _users, _lock, _arrived = 0, threading.Lock(), threading.Semaphore(0)
    _helpers.clear()
    QUEUE.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
