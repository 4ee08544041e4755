"""One background thread for what calls LLVM, in a process that may fork and will end.

The thread is there only while there are jobs. A job holds LLVM's lock from end to end, so a process that forks or ends
waits for the job in hand and finds nothing half done; the jobs behind it are dropped, in the child and at the end.
"""

import atexit
import os
import sys
import threading
from collections import deque
from collections.abc import Callable

from . import object_code

Job = Callable[[], None]

_jobs: deque[Job] = deque()
_worker: threading.Thread | None = None  # who does the jobs
_forking = False  # no further job is begun
_exiting = False  # whoever submits a job does it
_guard = threading.RLock()  # of the names above; held for moments only
_when_dropped: list[Callable[[], None]] = []
_usual_interval: float | None = None  # what Python's switch interval was before the worker started

# Seconds after which Python has a thread make room for another. A kernel takes some twenty calls of LLVM, and each has
# to get Python's lock back from the caller: in Python's own 5 ms they would wait for as long as LLVM works. Python
# rounds this to whole microseconds; one that it gives back as it is tells whether somebody else has set it.
BRISK = 64e-6


def submit(job: Job) -> None:
    """Have a job done in the background, after those submitted before it; it must not raise."""
    if _exiting:
        with object_code.LOCK:
            job()
        return
    with _guard:
        _jobs.append(job)
    _start()


def call_when_dropped(callback: Callable[[], None]) -> None:
    """Call `callback` whenever the jobs that are left are dropped: no thread does them, or waits for them, any more."""
    _when_dropped.append(callback)


def _start() -> None:
    """Start the worker if there are jobs; where no thread can be started, do them here."""
    global _worker
    with _guard:
        if (_worker is not None and _worker.is_alive()) or _forking or not _jobs:
            return
        _worker = threading.Thread(target=_work, name="network3 compiler", daemon=True)
        try:
            _worker.start()
        except RuntimeError:  # there are too many
            _worker = threading.current_thread()
        else:
            _switch_briskly()
            return
    try:
        _work()
    finally:
        with _guard:
            if _worker is threading.current_thread():
                _worker = None


def _work() -> None:
    while (job := _next_job()) is not None:
        with object_code.LOCK:
            job()


def _next_job() -> Job | None:
    """Return what this thread is to do next; None if it is no longer the worker."""
    global _worker
    with _guard:
        if _worker is not threading.current_thread():
            return None
        if _jobs and not _forking:
            return _jobs.popleft()
        _worker = None
        _switch_as_usual()
        return None


def _switch_briskly() -> None:
    global _usual_interval
    if _usual_interval is None and sys.getswitchinterval() > BRISK:
        _usual_interval = sys.getswitchinterval()
        sys.setswitchinterval(BRISK)


def _switch_as_usual() -> None:
    global _usual_interval
    if _usual_interval is not None and sys.getswitchinterval() == BRISK:  # nobody else has set it meanwhile
        sys.setswitchinterval(_usual_interval)
    _usual_interval = None


def _before_fork() -> None:
    global _forking
    _forking = True
    object_code.LOCK.acquire()
    _guard.acquire()


def _after_fork_in_parent() -> None:
    global _forking
    _forking = False
    _guard.release()
    object_code.LOCK.release()
    _start()


def _after_fork_in_child() -> None:
    global _forking, _worker, _guard
    _forking, _worker, _guard = False, None, threading.RLock()
    object_code.LOCK = threading.RLock()
    _jobs.clear()
    _switch_as_usual()
    for callback in _when_dropped:
        callback()


def _at_exit() -> None:
    """Let no other thread into LLVM any more: as a process ends, LLVM's own data go while such threads still run."""
    global _exiting
    with _guard:
        _exiting = True
        _jobs.clear()
    object_code.LOCK.acquire()  # for good; this thread itself may go on
    for callback in _when_dropped:
        callback()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):  # Windows does not fork
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
