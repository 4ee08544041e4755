"""The race to 99.0 % on MNIST, network3 beside PyTorch: ``python -m benchmarks.race``.

The machine may be busy: compare the entrants of one run, not the seconds of different runs.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.data import write_data
from benchmarks.environments import interpreters
from benchmarks.machine import machine
from benchmarks.records import Record
from benchmarks.start.first_epoch import first_images
from network3.datasets import load_mnist
from network3.layers.checks import one_of

from .entrants import FORMS, entrants
from .rounds import Race, race, write_grey_levels
from .tables import line, markdown, show

PEER = "pytorch_eager"  # whose environment is used
FEW = 130  # images of the first mini-batches


def main(
    form: Annotated[list[str] | None, typer.Option(help=f"Of PyTorch: {', '.join(FORMS)}; default: all.")] = None,
    python: Annotated[list[str] | None, typer.Option(help=f"{PEER}=PYTHON: the interpreter for PyTorch.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads of each entrant; default: all cores.")] = None,
    rounds: Annotated[int, typer.Option(help="Trainings of each entrant, alternating.")] = 5,
    minutes: Annotated[float, typer.Option(help="No round is started after this many minutes.")] = 15.0,
    results: Annotated[Path, typer.Option(help="JSON lines; the table gets the same name with .md.")] = Path(
        "benchmarks/results/race.jsonl"
    ),
) -> None:
    """Time network3 and PyTorch to 99.0 % on the test images of MNIST; print a table, write all times."""
    deadline = time.monotonic() + 60 * minutes
    console = Console(width=None if sys.stdout.isatty() else 160)
    chosen = tuple(one_of("--form", name, FORMS) for name in form or FORMS)
    console.print("Virtual environment of PyTorch ...")
    pythons, skipped = interpreters([PEER], python or [])
    here = machine()
    entered = entrants(next(iter(pythons.values()), None), chosen, threads or here["cores"] or 1)

    def report(text: str) -> None:
        console.print(text, markup=False, highlight=False)

    with tempfile.TemporaryDirectory() as folder:
        training, validation, test = load_mnist()
        data = write_grey_levels(Path(folder) / "every", training=training, test=test)
        images, labels = first_images(training)
        few = write_data(Path(folder) / "few", training=(images[:FEW], labels[:FEW]), test=first_images(validation))
        records: list[Record] = [*skipped, *race(Race(entered, data, few, report), rounds, deadline)]
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text("".join(json.dumps(record | {"machine": here}) + "\n" for record in records), encoding="utf-8")
    for record in records:
        report(line(record))
    if any(record["kind"] == "race" for record in records):
        show(records, console)
        results.with_suffix(".md").write_text(markdown(records, here), encoding="utf-8")
        report(f"All measurements are in {results}, with a table beside it.")
    if any(record["kind"] == "wrong" for record in records):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
