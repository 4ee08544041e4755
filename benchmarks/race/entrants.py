"""Who takes part in the race: network3, and PyTorch in several forms."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.peers import OURS, PEERS, Peer
from benchmarks.start.process import Library

from . import PROGRAM

PYTORCH = replace(PEERS["pytorch_eager"], name="pytorch", title="PyTorch, eager", module="benchmarks.race.pytorch")
COMPILED = replace(
    PEERS["pytorch_compiled"],
    name="pytorch_compiled",
    title="PyTorch, compiled",
    module="benchmarks.race.pytorch_compiled",
)
# An image takes PyTorch less time the larger the mini-batch is: of those tried, this is the largest with which the
# accuracy on the validation images was still 99.0 %.
OF_PYTORCH: dict[str, Any] = {"batch": 64, "eta": 0.3, "decay": 0.94}
TIMEOUT = 150.0  # seconds for one training
FORMS = ("pytorch", "pytorch_own", "pytorch_compiled")


@dataclass(frozen=True)
class Entrant:
    """A library, and what it changes in the recipe.

    Parameters
    ----------
    library : Library
    changes : dict of str
        Fields of `Recipe`.
    """

    library: Library
    changes: Mapping[str, Any] = field(default_factory=dict)


def entrants(python: str | Path | None, forms: tuple[str, ...], threads: int) -> list[Entrant]:
    """Return network3, then each form of PyTorch, run eagerly both in one thread and in `threads`.

    Parameters
    ----------
    python : path, optional
        Interpreter of PyTorch's environment; without one, network3 is alone.
    forms : tuple of str
        Some of `FORMS`: the recipe of the race, the mini-batches that suit PyTorch best, and ``torch.compile``.
    threads : int
    """
    ours = replace(OURS, module="benchmarks.race.ours")
    found = [Entrant(Library(ours, sys.executable, threads, PROGRAM, TIMEOUT))]
    if python is None:
        return found
    for form in forms:
        if form == "pytorch_compiled":
            found.append(Entrant(Library(COMPILED, python, threads, PROGRAM, TIMEOUT)))
            continue
        for count in sorted({1, threads}):
            own = OF_PYTORCH if form == "pytorch_own" else {}
            found.append(Entrant(Library(_named(form, count), python, count, PROGRAM, TIMEOUT), own))
    return found


def _named(form: str, threads: int) -> Peer:
    batch = f", mini-batches of {OF_PYTORCH['batch']}" if form == "pytorch_own" else ""
    unit = "thread" if threads == 1 else "threads"
    return replace(PYTORCH, name=f"{form}_{threads}", title=f"{PYTORCH.title}{batch}, {threads} {unit}")
