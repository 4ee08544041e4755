"""What a user waits for, with network3 and with the peers: ``python -m benchmarks.start``.

From the start of Python to the end of the first epoch, in three states of the cache, and to 98.5 % on MNIST. The
machine may be busy: what was measured in one run compares, the seconds of two runs do not.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.environments import interpreters
from benchmarks.machine import machine
from benchmarks.peers import OURS, PEERS, Peer
from benchmarks.start import OURS_MODULE
from benchmarks.start import goal as to_goal
from benchmarks.start.chart import draw
from benchmarks.start.comparison import Comparison
from benchmarks.start.first_epoch import NETWORKS, few, first_epoch
from benchmarks.start.process import Library, write_data
from benchmarks.start.tables import groups, line, markdown, show
from network3 import datasets
from network3.layers.checks import one_of

SLOWEST = "pytorch_compiled"  # to compile: it takes a minute
DEFAULT = [name for name in PEERS if name != SLOWEST]
MEASURES = ("first_epoch", "goal")
Record = dict[str, Any]


def libraries(pythons: Mapping[Peer, Any], threads: int) -> list[Library]:
    """Return ours and the peers with an interpreter."""
    peers = [Library(peer, python, f"benchmarks.peers.{peer.module}", threads) for peer, python in pythons.items()]
    return [Library(OURS, sys.executable, OURS_MODULE, threads), *peers]


def measure(
    listed: list[Library],
    names: list[str],
    measures: list[str],
    rounds: int,
    until: float,
    folder: Path,
    report: Callable[[str], None],
) -> Iterator[Record]:
    """Yield the records of the chosen networks and measures; see `main`."""
    training, validation, test = datasets.load_mnist()
    if "first_epoch" in measures:
        data = write_data(folder / "few", few(training), few(validation))
        for place, name in enumerate(names):
            share = (until - time.monotonic()) / (len(names) - place + ("goal" in measures))
            yield from first_epoch(Comparison(name, listed, data, report), rounds, time.monotonic() + share)
    if "goal" in measures and to_goal.NETWORK in names:
        data = write_data(folder / "every", training, test)
        allowed = [library for library in listed if library.peer.module in (OURS.module, *to_goal.PEERS)]
        yield from to_goal.goal(Comparison(to_goal.NETWORK, allowed, data, report), rounds, until)


def main(
    network: Annotated[list[str] | None, typer.Option(help=f"{', '.join(NETWORKS)}; both by default.")] = None,
    measures: Annotated[
        list[str] | None, typer.Option("--measure", help=f"{', '.join(MEASURES)}; both by default.")
    ] = None,
    peer: Annotated[list[str] | None, typer.Option(help=f"{', '.join(PEERS)}; by default all but {SLOWEST}.")] = None,
    python: Annotated[list[str] | None, typer.Option(help="PEER=PYTHON, instead of its environment.")] = None,
    threads: Annotated[int | None, typer.Option(help="That each library may use; all cores by default.")] = None,
    rounds: Annotated[int, typer.Option(help="How often each is timed, in turn.")] = 3,
    minutes: Annotated[float, typer.Option(help="After these no further round is begun.")] = 20.0,
    results: Annotated[Path, typer.Option(help="JSON lines; beside them go the same name's .svg and .md.")] = Path(
        "benchmarks/results/start.jsonl"
    ),
) -> None:
    """Time the first epoch, and the way to 98.5 %, of ours and each peer; print a table, write every number."""
    until = time.monotonic() + 60 * minutes
    console = Console(width=None if sys.stdout.isatty() else 160)
    names = [one_of("--network", name, NETWORKS) for name in network or NETWORKS]
    chosen = [one_of("--measure", name, MEASURES) for name in measures or MEASURES]
    console.print("Environments of the peers ...")
    pythons, missing = interpreters(peer or DEFAULT, python or [])
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

        for record in missing:
            keep(record)
        listed = libraries(pythons, threads or here["cores"] or 1)
        for record in measure(listed, names, chosen, rounds, until, Path(folder), report):
            keep(record)
    show(records, console)
    if groups(records):
        draw(records, results.with_suffix(".svg"))
        results.with_suffix(".md").write_text(markdown(records, here), encoding="utf-8")
        report(f"Every number is in {results}; a chart and a table lie beside it.")
    if any(record["kind"] == "wrong" for record in records):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
