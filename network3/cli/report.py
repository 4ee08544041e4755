"""``network3 report``: a page about the reproduced numbers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from network3.experiments.report import markdown, write_report
from network3.experiments.reproduction.work import RECORDS
from network3.layers.checks import error_message
from network3.storage.atomic import atomic_write, check_writable

from .border import border, program
from .progress import Terminal, choose_output
from .reproduce import RESULTS, read_with_warnings


def report(
    results: Annotated[Path, typer.Option(help="Folder of the records of network3 reproduce.")] = RESULTS,
    out: Annotated[
        Path | None, typer.Option(help="The page; a name in .md for the table alone. By default report.html there.")
    ] = None,
) -> None:
    """Write a page that compares the book's numbers with the reproduced ones: one HTML file, for a browser or paper.

    It has tables, learning curves with the book's points, filters and misclassified digits. It needs no network.
    """
    with border():
        page = results / "report.html" if out is None else out
        records = read_with_warnings(results)
        if not records:
            hint = f"Make some: {program()} reproduce shallow."
            got = "none" if results.is_dir() else "a file" if results.exists() else "no such folder"
            expected = f"expected records in {results / RECORDS}"
            raise ValueError(error_message("network3 report: --results", expected, got, hint))
        check_writable("network3 report: --out", page)
        if page.suffix == ".md":
            with atomic_write(page) as file:
                file.write(markdown(records).encode())
        else:
            with _drawing() as progress:
                write_report(results, records, page, progress)
        typer.echo(f"{page} compares {len(records)} repeat{'s' * (len(records) != 1)} with the book.")


@contextmanager
def _drawing() -> Iterator[Callable[[int, int], None]]:
    """Report that the charts are drawn, which takes seconds; yield a function that updates the bar of a terminal."""
    output = choose_output()
    if not isinstance(output, Terminal):
        output.line("Drawing the charts ...")
        yield lambda done, total: None
        return
    with output.counting_bars() as bars:
        task = bars.add_task("drawing the charts", total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
