"""The progress of ``network3 reproduce``: a line for each finished repeat, and how far the running ones are."""

import contextlib
from typing import TYPE_CHECKING, Self

from network3.experiments.formats import format_number
from network3.experiments.reproduction import Finished, Task

from .progress import Output, Terminal, choose_output

if TYPE_CHECKING:
    from rich.progress import TaskID

LINE_EVERY = 10  # epochs of a running training


class ReproductionReporter:
    """A line for each repeat that begins or is finished, and one for every 10 epochs of a training.

    Parameters
    ----------
    output : Output
    """

    def __init__(self, output: Output) -> None:
        self.output = output
        self._begun: set[Task] = set()
        self._reported: dict[Task, int] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def watch(self, running: dict[Task, int]) -> None:
        """Report the trainings that have begun, and how many epochs the running ones have completed."""
        for task, epochs in running.items():
            if task.entry.kind == "training" and task not in self._begun:
                self._begun.add(task)
                self.output.line(f"{task_name(task)}: begun, compiling first")
            if task.entry.epochs is not None and epochs - self._reported.get(task, 0) >= LINE_EVERY:
                self._reported[task] = epochs
                self.output.line(f"{task_name(task)}: {epochs} of {task.entry.epochs} epochs")

    def finish(self, one: Finished, *, before: bool = False) -> None:
        """Report a finished task; `before` if an earlier command did it."""
        self.output.result(as_dict(one), finished_line(one) + (" (done before)" if before else ""))


class ReproductionBars(ReproductionReporter):
    """A bar for all tasks, and one for each that is running.

    Parameters
    ----------
    terminal : Terminal
    total : int
        How many tasks there are.
    """

    def __init__(self, terminal: Terminal, total: int) -> None:
        super().__init__(terminal)
        self.bars = terminal.counting_bars()
        self._all = self.bars.add_task("all", total=total)
        self._running: dict[Task, TaskID] = {}

    def __enter__(self) -> Self:
        self._stack.enter_context(self.bars)
        return self

    def watch(self, running: dict[Task, int]) -> None:
        """Update the bars of the running tasks."""
        for task, epochs in running.items():
            if task not in self._running:
                self._running[task] = self.bars.add_task(_first_description(task), total=None)
            if epochs:
                name = f"{task.name} seed {task.seed}, epochs"
                self.bars.update(self._running[task], description=name, completed=epochs, total=task.entry.epochs)
        for task in set(self._running) - set(running):
            self.bars.remove_task(self._running.pop(task))

    def finish(self, one: Finished, *, before: bool = False) -> None:
        """Report a finished task, and remove its bar."""
        super().finish(one, before=before)
        if one.task in self._running:
            self.bars.remove_task(self._running.pop(one.task))
        self.bars.advance(self._all)


def reproduction_reporter(total: int, *, as_json: bool) -> ReproductionReporter:
    """Return the reporter of `total` tasks for the options of the command and for standard output."""
    output = choose_output(as_json=as_json)
    return ReproductionBars(output, total) if isinstance(output, Terminal) else ReproductionReporter(output)


def as_dict(one: Finished) -> dict[str, object]:
    """Return a finished task as the command's JSON."""
    task, record = one.task, one.record
    content: dict[str, object] = {"name": task.name, "seed": task.seed, "row": task.entry.row}
    if record is None:
        return content | {"error": one.error}
    return content | {"values": record.values, "published": task.entry.published, "seconds": record.seconds}


def finished_line(one: Finished) -> str:
    """Return the line of a finished task: our result and the book's, or the error."""
    name, record = task_name(one.task), one.record
    if record is None:
        return f"{name}: {one.error}"
    if record.cut:
        count = record.environment.get("max_epochs", record.history.epochs if record.history else 0)
        return f"{name}: cut to {count} epoch{'s' * (count != 1)} by NETWORK3_MAX_EPOCHS, and so not recorded"
    if record.note:
        return f"{name}: {record.note}"
    result = one.task.entry.result
    ours = format_number(result.unit, record.values.get(result.label))
    book = "" if result.value is None else f" (book {format_number(result.unit, result.value)})"
    return f"{name}: {result.label} {ours}{book}, {record.seconds:.0f} s"


def task_name(task: Task) -> str:
    """Return the beginning of a task's line: its row, name and seed."""
    return f"{task.entry.row:>5}  {task.name} seed {task.seed}"


def _first_description(task: Task) -> str:
    """Return the description of a task's bar until its first epoch is complete."""
    name = f"{task.name} seed {task.seed}"
    return f"{name}, compiling and first epoch" if task.entry.kind == "training" else name
