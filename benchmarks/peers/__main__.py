"""Our training step and inference beside the peers': ``python -m benchmarks.peers``.

Each peer has an environment of its own, made when it is first needed; a peer without one is named and skipped. The
machine may be busy: ratios of one run mean something, microseconds of two runs do not compare.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks import readme
from benchmarks.chart import draw
from benchmarks.configurations import BATCHES, CONFIGURATIONS
from benchmarks.contest import Contest
from benchmarks.environments import interpreters
from benchmarks.machine import machine
from benchmarks.peers import PEERS
from benchmarks.table import columns, line, show
from network3 import datasets
from network3.layers.checks import one_of

TRAINING_IMAGES = 10_000  # a mini-batch is timed anew on each: enough that none stays in the cache
Record = dict[str, Any]


def main(
    network: Annotated[list[str] | None, typer.Option(help="fc, one_conv, two_conv, dropout; all by default.")] = None,
    batch: Annotated[list[int] | None, typer.Option(help="Mini-batch sizes.")] = None,
    peer: Annotated[list[str] | None, typer.Option(help=f"{', '.join(PEERS)}; all by default.")] = None,
    python: Annotated[list[str] | None, typer.Option(help="PEER=PYTHON, instead of its environment.")] = None,
    threads: Annotated[list[int] | None, typer.Option(help="Numbers of threads, the best of which is taken.")] = None,
    seconds: Annotated[float, typer.Option(help="Between two looks at the clock.")] = 0.1,
    rounds: Annotated[int, typer.Option(help="How often each is timed, in turn.")] = 5,
    minutes: Annotated[float, typer.Option(help="After these nothing new is begun.")] = 13.0,
    results: Annotated[Path, typer.Option(help="JSON lines; beside them go the same name's .svg and .md.")] = Path(
        "benchmarks/results/speed.jsonl"
    ),
) -> None:
    """Time each network at each batch, ours beside each peer; print the ratios, write every number, draw a chart."""
    deadline = time.monotonic() + 60 * minutes
    console = Console(width=None if sys.stdout.isatty() else 140)
    names = [one_of("--network", name, CONFIGURATIONS) for name in network or CONFIGURATIONS]
    console.print("Environments of the peers ...")
    pythons, missing = interpreters(list(peer or PEERS), python or [])
    here = machine()
    training, _, test = datasets.load_mnist()
    results.parent.mkdir(parents=True, exist_ok=True)
    records: list[Record] = []
    with tempfile.TemporaryDirectory() as folder, results.open("w", encoding="utf-8") as lines:

        def keep(record: Record) -> None:
            console.print(line(record), markup=False)
            records.append(record)
            lines.write(json.dumps(record | {"machine": here}) + "\n")
            lines.flush()

        contest = Contest(Path(folder), sys.executable, sorted(threads or (1, 2)), seconds, rounds, deadline)
        contest.write_data([a[:TRAINING_IMAGES] for a in training], test)
        for record in missing:
            keep(record)
        for place, name in enumerate(names):
            console.print(f"{name}: compiling ...", markup=False)
            for record in contest.network(name, pythons, sorted(batch or BATCHES), 1 / (len(names) - place)):
                keep(record)
    show(records, console)
    if columns(records):
        draw(records, results.with_suffix(".svg"))
        results.with_suffix(".md").write_text(readme.table(records, here), encoding="utf-8")
        console.print(f"Every number is in {results}; a chart and a table lie beside it.", markup=False)
    if any(record["kind"] == "wrong" for record in records):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
