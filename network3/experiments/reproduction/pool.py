"""The tasks of a reproduction, carried out by several processes."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass
from pathlib import Path

from network3.experiments.folder import Folder
from network3.experiments.processes import POLL_SECONDS, receiving_ctrl_c, threads_of_each, workers
from network3.layers.backends.cpu.processor_count import processors
from network3.layers.checks import error_message, integer
from network3.storage.atomic import check_writable

from .parts import WHOLE, Part
from .records import Record
from .tasks import Task
from .work import WORK, carry_out, folder_of, read_quietly


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
    part: Part = WHOLE,
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
    part : Part
        Of which `tasks` are those; its records have a file of their own.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C, once the running trainings are saved.
    OSError
        `results` cannot be written.
    RuntimeError
        A process was killed.
    """
    prepare_folder(results, part)
    done = {record.task for record in read_quietly(results)}
    waiting = deque(task for task in tasks if task not in done)
    if not waiting:
        return
    count = processors() if processes is None else integer("network3 reproduce: --processes", processes)
    count = min(count, len(waiting))
    threads = threads_of_each(count)
    with workers(count) as pool:
        running: dict[Future, Task] = {}
        busy: set[Task] = set()
        try:
            while waiting or running:
                while waiting and len(running) < count:
                    task = waiting.popleft()
                    running[pool.submit(_run_task, task, results, threads, task in busy, part)] = task
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
            pool.interrupt(running)
            raise


def prepare_folder(results: Path, part: Part = WHOLE) -> None:
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
    check_writable(who, results / part.file_name)
    check_writable(who, results / WORK / f"try-{part.file_name}")


def _run_task(task: Task, results: Path, threads: int, wait: bool, part: Part) -> Finished | None:
    """Carry out a task in a process of the pool; an error is returned as its message."""
    try:
        with receiving_ctrl_c():
            record = carry_out(task, results, threads, wait=wait, part=part)
            return None if record is None else Finished(task, record)
    except KeyboardInterrupt:
        return Finished(task, None, "interrupted")
    except Exception as error:
        return Finished(task, None, str(error) or repr(error))


def _epochs(folder: Path) -> int:
    """Return how many epochs a training has recorded."""
    try:
        with Folder(folder).history.open("rb") as file:
            return sum(1 for _ in file)
    except OSError:
        return 0
