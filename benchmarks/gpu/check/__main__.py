"""Compile training loops for an H100 without one, and compare what a step launches with the goals.

``make check-gpu`` runs it in an environment of its own, with JAX's plug-in for CUDA. The counts tell how a loop is
scheduled, not how fast it is; `benchmarks.gpu` measures that, on a card.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.configurations import CHAPTER6, configuration

from . import hlo, thunks

BATCH = 10
RESULTS = Path("benchmarks/results/check_gpu.jsonl")
CUDNN = "custom:__cudnn"


@dataclass(frozen=True)
class Row:
    """One program: its loop, and the launches of a step."""

    who: str
    configuration: str
    networks: int
    trip_count: int | None
    launches: int | None
    kernels: int
    chain: int
    kinds: dict[str, int]


@dataclass(frozen=True)
class Goal:
    """The most kernels of a step, and the longest chain of them, of our loop for one network."""

    kernels: int | None = None
    chain: int | None = None


GOALS = {"fc": Goal(kernels=16), "two_conv": Goal(kernels=32, chain=18), "dropout": Goal(kernels=45)}


def misses(row: Row) -> list[str]:
    """Return what does not hold of our loop: known length, one launch a step, the goals, no cuDNN for several."""
    if row.who != "network3":
        return []
    found = []
    if row.trip_count is None:
        found.append("unknown trip count")
    if row.launches != 1:
        found.append(f"{row.launches} launches")
    goal = GOALS.get(row.configuration, Goal()) if row.networks == 1 else Goal()
    if goal.kernels is not None and row.kernels > goal.kernels:
        found.append(f"{row.kernels} kernels > {goal.kernels}")
    if goal.chain is not None and row.chain > goal.chain:
        found.append(f"chain of {row.chain} > {goal.chain}")
    if row.networks > 1 and any(kind.startswith(CUDNN) for kind in row.kinds):
        found.append("cuDNN calls for each network")
    return found


def main() -> None:
    """Print the table, write it as JSON lines; end with 1 where something does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        _prepare(Path(folder))
        rows = _rows(Path(folder))
    table = Table("program", "network", "at once", "trip count", "launches", "kernels", "chain", "missed")
    for row in rows:
        numbers = (row.networks, row.trip_count, row.launches, row.kernels, row.chain)
        table.add_row(row.who, row.configuration, *map(str, numbers), "; ".join(misses(row)) or "-")
    Console(width=None if sys.stdout.isatty() else 140).print(table)
    RESULTS.write_text("".join(json.dumps(asdict(row) | {"missed": misses(row)}) + "\n" for row in rows))
    sys.exit(any(misses(row) for row in rows))


def _prepare(folder: Path) -> None:
    """Set what XLA reads when JAX is imported: no card, no tuning on it, and its schedules written to `folder`."""
    os.environ |= {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": "-1", "NETWORK3_DEVICE": "cpu"}
    flags = "--xla_gpu_autotune_level=0", f"--xla_dump_to={folder}", "--xla_dump_hlo_as_text"
    os.environ["XLA_FLAGS"] = " ".join([os.environ.get("XLA_FLAGS", ""), *flags])


def _rows(folder: Path) -> list[Row]:
    from . import programs

    found = []
    for name in CHAPTER6:
        config = configuration(name)
        for networks in (1, 5):
            compile_ours = partial(programs.ours, config, BATCH, networks=networks)
            found.append(_row(folder, "network3", name, networks, compile_ours))
        found.append(_row(folder, "JAX by hand", name, 1, partial(programs.by_hand, config, BATCH)))
    return found


def _row(folder: Path, who: str, name: str, networks: int, compile_program: Callable[[str], str]) -> Row:
    module = f"{who.split()[0].lower()}_{name}_{networks}"
    loop = hlo.largest_loop(compile_program(module))
    counts: dict[str, Any] = dict(loop.kernels)
    return Row(who, name, networks, loop.trip_count, thunks.launches(folder, module), loop.count, loop.chain, counts)


if __name__ == "__main__":
    main()
