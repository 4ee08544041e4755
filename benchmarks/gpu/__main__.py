"""Our training step on a GPU beside the peers': ``python -m benchmarks.gpu``.

All run in this Python, which has JAX and PyTorch for CUDA, without a network: one visit to a card answers everything.
On a machine without a card it says so; ``--device cpu`` tries the benchmark itself out.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.child import ROOT
from benchmarks.configurations import BATCHES, CONFIGURATIONS
from benchmarks.contest import Contest
from benchmarks.gpu import FIVE, MODULES, peers
from benchmarks.machine import machine
from benchmarks.table import line, show
from network3 import datasets
from network3.execution.device import gpu_present
from network3.layers.checks import error_message, one_of

TRAINING_IMAGES = 50_000
LONG = "dbl_conv_relu"  # the run of 60 epochs
FIVE_BATCH = 10
PATIENCE = 150  # seconds for what is run once
Record = dict[str, Any]


def main(
    network: Annotated[list[str] | None, typer.Option(help="fc, one_conv, two_conv, dropout; all by default.")] = None,
    batch: Annotated[list[int] | None, typer.Option(help="Mini-batch sizes.")] = None,
    peer: Annotated[list[str] | None, typer.Option(help=f"{', '.join(MODULES)}; all by default.")] = None,
    device: Annotated[str, typer.Option(help="gpu, or cpu to try the benchmark out.")] = "gpu",
    epochs: Annotated[int, typer.Option(help="Of the long run.")] = 60,
    seconds: Annotated[float, typer.Option(help="Between two looks at the clock.")] = 0.1,
    minutes: Annotated[float, typer.Option(help="After these nothing new is begun.")] = 6.0,
    results: Annotated[Path, typer.Option(help="JSON lines.")] = Path("benchmarks/results/gpu.jsonl"),
) -> None:
    """Time each network at each batch, ours beside each peer; five networks at once; 60 epochs; name the kernels."""
    one_of("--device", device, ("gpu", "cpu"))
    if device == "gpu" and not gpu_present():
        hint = "Install JAX for CUDA on a machine with a card, or try the benchmark out with --device cpu."
        typer.echo(error_message("benchmarks.gpu", "expected a GPU that JAX can use", "none", hint), err=True)
        raise typer.Exit(1)
    deadline = time.monotonic() + 60 * minutes
    console = Console(width=None if sys.stdout.isatty() else 140)
    here = machine() | {"card": _card() if device == "gpu" else "none"}
    known = peers(device)
    chosen = {name: known[one_of("--peer", name, known)] for name in peer or known if name != "ours"}
    names = [one_of("--network", name, CONFIGURATIONS) for name in network or CONFIGURATIONS]
    training, _, test = datasets.load_mnist()
    results.parent.mkdir(parents=True, exist_ok=True)
    records: list[Record] = []
    with tempfile.TemporaryDirectory() as folder, results.open("w", encoding="utf-8") as lines:

        def keep(record: Record) -> None:
            told = (
                line(record) if record["kind"] in ("training", "inference", "wrong", "skipped") else json.dumps(record)
            )
            console.print(told, markup=False)
            records.append(record)
            lines.write(json.dumps(record | {"machine": here}) + "\n")
            lines.flush()

        for record in _once(device, names, epochs, Path(folder)):
            keep(record)
        contest = Contest(
            Path(folder),
            sys.executable,
            threads=(1,),
            seconds=seconds,
            rounds=5,
            deadline=deadline,
            modules=MODULES,
            ours=known["ours"],
        )
        contest.write_data([a[:TRAINING_IMAGES] for a in training], test)
        for place, name in enumerate(names):
            for size in sorted(batch or BATCHES):
                expected = {one: sys.executable for key, one in chosen.items() if key != FIVE or size == FIVE_BATCH}
                for record in contest.network(name, expected, [size], 1 / (len(names) - place)):
                    keep(record)
    show(records, console)
    if any(record["kind"] == "wrong" for record in records):
        raise typer.Exit(1)


def _once(device: str, names: list[str], epochs: int, folder: Path) -> Iterator[Record]:
    """Yield what is measured once: a training of many epochs, and the kernels of a step."""
    environment = os.environ | dict(peers(device)["ours"].settings) | {"PYTHONPATH": str(ROOT)}
    if epochs:
        out = folder / "long"
        command = ["network3", "train", LONG, "--epochs", str(epochs), "--out", str(out), "--quiet"]
        start = time.monotonic()
        yield _run({"kind": "long", "run": LONG, "epochs": epochs}, command, environment) | {
            "wall_s": round(time.monotonic() - start, 1),
            **_history(out),
        }
    for name in names:
        about = {"kind": "kernels", "configuration": name, "batch": FIVE_BATCH}
        yield _run(about, ["benchmarks.gpu.kernels", name, str(FIVE_BATCH)], environment)


def _run(about: Record, command: list[str], environment) -> Record:
    """Return what a module prints as JSON besides `about`, or why it did not."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", *command],
            capture_output=True,
            text=True,
            env=environment,
            timeout=PATIENCE,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return about | {"kind": "skipped", "reason": f"not done in {PATIENCE} s"}
    except subprocess.CalledProcessError as error:
        return about | {"kind": "skipped", "reason": error.stderr.strip().splitlines()[-1][:300]}
    return about | (json.loads(done.stdout) if done.stdout.strip() else {})


def _history(out: Path) -> Record:
    """Return the accuracies and the seconds of an epoch, once trained, from a folder of ``network3 train``."""
    from network3 import History
    from network3.experiments.experiment import Folder

    path = Folder(out).history
    if not path.is_file():
        return {}
    history = History.load(path)
    return {
        "validation_accuracy": history.best_validation_accuracy,
        "test_accuracy": history.corresponding_test_accuracy,
        "seconds_an_epoch": sorted(history.seconds)[history.epochs // 2],
        "first_epoch_s": history.seconds[0],
    }


def _card() -> str:
    import jax

    return jax.devices("gpu")[0].device_kind


if __name__ == "__main__":
    typer.run(main)
