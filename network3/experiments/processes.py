"""Several processes that share the processors of this machine, each of which does one thing after the other."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import Any

from network3.layers.backends.cpu.processor_count import processors
from network3.training.callbacks import Progress
from network3.training.signals import TERMINATED, TrainingTerminated

from .signals import block_ctrl_c, signals_blocked_while_starting, unblock_ctrl_c

POLL_SECONDS = 0.5  # between reports of progress
SAVE_SECONDS = 60  # that trainings have to save their state after Ctrl-C
THREADS = "NETWORK3_THREADS"

_stop: Event | None = None  # in a process of the pool: set once it must not begin anything else


class Workers:
    """Processes that are started when they are needed, and wait until the pool is closed.

    Parameters
    ----------
    executor : ProcessPoolExecutor
    stop : Event
        That they must not begin anything else.
    """

    def __init__(self, executor: ProcessPoolExecutor, stop: Event) -> None:
        self._executor, self._stop = executor, stop

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future:
        """Let the next free process call a function of a module, within `receiving_ctrl_c`."""
        with signals_blocked_while_starting():
            return self._executor.submit(function, *arguments)

    def interrupt(self, running: Iterable[Future]) -> None:
        """Pass Ctrl-C on to the processes, and wait until what is running has ended."""
        running = list(running)
        self._stop.set()
        for future in running:
            future.cancel()
        if os.name == "posix":  # elsewhere they received it themselves
            for child in multiprocessing.active_children():
                if child.pid is not None:
                    os.kill(child.pid, signal.SIGINT)
        deadline = time.monotonic() + SAVE_SECONDS
        while time.monotonic() < deadline and not all(future.done() for future in running):
            time.sleep(0.1)
        for child in multiprocessing.active_children() if not all(future.done() for future in running) else ():
            child.kill()  # it does not react, for example inside a library's code


@contextmanager
def workers(count: int) -> Iterator[Workers]:
    """Yield `count` processes, each of which uses `threads_of_each` threads; they end with the block."""
    context = multiprocessing.get_context("spawn")  # a fork would share the threads of compiled code
    with _threads(threads_of_each(count)):
        with signals_blocked_while_starting():
            stop = context.Event()
            executor = ProcessPoolExecutor(count, mp_context=context, initializer=_initialize, initargs=(stop,))
        try:
            yield Workers(executor, stop)
        finally:
            executor.shutdown(wait=True, cancel_futures=True)


def threads_of_each(count: int) -> int:
    """Return how many threads each of `count` processes uses: its share of the processors, or NETWORK3_THREADS."""
    given = os.environ.get(THREADS, "")
    return int(given) if given.isdecimal() else max(1, processors() // count)


@contextmanager
def receiving_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C interrupt the block, in a process of the pool; elsewhere it is blocked there.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C, also one that came before this process could receive it.
    """
    try:
        unblock_ctrl_c()
        if _stop is not None and _stop.is_set():
            raise KeyboardInterrupt
        yield
    except TrainingTerminated:  # everything is saved
        os._exit(TERMINATED)  # an exception would be caught, and the process would wait for ever
    finally:
        block_ctrl_c()


def stop_with_parent(progress: Progress) -> None:
    """End this process if the one that started it was killed; otherwise it would continue unnoticed for hours."""
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        os._exit(1)  # an exception would be caught, and the process would wait for ever


def _initialize(stop: Event) -> None:
    """Block Ctrl-C in a process that is idle: the process that started this one passes it on to the others."""
    global _stop
    _stop = stop
    signal.signal(signal.SIGINT, signal.default_int_handler)
    block_ctrl_c()
    if hasattr(os, "setpgrp"):
        os.setpgrp()


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Set how many threads each of the processes may use that are started in the block."""
    before = os.environ.get(THREADS)
    os.environ[THREADS] = before or str(count)
    try:
        yield
    finally:
        if before is None:
            del os.environ[THREADS]
