"""Compiled functions with named arguments and results: what runs, and which shared variables it updates."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pytensor.compile import Function
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.link.basic import Container


@dataclass(frozen=True)
class Compiled:
    """A compiled graph, ``function(*arguments) -> results``, that reads shared variables and may update them.

    Attributes
    ----------
    function : pytensor.compile.Function
    arguments, results : tuple of str
        Their names, in order.
    """

    function: Function
    arguments: tuple[str, ...]
    results: tuple[str, ...]

    def __call__(self, *values: Any) -> Any:
        """Run it."""
        return self.function(*values)

    @property
    def jax_function(self) -> Callable:
        """JAX's function of the graph, ``jax_function(*arguments, *shared) -> outputs``, if its back end is JAX."""
        vm: Any = self.function.vm
        return vm.jit_fn

    @property
    def shared(self) -> list[Container]:
        """The containers of the shared variables' values, in the order in which the graph takes them."""
        return self.function.input_storage[len(self.arguments) :]

    @property
    def updates(self) -> tuple[tuple[int, int], ...]:
        """Pairs: the output of the graph that is the next value, and the index in `shared` of what it updates."""
        given = len(self.arguments)
        return tuple((k, i - given) for k, i in self.function.maker.fgraph.update_mapping.items())


@dataclass(frozen=True)
class Step(Compiled):
    """A compiled training step, ``step(x, y, eta, lmbda) -> cost``.

    Attributes
    ----------
    slots : list of shared variables
        That the update rule made, such as velocities.
    initial_slots : list of arrays
        Their values when a training begins.
    averages : list of pairs of int
        For each slot that is an average: its index in `slots`, and that of what it averages among the network's
        ``variables``; see `network3.optim.MovingAverage`.
    """

    slots: list[SharedVariable] = field(default_factory=list)
    initial_slots: list[np.ndarray] = field(default_factory=list)
    averages: list[tuple[int, int]] = field(default_factory=list)
