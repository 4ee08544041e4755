"""Several processes that share the processors of a machine and carry out tasks, each one after the other."""

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

from network3.experiments.folder import Folder
from network3.layers.backends.cpu.processor_count import processors
from network3.layers.checks import error_message, integer
from network3.storage.atomic import check_writable
from network3.training.signals import TERMINATED, TrainingTerminated

from .records import Record
from .signals import block_ctrl_c, signals_blocked_while_starting, unblock_ctrl_c
from .tasks import Task
from .work import RECORDS, WORK, carry_out, folder_of, read_quietly

POLL_SECONDS = 0.5  # between reports of progress
SAVE_SECONDS = 60  # that trainings have to save their state after Ctrl-C
THREADS = "NETWORK3_THREADS"

_stop: Event | None = None  # in a process of the pool: set once it must not begin another task


@dataclass(frozen=True)
class Finished:
    """A finished task: with a record, or with the message of an error."""

    task: Task
    record: Record | None
    error: str = ""


def reproduce(
    tasks: Sequence[Task],
    results: Path,
    processes: int | None = None,
    watch: Callable[[dict[Task, int]], None] = lambda running: None,
) -> Iterator[Finished]:
    """Carry out those of `tasks` that have no record in `results`, and yield each when it is finished.

    Parameters
    ----------
    tasks : sequence of Task
    results : Path
        Folder of the records and, until the tasks are finished, of the checkpoints.
    processes : int, optional
        At a time; by default as many as there are processors, or tasks. The processors are shared among them.
    watch : callable
        ``watch({task: complete epochs})``, called twice a second with the running tasks.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C, once the running trainings are saved.
    OSError
        `results` cannot be written.
    RuntimeError
        A process was killed.
    """
    prepare_folder(results)
    done = {record.task for record in read_quietly(results)}
    waiting = deque(task for task in tasks if task not in done)
    if not waiting:
        return
    count = processors() if processes is None else integer("network3 reproduce: --processes", processes)
    count = min(count, len(waiting))
    given = os.environ.get(THREADS, "")
    threads = int(given) if given.isdecimal() else max(1, processors() // count)
    with _threads(threads), _executor(count) as (executor, stop):
        running: dict[Future, Task] = {}
        busy: set[Task] = set()
        try:
            while waiting or running:
                while waiting and len(running) < count:
                    task = waiting.popleft()
                    with signals_blocked_while_starting():
                        running[executor.submit(_run_task, task, results, threads, task in busy)] = task
                over, _ = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                watch({task: _epochs(folder_of(results, task)) for task in running.values()})
                for future in over:
                    task, outcome = running.pop(future), future.result()
                    if outcome is None:  # another process carries it out: try again after all others
                        busy.add(task)
                        waiting.append(task)
                    else:
                        yield outcome
        except BrokenExecutor:
            expected = "expected its processes to continue"
            hint = "Give the same command to go on, with fewer --processes if memory was short."
            raise RuntimeError(error_message("network3 reproduce", expected, "one that was killed", hint)) from None
        except BaseException:
            waiting.clear()
            _interrupt_workers(running, stop)
            raise


def prepare_folder(results: Path) -> None:
    """Make the folder, and check that the records can be written.

    Raises
    ------
    OSError
        In four parts.
    """
    who = "network3 reproduce: --results"
    try:
        (results / WORK).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "Choose another path, or correct its permissions."
        got = f"{results} ({error.strerror})"
        raise OSError(error_message(who, "expected a folder that can be made", got, hint)) from None
    check_writable(who, results / RECORDS)
    check_writable(who, results / WORK / "try")


def _run_task(task: Task, results: Path, threads: int, wait: bool) -> Finished | None:
    """Carry out a task in a process of the pool; an error is returned as its message."""
    interrupted = Finished(task, None, "interrupted")
    try:
        unblock_ctrl_c()
        if _stop is not None and _stop.is_set():  # Ctrl-C came before this process could receive it
            return interrupted
        record = carry_out(task, results, threads, wait=wait)
        return None if record is None else Finished(task, record)
    except KeyboardInterrupt:
        return interrupted
    except TrainingTerminated:  # everything is saved
        os._exit(TERMINATED)  # an exception would be caught, and the process would wait for tasks for ever
    except Exception as error:
        return Finished(task, None, str(error) or repr(error))
    finally:
        block_ctrl_c()


def _initialize_worker(stop: Event) -> None:
    """Block Ctrl-C in a process without a task: the process that started this one passes it on to the others."""
    global _stop
    _stop = stop
    signal.signal(signal.SIGINT, signal.default_int_handler)
    block_ctrl_c()
    if hasattr(os, "setpgrp"):
        os.setpgrp()


@contextmanager
def _executor(count: int) -> Iterator[tuple[ProcessPoolExecutor, Event]]:
    """Yield the pool, and the event that stops its processes."""
    context = multiprocessing.get_context("spawn")  # a fork would share the threads of compiled code
    with signals_blocked_while_starting():
        stop = context.Event()
        executor = ProcessPoolExecutor(count, mp_context=context, initializer=_initialize_worker, initargs=(stop,))
    try:
        yield executor, stop
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


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


def _interrupt_workers(running: Iterable[Future], stop: Event) -> None:
    """Pass Ctrl-C on to the processes of the pool, and wait until the trainings are saved."""
    stop.set()
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


def _epochs(folder: Path) -> int:
    """Return how many epochs a training has recorded."""
    try:
        with Folder(folder).history.open("rb") as file:
            return sum(1 for _ in file)
    except OSError:
        return 0
