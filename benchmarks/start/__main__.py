"""Waiting times of a user, with network3 and with the peers: ``python -m benchmarks.start``.

From the start of Python to the end of the first epoch, in three states of the cache, and to 98.5 % on MNIST. The
machine may be busy: compare the measurements of one run, not the seconds of different runs.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.data import write_data
from benchmarks.environments import interpreters
from benchmarks.machine import machine
from benchmarks.peers import OURS, PEERS, Peer
from benchmarks.records import Record
from network3.datasets import load_mnist
from network3.layers.checks import one_of

from . import OURS_MODULE
from . import goal as to_goal
from .chart import draw
from .comparison import TrainingComparison
from .first_epoch import NETWORKS, first_epoch, first_images
from .process import Library
from .tables import groups, line, markdown, show

SLOWEST = "pytorch_compiled"  # compiles for a minute
DEFAULT = [name for name in PEERS if name != SLOWEST]
MEASURES = ("first_epoch", "goal")


def libraries(pythons: Mapping[Peer, str | Path], threads: int) -> list[Library]:
    """Return network3, then each peer with an interpreter."""
    ours = Library(replace(OURS, module=OURS_MODULE), sys.executable, threads)
    return [ours, *(Library(peer, python, threads) for peer, python in pythons.items())]


def measure(
    compared: Sequence[Library],
    names: Sequence[str],
    measures: Sequence[str],
    rounds: int,
    deadline: float,
    folder: Path,
    report: Callable[[str], None],
) -> Iterator[Record]:
    """Yield the records of the chosen networks and measures; see `main`."""
    training, validation, test = load_mnist()
    if "first_epoch" in measures:
        data = write_data(folder / "few", training=first_images(training), test=first_images(validation))
        for index, name in enumerate(names):
            share = (deadline - time.monotonic()) / (len(names) - index + ("goal" in measures))
            comparison = TrainingComparison(name, compared, data, report)
            yield from first_epoch(comparison, rounds, time.monotonic() + share)
    if "goal" in measures and to_goal.NETWORK in names:
        data = write_data(folder / "every", training=training, test=test)
        allowed = [library for library in compared if library.peer.name in (OURS.name, *to_goal.PEERS)]
        yield from to_goal.goal(TrainingComparison(to_goal.NETWORK, allowed, data, report), rounds, deadline)


def main(
    network: Annotated[list[str] | None, typer.Option(help=f"{', '.join(NETWORKS)}; default: both.")] = None,
    measures: Annotated[
        list[str] | None, typer.Option("--measure", help=f"{', '.join(MEASURES)}; default: both.")
    ] = None,
    peer: Annotated[list[str] | None, typer.Option(help=f"{', '.join(PEERS)}; default: all but {SLOWEST}.")] = None,
    python: Annotated[list[str] | None, typer.Option(help="PEER=PYTHON: an interpreter for a peer.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads of each library; default: all cores.")] = None,
    rounds: Annotated[int, typer.Option(help="Measurements of each library, alternating.")] = 3,
    minutes: Annotated[float, typer.Option(help="No round is started after this many minutes.")] = 20.0,
    results: Annotated[
        Path, typer.Option(help="JSON lines; the chart and the table get the same name with .svg and .md.")
    ] = Path("benchmarks/results/start.jsonl"),
) -> None:
    """Time the first epoch, and the time to 98.5 %, of ours and each peer; print a table, write all times."""
    deadline = time.monotonic() + 60 * minutes
    console = Console(width=None if sys.stdout.isatty() else 160)
    names = [one_of("--network", name, NETWORKS) for name in network or NETWORKS]
    chosen = [one_of("--measure", name, MEASURES) for name in measures or MEASURES]
    console.print("Virtual environments of the peers ...")
    pythons, skipped = interpreters(peer or DEFAULT, python or [])
    here = machine()
    results.parent.mkdir(parents=True, exist_ok=True)
    records: list[Record] = []
    with tempfile.TemporaryDirectory() as folder, results.open("w", encoding="utf-8") as lines:

        def report(text: str) -> None:
            console.print(text, markup=False, highlight=False)

        def keep(record: Record) -> None:
            report(line(record))
            records.append(record)
            lines.write(json.dumps(record | {"machine": here}) + "\n")
            lines.flush()

        for record in skipped:
            keep(record)
        compared = libraries(pythons, threads or here["cores"] or 1)
        for record in measure(compared, names, chosen, rounds, deadline, Path(folder), report):
            keep(record)
    show(records, console)
    if groups(records):
        draw(records, results.with_suffix(".svg"))
        results.with_suffix(".md").write_text(markdown(records, here), encoding="utf-8")
        report(f"All measurements are in {results}, with a chart and a table beside it.")
    if any(record["kind"] == "wrong" for record in records):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
