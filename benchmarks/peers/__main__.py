"""Our training step and inference beside the peers': ``python -m benchmarks.peers``.

Environments come from ``python -m benchmarks.environments``; a peer without one is named and skipped. The machine may
be busy: ratios of one run mean something, microseconds of two runs do not compare.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.chart import draw
from benchmarks.configurations import BATCHES, CONFIGURATIONS
from benchmarks.contest import Contest
from benchmarks.environments import EnvironmentMissing, python_of
from benchmarks.machine import machine
from benchmarks.peers import PEERS
from benchmarks.table import show
from network3 import datasets
from network3.layers.checks import complaint, one_of

TRAINING_IMAGES = 10_000  # a mini-batch is timed anew on each: enough that none stays in the cache


def interpreters(peers: list[str], given: list[str]) -> tuple[dict[str, Path], list[dict]]:
    """Return the interpreter of each peer, and a record of each that has none.

    Parameters
    ----------
    peers : list of str
    given : list of str
        ``PEER=PYTHON``, instead of the peer's own environment.

    Raises
    ------
    ValueError
        A name that is not a peer's.
    """
    chosen = {}
    for text in given:
        name, found, python = text.partition("=")
        if not found:
            raise ValueError(complaint("--python", "wanted PEER=PYTHON", text, "Write e.g. jax_jit=python3."))
        chosen[one_of("--python", name, PEERS)] = Path(python)
    missing = []
    for name in peers:
        try:
            chosen.setdefault(name, python_of(PEERS[one_of("--peer", name, PEERS)]))
        except EnvironmentMissing as error:
            if name not in chosen:
                missing.append({"kind": "skipped", "peer": name, "title": PEERS[name].title, "reason": str(error)})
    return {name: chosen[name] for name in peers if name in chosen}, missing


def main(
    network: Annotated[list[str] | None, typer.Option(help="fc, one_conv, two_conv, dropout; all by default.")] = None,
    batch: Annotated[list[int] | None, typer.Option(help="Mini-batch sizes.")] = None,
    peer: Annotated[list[str] | None, typer.Option(help=f"{', '.join(PEERS)}; all by default.")] = None,
    python: Annotated[list[str] | None, typer.Option(help="PEER=PYTHON, instead of its environment.")] = None,
    threads: Annotated[list[int] | None, typer.Option(help="Numbers of threads, the best of which is taken.")] = None,
    seconds: Annotated[float, typer.Option(help="Between two looks at the clock.")] = 0.1,
    rounds: Annotated[int, typer.Option(help="How often each is timed, in turn.")] = 5,
    minutes: Annotated[float, typer.Option(help="After these nothing new is begun.")] = 10.5,
    results: Annotated[Path, typer.Option(help="JSON lines to write.")] = Path("benchmarks/results/peers.jsonl"),
    chart: Annotated[Path | None, typer.Option(help="SVG chart to draw.")] = None,
) -> None:
    """Time each network at each batch, ours beside each peer; print the ratios and write every number."""
    console = Console(width=None if sys.stdout.isatty() else 130)
    names = [one_of("--network", name, CONFIGURATIONS) for name in network or CONFIGURATIONS]
    pythons, records = interpreters(list(peer or PEERS), python or [])
    here = machine()
    training, _, test = datasets.load_mnist()
    results.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory() as folder, results.open("w", encoding="utf-8") as lines:

        def keep(record: dict) -> None:
            lines.write(json.dumps(record | {"machine": here, "threads": list(contest.threads)}) + "\n")
            lines.flush()

        contest = Contest(Path(folder), sys.executable, sorted(threads or (1, 2)), seconds, rounds, deadline)
        contest.write_data([a[:TRAINING_IMAGES] for a in training], test)
        for record in records:
            keep(record)
        for name in names:
            for module, interpreter in pythons.items():
                console.print(f"{name}: beside {PEERS[module].title} ...", markup=False)
                for record in contest.compare(name, PEERS[module], interpreter, sorted(batch or BATCHES)):
                    records.append(record)
                    keep(record)
    show(records, console)
    console.print(f"Every number is in {results}.", markup=False)
    if chart is not None:
        draw(records, chart)


if __name__ == "__main__":
    typer.run(main)
