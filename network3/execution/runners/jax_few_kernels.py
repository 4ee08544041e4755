"""The loop over training steps for a GPU, where each kernel costs more than what it computes.

Filters stay rotated (`jax_rewrite`), vectors are one array (`jax_packing`), operations are put so that XLA fuses them
(`jax_fusion`), and what only the cost needs is computed after the loop, for all steps together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from network3.execution.sharding import DeviceMesh

from .jax_fusion import carry_out_fused
from .jax_graph import Graph, Known, carry_out, free_variables, read
from .jax_packing import Packed, Packing
from .jax_rewrite import filters_of, rewritten, rotate

GIVEN = 4  # inputs of a step before the states: x, y, eta, lmbda
LATER = slice(1, GIVEN)  # inputs that are at hand after the loop: all but x
MOST_KEPT = 2**14  # values of a step that are kept for its cost


@dataclass(frozen=True)
class FewKernels:
    """A loop for a GPU.

    Attributes
    ----------
    step, updates
        See `network3.execution.runners.jax_program.chunk_program`.
    cost : int
        The output that is kept of each step.
    penalty : int or None
        The output that is added to it; computed before and after the loop, and interpolated.
    mesh : DeviceMesh
    networks : bool
        Whether there are several networks, along an axis of their own.
    """

    step: Callable
    updates: tuple[tuple[int, int], ...]
    cost: int
    penalty: int | None
    mesh: DeviceMesh
    networks: bool

    def run(
        self, states: list[Array], inputs: Callable[[Any], tuple[Array, ...]], labels: Array, steps: int | Array
    ) -> tuple[list[Array], Array]:
        """Take `steps` steps, the k-th with ``inputs(k)``; return the states and the costs.

        Parameters
        ----------
        states : list of arrays
        inputs : callable
            ``inputs(k) -> x, y, eta, lmbda``.
        labels : array
            y of each step.
        steps : int or int32 array
            The costs after so many are meaningless.
        """
        each: Callable = jax.vmap if self.networks else lambda function: function
        given = inputs(0)
        one = [array[0] if self.networks else array for array in (*given, *states)]
        filters = filters_of(self.step, self.updates, one)
        step = rewritten(self.step, self.updates, filters, networks=self.networks)
        parts = _StepInParts(step, one, self.updates, self.cost)
        packing = Packing(one[GIVEN:], parts.kinds())

        def take(packed: Packed, *inputs: Array) -> tuple[Packed, list[Array]]:
            x, y, *rates = inputs
            arguments = self.mesh.keep_sharded(x), self.mesh.keep_sharded(y), *rates, *packing.unpack(packed)
            known = parts.taken(arguments)
            after = packing.updated(packed, parts.graph, parts.states, parts.following, known)
            return jax.tree.map(self.mesh.keep_replicated, after), [read(kept, known) for kept in parts.kept]

        def body(k: Array, carried: tuple[Packed, list[Array]]) -> tuple[Packed, list[Array]]:
            packed, kept = each(take)(carried[0], *inputs(k))
            return packed, [array.at[k].set(part) for array, part in zip(carried[1], kept, strict=True)]

        lead = given[2].shape  # of the rates
        kept = [jnp.zeros((len(labels), *lead, *part.aval.shape), part.aval.dtype) for part in parts.kept]
        first = rotate(states, filters)
        # A length that is data makes XLA ask the device before each step whether there is another.
        packed, kept = lax.fori_loop(0, steps, body, (each(packing.pack)(first), kept))
        last = each(packing.unpack)(packed)
        costs = jax.vmap(each(parts.cost_of), (0, 0, None, None))(kept, labels, *given[2:])
        if self.penalty is not None:
            ends = [each(step)(*given, *states)[self.penalty] for states in (first, last)]
            share = jnp.arange(len(labels), dtype=costs.dtype).reshape(-1, *[1] * (costs.ndim - 1)) / steps
            costs += (1 - share) * ends[0] + share * ends[1]
        return rotate(last, filters), costs


class _StepInParts:
    """A step, of which the last part of the cost can be computed later, from values that are kept.

    Attributes
    ----------
    graph : Graph
    states, following : list of variables
        The states and their next values.
    kept : list of variables
        What the cost is computed from; the cost itself where that would be too many values.
    """

    def __init__(self, step: Callable, arguments: Sequence[Any], updates: Sequence[tuple[int, int]], cost: int):
        self.graph = graph = Graph(step, arguments)
        self.states = graph.inputs[GIVEN:]
        changed = {state: graph.outputs[output] for output, state in updates}
        self.following = [changed.get(k, state) for k, state in enumerate(self.states)]
        self._cost = graph.outputs[cost]
        now = {id(equation) for equation in graph.needed(self.following)}
        at_hand = graph.following(graph.inputs[LATER])
        self._later = [
            equation
            for equation in graph.needed([self._cost])
            if id(equation) not in now or at_hand.issuperset(equation.outvars)
        ]
        self.kept = free_variables(self._later, at_hand)
        made = any(variable is self._cost for equation in self._later for variable in equation.outvars)
        if not made or sum(variable.aval.size for variable in self.kept) > MOST_KEPT:
            self.kept, self._later = [self._cost], []
        self._now = graph.needed([*self.following, *self.kept])

    def kinds(self) -> list[str]:
        """Return the last operation of each state's next value."""
        makers = map(self.graph.maker, self.following)
        return ["" if maker is None else maker.primitive.name for maker in makers]

    def taken(self, arguments: Sequence[Array]) -> Known:
        """Carry out the step but for the last part of the cost; return what is computed."""
        known = self.graph.constants | dict(zip(self.graph.inputs, arguments, strict=True))
        carry_out_fused(self.graph, self._now, known)
        return known

    def cost_of(self, kept: Sequence[Array], *later: Array) -> Array:
        """Return the cost from what was kept of a step, and its y, eta and lmbda."""
        known = self.graph.constants | dict(zip(self.graph.inputs[LATER], later, strict=True))
        known |= dict(zip(self.kept, kept, strict=True))
        for equation in self._later:
            carry_out(equation, known)
        return read(self._cost, known)
