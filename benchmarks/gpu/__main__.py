"""Our training step on a GPU beside the peers': ``python -m benchmarks.gpu``.

All run in this Python, which has JAX and PyTorch for CUDA, and without access to the network: one session on a GPU
measures everything. Without a GPU the command stops with an error; ``--device cpu`` tests the benchmark itself.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.comparison import StepComparison
from benchmarks.configurations import BATCHES, CHAPTER6
from benchmarks.machine import machine
from benchmarks.records import NOT_MEASURED, UNITS, Record
from benchmarks.table import line, show
from network3.datasets import load_mnist
from network3.execution.device import gpu_present
from network3.layers.checks import error_message, one_of

from . import peers
from .single_runs import kernels_of_a_step, long_training

NAMES = tuple(peers("gpu"))


def main(
    network: Annotated[list[str] | None, typer.Option(help="fc, one_conv, two_conv, dropout; default: all.")] = None,
    batch: Annotated[list[int] | None, typer.Option(help="Mini-batch sizes.")] = None,
    peer: Annotated[list[str] | None, typer.Option(help=f"{', '.join(NAMES)}; default: all.")] = None,
    device: Annotated[str, typer.Option(help="gpu, or cpu to test the benchmark itself.")] = "gpu",
    epochs: Annotated[int, typer.Option(help="Epochs of the long training; 0: none.")] = 60,
    seconds: Annotated[float, typer.Option(help="Seconds of one measurement.")] = 0.1,
    minutes: Annotated[float, typer.Option(help="No peer is started after this many minutes.")] = 6.0,
    results: Annotated[Path, typer.Option(help="JSON lines.")] = Path("benchmarks/results/gpu.jsonl"),
) -> None:
    """Time each network at each batch, ours beside each peer; five networks at once; 60 epochs; list the kernels."""
    one_of("--device", device, ("gpu", "cpu"))
    if device == "gpu" and not gpu_present():
        hint = "Install JAX for CUDA on a machine with a GPU, or test the benchmark itself with --device cpu."
        typer.echo(error_message("benchmarks.gpu", "expected a GPU that JAX can use", "none", hint), err=True)
        raise typer.Exit(1)
    deadline = time.monotonic() + 60 * minutes
    console = Console(width=None if sys.stdout.isatty() else 140)
    here = machine() | {"card": _card() if device == "gpu" else "none"}
    known = peers(device)
    ours = known["ours"]
    chosen = [one for name in peer or known if (one := known[one_of("--peer", name, known)]) is not ours]
    names = [one_of("--network", name, CHAPTER6) for name in network or CHAPTER6]
    training, _, test = load_mnist()
    results.parent.mkdir(parents=True, exist_ok=True)
    records: list[Record] = []
    with tempfile.TemporaryDirectory() as folder, results.open("w", encoding="utf-8") as lines:

        def keep(record: Record) -> None:
            compared = record["kind"] in UNITS or record["kind"] in NOT_MEASURED
            console.print(line(record) if compared else json.dumps(record), markup=False)
            records.append(record)
            lines.write(json.dumps(record | {"machine": here}) + "\n")
            lines.flush()

        if epochs:
            keep(long_training(ours, epochs, Path(folder)))
        for name in names:
            keep(kernels_of_a_step(ours, name))
        comparison = StepComparison(
            Path(folder), sys.executable, threads=(1,), seconds=seconds, rounds=5, deadline=deadline, ours=ours
        )
        comparison.write_data(training, test)
        for index, name in enumerate(names):
            for size in sorted(batch or BATCHES):
                pythons = {one: sys.executable for one in chosen if not one.batches or size in one.batches}
                for record in comparison.compare(name, pythons, [size], 1 / (len(names) - index)):
                    keep(record)
    show(records, console)
    if any(record["kind"] == "wrong" for record in records):
        raise typer.Exit(1)


def _card() -> str:
    import jax

    return jax.devices("gpu")[0].device_kind


if __name__ == "__main__":
    typer.run(main)
