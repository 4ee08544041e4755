"""Several processes that share a machine, each with its threads, and take one task after the other."""

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

from network3.experiments.experiment import Folder
from network3.layers.checks import error_message, integer
from network3.storage.atomic import check_writable
from network3.training.signals import TERMINATED, TrainingTerminated

from .records import Record
from .signals import deferred_signals, hear_ctrl_c
from .tasks import Task
from .work import BUSY, RECORDS, WORK, carry_out, folder_of, quietly_read

LOOK = 0.5  # seconds between looks at how far the processes are
GRACE = 60  # seconds that they have to save after Ctrl-C

_stop: Event | None = None  # in a process of the pool: set when it is to take no more tasks


@dataclass(frozen=True)
class Finished:
    """A task that is over: with a record, or with what went wrong."""

    task: Task
    record: Record | None
    error: str = ""


def usable_processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def reproduce(
    tasks: Sequence[Task],
    results: Path,
    processes: int | None = None,
    watch: Callable[[dict[Task, int]], None] = lambda running: None,
) -> Iterator[Finished]:
    """Carry out those of `tasks` that `results` has no record of, and yield each as it is finished.

    Parameters
    ----------
    tasks : sequence of Task
    results : path
        Folder of the records and, while they are at work, of the checkpoints.
    processes : int, optional
        At a time; by default as many as there are processors, or tasks. The processors are shared among them.
    watch : callable
        ``watch({task: complete epochs})``, called twice a second with the tasks that are under way.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C, once the trainings under way are saved.
    OSError
        `results` cannot be written.
    RuntimeError
        A process was killed.
    """
    prepare_folder(results)
    done = {record.task for record in quietly_read(results)}
    waiting = deque(task for task in tasks if task not in done)
    if not waiting:
        return
    count = usable_processors() if processes is None else integer("network3 reproduce: --processes", processes)
    count = min(count, len(waiting))
    given = os.environ.get("NETWORK3_THREADS", "")
    threads = int(given) if given.isdecimal() else max(1, usable_processors() // count)
    with _threads(threads), _executor(count) as (executor, stop):
        running: dict[Future, Task] = {}
        busy: set[Task] = set()
        try:
            while waiting or running:
                while waiting and len(running) < count:
                    task = waiting.popleft()
                    with deferred_signals():
                        running[executor.submit(_work, task, results, threads, task in busy)] = task
                over, _ = wait(running, timeout=LOOK, return_when=FIRST_COMPLETED)
                watch({task: _epochs(folder_of(results, task)) for task in running.values()})
                for future in over:
                    task = running.pop(future)
                    outcome = future.result()
                    if outcome == BUSY:  # another process is at it: its turn comes again after all others
                        busy.add(task)
                        waiting.append(task)
                    elif isinstance(outcome, Record):
                        yield Finished(task, outcome)
                    else:
                        yield Finished(task, None, outcome)
        except BrokenExecutor:
            hint = "Give the same command to go on, with fewer --processes if memory was short."
            raise RuntimeError(
                error_message("network3 reproduce", "expected its processes to go on", "one that was killed", hint)
            ) from None
        except BaseException:
            waiting.clear()
            _interrupt(running, stop)
            raise


def prepare_folder(results: Path) -> None:
    """Make the folder, and make sure that the records can be written.

    Raises
    ------
    OSError
        In four parts.
    """
    who = "network3 reproduce: --results"
    try:
        (results / WORK).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "Choose another place, or correct its permissions."
        got = f"{results} ({error.strerror})"
        raise OSError(error_message(who, "expected a folder that can be made", got, hint)) from None
    check_writable(who, results / RECORDS)
    check_writable(who, results / WORK / "try")


def _work(task: Task, results: Path, threads: int, wait: bool) -> Record | str:
    """Carry out a task in a process of the pool; what goes wrong comes back as its message."""
    try:
        hear_ctrl_c(True)
        if _stop is not None and _stop.is_set():  # before this process was ready to hear it
            return "interrupted"
        return carry_out(task, results, threads, wait=wait)
    except KeyboardInterrupt:
        return "interrupted"
    except TrainingTerminated:  # all is saved
        os._exit(TERMINATED)  # an exception would be caught, and the process wait for tasks that nobody gives
    except Exception as error:
        return str(error) or repr(error)
    finally:
        hear_ctrl_c(False)


def _begin(stop) -> None:
    """Leave Ctrl-C to the process that started this one, which passes it on to those that have a task."""
    global _stop
    _stop = stop
    signal.signal(signal.SIGINT, signal.default_int_handler)
    hear_ctrl_c(False)
    if hasattr(os, "setpgrp"):
        os.setpgrp()


@contextmanager
def _executor(count: int) -> Iterator[tuple[ProcessPoolExecutor, Event]]:
    """Yield the pool, and what tells its processes to stop."""
    context = multiprocessing.get_context("spawn")  # a fork would share compiled code's threads
    with deferred_signals():
        stop = context.Event()
        executor = ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=(stop,))
    try:
        yield executor, stop
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Tell the processes that are started how many threads each may use."""
    name = "NETWORK3_THREADS"
    before = os.environ.get(name)
    os.environ[name] = before or str(count)
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]


def _interrupt(running, stop: Event) -> None:
    """Pass Ctrl-C on to the processes of the pool, and wait until the trainings are saved."""
    stop.set()
    for future in running:
        future.cancel()
    if os.name == "posix":  # elsewhere they have heard it themselves
        for child in multiprocessing.active_children():
            if child.pid is not None:
                os.kill(child.pid, signal.SIGINT)
    late = time.monotonic() + GRACE
    while time.monotonic() < late and not all(future.done() for future in running):
        time.sleep(0.1)
    for child in multiprocessing.active_children() if not all(future.done() for future in running) else ():
        child.kill()  # it hears nothing: in a library's code, say


def _epochs(folder: Path) -> int:
    """Return how many epochs a training has written down."""
    try:
        with Folder(folder).history.open("rb") as file:
            return sum(1 for _ in file)
    except OSError:
        return 0
