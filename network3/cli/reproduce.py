"""``network3 reproduce``: the book's numbers, made anew and recorded."""

import json
import sys
import warnings
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from network3.experiments.catalogue import Run
from network3.experiments.formats import number
from network3.experiments.reproduction import Finished, Record, Task, choose, read_records, reproduce
from network3.experiments.reproduction.records import SkippedRecord
from network3.experiments.reproduction.work import RECORDS
from network3.layers.checks import integer
from network3.training.signals import TERMINATED, ended_by_sigterm

from .border import FAILED, INTERRUPTED, border, leave, program

RESULTS = Path("network3-results")
EVERY = 10  # epochs


def reproduce_command(
    names: Annotated[list[str] | None, typer.Argument(help="Which; `network3 list` shows them.")] = None,
    chapter: Annotated[
        int | None, typer.Option(help="All rows of a chapter: 1, 3, 5 or 6; 7 is past the book.")
    ] = None,
    repeats: Annotated[int, typer.Option(help="How often each, with seeds from 0 on; the book's author did 3.")] = 3,
    results: Annotated[Path, typer.Option(help="Folder for the records.")] = RESULTS,
    processes: Annotated[
        int | None, typer.Option(help="How many at a time; by default one for each processor.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each that is done.")] = False,
) -> None:
    """Make numbers of the book anew: train, repeat, record, and compare with what it publishes.

    What the folder has a record of is not done again, and what was interrupted goes on from its checkpoint: to go on,
    give the same command. `network3 report` makes a page of the records.
    """
    with border():
        tasks = choose(names or (), chapter, repeats)
        if processes is not None:
            integer("network3 reproduce: --processes", processes)
        show = _Json() if as_json else _Bars(len(tasks)) if sys.stdout.isatty() else _Lines()
        for record in read_with_warnings(results / RECORDS):
            if record.task in tasks:
                show.finished(Finished(record.task, record), before=True)
        failed = 0
        try:
            with show.shown(), ended_by_sigterm():
                for finished in reproduce(tasks, results, processes, show.watch):
                    failed += finished.record is None
                    show.finished(finished)
        except (KeyboardInterrupt, SystemExit) as stop:
            hint = "Give the same command to go on."
            code = INTERRUPTED if isinstance(stop, KeyboardInterrupt) else TERMINATED
            raise leave(f"stopped; everything so far is in {results}. {hint}", code) from None
        if failed:
            raise leave(f"{failed} of {len(tasks)} failed, as told above.", FAILED)
        show.say(f"In {results / RECORDS}. Now: {program()} report{_where(results)}")


def read_with_warnings(path: Path) -> list[Record]:
    """Return the records; a line on standard error names each that does not count."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SkippedRecord)
        records = read_records(path)
    for warning in caught:
        typer.echo(f"network3: {warning.message}", err=True)
    return records


def _where(results: Path) -> str:
    return "" if results == RESULTS else f' --results "{results}"' if " " in str(results) else f" --results {results}"


class _Lines:
    """A line for each that is done, and now and then one that a training goes on: files and pipes show no bars."""

    def __init__(self):
        self.heard: dict[Task, int] = {}

    def shown(self) -> AbstractContextManager:
        return nullcontext()

    def watch(self, running: dict[Task, int]) -> None:
        """Hear how many epochs those under way have done."""
        for task, epochs in running.items():
            if isinstance(task.entry, Run) and epochs - self.heard.get(task, 0) >= EVERY:
                self.heard[task] = epochs
                self.say(f"{who(task)}: {epochs} of {task.entry.training['epochs']} epochs")
                sys.stdout.flush()

    def say(self, text: str) -> None:
        typer.echo(text)

    def finished(self, one: Finished, *, before: bool = False) -> None:
        self.say(told(one) + (" (done before)" if before else ""))
        sys.stdout.flush()


class _Json(_Lines):
    """A JSON object for each that is done."""

    def say(self, text: str) -> None:
        """Nothing but JSON."""

    def finished(self, one: Finished, *, before: bool = False) -> None:
        content = {"name": one.task.name, "seed": one.task.seed, "row": one.task.entry.row}
        content |= {"error": one.error} if one.record is None else {"values": one.record.values}
        content |= {} if one.record is None else {"published": one.task.entry.published, "seconds": one.record.seconds}
        typer.echo(json.dumps(content))


class _Bars(_Lines):
    """A bar for all, and one for each training under way."""

    def __init__(self, total: int):
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

        super().__init__()
        self.console = Console(highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.progress = Progress(*columns, console=self.console)
        self.all = self.progress.add_task("all", total=total)
        self.bars: dict[Task, TaskID] = {}

    def shown(self) -> AbstractContextManager:
        return self.progress

    def watch(self, running: dict[Task, int]) -> None:
        for task, epochs in running.items():
            if task not in self.bars:
                total = task.entry.training["epochs"] if isinstance(task.entry, Run) else None
                self.bars[task] = self.progress.add_task(f"{task.name} seed {task.seed}, epochs", total=total)
            self.progress.update(self.bars[task], completed=epochs)
        for task in set(self.bars) - set(running):
            self.progress.remove_task(self.bars.pop(task))

    def say(self, text: str) -> None:
        self.progress.console.print(text, markup=False, soft_wrap=True)

    def finished(self, one: Finished, *, before: bool = False) -> None:
        super().finished(one, before=before)
        if one.task in self.bars:
            self.progress.remove_task(self.bars.pop(one.task))
        self.progress.advance(self.all)


def told(one: Finished) -> str:
    """Return how it went, in a line."""
    name = who(one.task)
    if one.record is None:
        return f"{name}: {one.error}"
    if one.record.cut:
        count = one.record.environment.get("max_epochs", one.record.history.epochs if one.record.history else 0)
        return f"{name}: cut to {count} epoch{'s' * (count != 1)} by NETWORK3_MAX_EPOCHS, and so not recorded"
    if one.record.note:
        return f"{name}: {one.record.note}"
    label, published = next(iter(one.task.entry.published.items()))
    value = one.record.values.get(label)
    book = "" if published is None else f" (book {number(label, published)})"
    return f"{name}: {label} {number(label, value)}{book}, {one.record.seconds:.0f} s"


def who(task: Task) -> str:
    """Return what is repeated, as a line begins."""
    return f"{task.entry.row:>5}  {task.name} seed {task.seed}"
