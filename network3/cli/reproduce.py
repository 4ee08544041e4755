"""``network3 reproduce``: the book's numbers, reproduced and recorded."""

import warnings
from pathlib import Path
from typing import Annotated

import typer

from network3.experiments.reproduction import Finished, Record, choose, parse_part, read_all, reproduce
from network3.experiments.reproduction.records import SkippedRecord
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
    repeats: Annotated[
        int,
        typer.Option(help="How many of each, with seeds from 0 on; the book's author did 3. A vote needs 5 networks."),
    ] = 3,
    results: Annotated[Path, typer.Option(help="Folder for the records.")] = RESULTS,
    processes: Annotated[
        int | None, typer.Option(help="How many at a time; by default one for each processor.")
    ] = None,
    part: Annotated[
        str | None, typer.Option(help="Which part of the repeats, such as 2/3, for jobs of an array; all by default.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line, for each finished repeat.")
    ] = False,
) -> None:
    """Reproduce numbers of the book: train, repeat, record, and compare with the published ones.

    Repeats that the folder has a record of are not done again, and interrupted trainings are continued from their
    checkpoints: to go on, give the same command. `network3 report` makes a page of the records.

    With `--part 2/3`, the second of three parts of the repeats is done, and recorded in a file of its own in the same
    folder or, on another machine, in another one. All files of records in a folder count.
    """
    with border():
        own = parse_part(part)
        tasks = own.of(choose(names or (), chapter, repeats))
        if not tasks:
            typer.echo(f"Part {part} has no repeats: there are fewer than parts.")
            return
        if processes is not None:
            integer("network3 reproduce: --processes", processes)
        reporter = reproduction_reporter(len(tasks), as_json=as_json)
        for record in read_with_warnings(results):
            if record.task in tasks:
                reporter.finish(Finished(record.task, record), before=True)
        failed = 0
        try:
            with reporter, ended_by_sigterm():
                for finished in reproduce(tasks, results, processes, reporter.watch, own):
                    failed += finished.record is None
                    reporter.finish(finished)
        except (KeyboardInterrupt, SystemExit) as stop:
            hint = "Give the same command to go on."
            code = INTERRUPTED if isinstance(stop, KeyboardInterrupt) else TERMINATED
            raise leave(f"stopped; everything so far is in {results}. {hint}", code) from None
        if failed:
            raise leave(f"{failed} of {len(tasks)} failed, see above.", FAILED)
        reporter.output.line(f"In {results / own.file_name}. Now: {program()} report{_option(results)}")


def read_with_warnings(results: Path) -> list[Record]:
    """Return the records in a folder; a line on standard error names each line of a file that is skipped."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SkippedRecord)
        records = read_all(results)
    for warning in caught:
        typer.echo(f"network3: {warning.message}", err=True)
    return records


def _option(results: Path) -> str:
    return "" if results == RESULTS else f' --results "{results}"' if " " in str(results) else f" --results {results}"
