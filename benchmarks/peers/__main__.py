"""Our training step and inference beside the peers': ``python -m benchmarks.peers``.

Each peer has a virtual environment, created when it is first needed; a peer without one is reported and skipped. The
machine may be busy: compare ratios, not microseconds of different runs.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import readme
from benchmarks.chart import draw
from benchmarks.comparison import StepComparison
from benchmarks.configurations import CONFIGURATIONS, MNIST
from benchmarks.environments import interpreters
from benchmarks.machine import machine
from benchmarks.records import Record, by_workload
from benchmarks.table import line, show
from network3.datasets import load_mnist
from network3.layers.checks import one_of

from . import PEERS

TRAINING_IMAGES = 10_000  # each mini-batch is a new one: enough data that none stays in the processor's cache


def main(
    network: Annotated[list[str] | None, typer.Option(help=f"{', '.join(CONFIGURATIONS)}; default: all.")] = None,
    batch: Annotated[list[int] | None, typer.Option(help="Mini-batch sizes.")] = None,
    peer: Annotated[list[str] | None, typer.Option(help=f"{', '.join(PEERS)}; default: all.")] = None,
    python: Annotated[list[str] | None, typer.Option(help="PEER=PYTHON: an interpreter for a peer.")] = None,
    threads: Annotated[list[int] | None, typer.Option(help="Numbers of threads; the best one counts.")] = None,
    seconds: Annotated[float, typer.Option(help="Seconds of one measurement.")] = 0.1,
    rounds: Annotated[int, typer.Option(help="Measurements of each library, alternating.")] = 5,
    minutes: Annotated[float, typer.Option(help="No peer is started after this many minutes.")] = 20.0,
    results: Annotated[
        Path, typer.Option(help="JSON lines; the chart and the table get the same name with .svg and .md.")
    ] = Path("benchmarks/results/speed.jsonl"),
) -> None:
    """Time each network at each batch, ours beside each peer; print the ratios, write all times, draw a chart."""
    deadline = time.monotonic() + 60 * minutes
    console = Console(width=None if sys.stdout.isatty() else 140)
    names = [one_of("--network", name, CONFIGURATIONS) for name in network or CONFIGURATIONS]
    console.print("Virtual environments of the peers ...")
    pythons, skipped = interpreters(list(peer or PEERS), python or [])
    here = machine()
    training, _, test = load_mnist()
    results.parent.mkdir(parents=True, exist_ok=True)
    records: list[Record] = []
    with tempfile.TemporaryDirectory() as folder, results.open("w", encoding="utf-8") as lines:

        def keep(record: Record) -> None:
            console.print(line(record), markup=False)
            records.append(record)
            lines.write(json.dumps(record | {"machine": here}) + "\n")
            lines.flush()

        comparison = StepComparison(Path(folder), sys.executable, sorted(threads or (1, 2)), seconds, rounds, deadline)
        images, labels = training
        comparison.write_data((images[:TRAINING_IMAGES], labels[:TRAINING_IMAGES]), test)
        for config in {c.image: c for c in map(CONFIGURATIONS.__getitem__, names) if c.image != MNIST}.values():
            comparison.write_random_data(config)
        for record in skipped:
            keep(record)
        for index, name in enumerate(names):
            console.print(f"{name}: compiling ...", markup=False)
            chosen = {one: python for one, python in pythons.items() if not one.networks or name in one.networks}
            sizes = sorted(batch or CONFIGURATIONS[name].batches)
            for record in comparison.compare(name, chosen, sizes, 1 / (len(names) - index)):
                keep(record)
    show(records, console)
    if by_workload(records):
        draw(records, results.with_suffix(".svg"))
        results.with_suffix(".md").write_text(readme.table(records, here), encoding="utf-8")
        console.print(f"All measurements are in {results}, with a chart and a table beside it.", markup=False)
    if any(record["kind"] == "wrong" for record in records):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
