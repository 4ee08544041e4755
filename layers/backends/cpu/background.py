"""One background thread for all calls of LLVM, safe in a process that may fork or exit.

The thread exists only while there are jobs. A job holds LLVM's lock from start to end, so a process that forks or exits
waits for the current job and never sees LLVM in an intermediate state. Pending jobs are dropped, in the child and at
exit.
waits for the current job and never sees LLVM in an intermediate state. Pending jobs are dropped, in the child and at
exit.
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
_worker: threading.Thread | None = None  # runs the jobs
_forking = False  # no further job is started
_exiting = False  # jobs run in the thread that submits them
_guard = threading.RLock()  # protects the names above; held only briefly
_when_dropped: list[Callable[[], None]] = []
_original_interval: float | None = None  # Python's switch interval before the worker started

# Python's switch interval in seconds while the worker runs. Compiling a kernel takes about twenty calls of LLVM, and
# after each the worker must get the GIL back from the caller. With Python's default of 5 ms, that wait would take as
# long as LLVM itself. Python rounds the interval to whole microseconds; this value is unchanged by the rounding, so
# `_restore_switch_interval` can detect whether other code has set another one.
SHORT_INTERVAL = 64e-6


def submit(job: Job) -> None:
    """Run a job in the background, after those submitted before it; it must not raise."""
    if _exiting:
        with object_code.LOCK:
            job()
        return
    with _guard:
        _jobs.append(job)
    _start()


def call_when_dropped(callback: Callable[[], None]) -> None:
    """Call `callback` whenever pending jobs are dropped: no thread will run them, or wait for them, any more."""
    _when_dropped.append(callback)


def _start() -> None:
    """Start the worker if there are jobs; if no thread can be started, run them in this one."""
    global _worker
    with _guard:
        if (_worker is not None and _worker.is_alive()) or _forking or not _jobs:
            return
        _worker = threading.Thread(target=_work, name="network3 compiler", daemon=True)
        try:
            _worker.start()
        except RuntimeError:  # too many threads
            _worker = threading.current_thread()
        else:
            _shorten_switch_interval()
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
    """Return the next job; None if this thread is no longer the worker."""
    global _worker
    with _guard:
        if _worker is not threading.current_thread():
            return None
        if _jobs and not _forking:
            return _jobs.popleft()
        _worker = None
        _restore_switch_interval()
        return None


def _shorten_switch_interval() -> None:
    global _original_interval
    if _original_interval is None and sys.getswitchinterval() > SHORT_INTERVAL:
        _original_interval = sys.getswitchinterval()
        sys.setswitchinterval(SHORT_INTERVAL)


def _restore_switch_interval() -> None:
    global _original_interval
    if _original_interval is not None and sys.getswitchinterval() == SHORT_INTERVAL:  # unless other code has changed it
        sys.setswitchinterval(_original_interval)
    _original_interval = None


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
    _restore_switch_interval()
    for callback in _when_dropped:
        callback()


def _at_exit() -> None:
    """Keep other threads out of LLVM: its data are destroyed at exit, while such threads still run."""
    global _exiting
    with _guard:
        _exiting = True
        _jobs.clear()
    object_code.LOCK.acquire()  # never released; this thread can still compile
    for callback in _when_dropped:
        callback()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):  # Windows does not fork
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
