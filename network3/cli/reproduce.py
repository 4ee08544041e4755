"""``network3 reproduce``: the book's numbers, reproduced and recorded."""

import warnings
from pathlib import Path
from typing import Annotated

import typer

from network3.experiments.reproduction import Finished, Record, choose, read_records, reproduce
from network3.experiments.reproduction.records import SkippedRecord
from network3.experiments.reproduction.work import RECORDS
from network3.layers.checks import integer
from network3.training.signals import TERMINATED, ended_by_sigterm

from .border import FAILED, INTERRUPTED, border, leave, program
from .reproduction_progress import reproduction_reporter

RESULTS = Path("network3-results")


def reproduce_command(
    names: Annotated[list[str] | None, typer.Argument(help="Which; `network3 list` shows them.")] = None,
    chapter: Annotated[
        int | None, typer.Option(help="All rows of a chapter: 1, 3, 5 or 6; 7 is beyond the book.")
    ] = None,
    repeats: Annotated[int, typer.Option(help="How many of each, with seeds from 0 on; the book's author did 3.")] = 3,
    results: Annotated[Path, typer.Option(help="Folder for the records.")] = RESULTS,
    processes: Annotated[
        int | None, typer.Option(help="How many at a time; by default one for each processor.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line, for each finished repeat.")
    ] = False,
) -> None:
    """Reproduce numbers of the book: train, repeat, record, and compare with the published ones.

    Repeats that the folder has a record of are not done again, and interrupted trainings are continued from their
    checkpoints: to go on, give the same command. `network3 report` makes a page of the records.
    """
    with border():
        tasks = choose(names or (), chapter, repeats)
        if processes is not None:
            integer("network3 reproduce: --processes", processes)
        reporter = reproduction_reporter(len(tasks), as_json=as_json)
        for record in read_with_warnings(results / RECORDS):
            if record.task in tasks:
                reporter.finish(Finished(record.task, record), before=True)
        failed = 0
        try:
            with reporter, ended_by_sigterm():
                for finished in reproduce(tasks, results, processes, reporter.watch):
                    failed += finished.record is None
                    reporter.finish(finished)
        except (KeyboardInterrupt, SystemExit) as stop:
            hint = "Give the same command to go on."
            code = INTERRUPTED if isinstance(stop, KeyboardInterrupt) else TERMINATED
            raise leave(f"stopped; everything so far is in {results}. {hint}", code) from None
        if failed:
            raise leave(f"{failed} of {len(tasks)} failed, see above.", FAILED)
        reporter.output.line(f"In {results / RECORDS}. Now: {program()} report{_option(results)}")


def read_with_warnings(path: Path) -> list[Record]:
    """Return the records; a line on standard error names each line of the file that is skipped."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SkippedRecord)
        records = read_records(path)
    for warning in caught:
        typer.echo(f"network3: {warning.message}", err=True)
    return records


def _option(results: Path) -> str:
    return "" if results == RESULTS else f' --results "{results}"' if " " in str(results) else f" --results {results}"
