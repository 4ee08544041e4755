"""The vectors among the states of a loop, such as biases, as one array, so that one kernel updates all of them."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import jax.numpy as jnp
from jax import Array
from jax.extend.core import Literal

from .jax_graph import ELEMENTWISE, Atom, Graph, Known, read

Packed: TypeAlias = tuple[list[Array], list[Array]]  # the other states, and an array for each group of vectors


class Packing:
    """Which states are packed.

    Parameters
    ----------
    states : sequence of arrays or of their shapes and types
    kinds : sequence of str
        How each is updated; those of different kinds, such as biases and their velocities, are not packed together.
    """

    def __init__(self, states: Sequence[Any], kinds: Sequence[str]):
        vectors: dict[tuple[str, str], list[int]] = {}
        for k, (state, kind) in enumerate(zip(states, kinds, strict=True)):
            if jnp.ndim(state) == 1:
                vectors.setdefault((str(state.dtype), kind), []).append(k)
        self._groups = [group for group in vectors.values() if len(group) > 1]
        packed = {k for group in self._groups for k in group}
        self._others = [k for k in range(len(states)) if k not in packed]
        self._sizes = [jnp.size(state) for state in states]

    def pack(self, states: Sequence[Array]) -> Packed:
        """Return the states with the vectors of a group as one."""
        return [states[k] for k in self._others], [jnp.concatenate([states[k] for k in g]) for g in self._groups]

    def unpack(self, packed: Packed) -> list[Array]:
        """Return the states."""
        others, vectors = packed
        found = dict(zip(self._others, others, strict=True))
        for group, vector in zip(self._groups, vectors, strict=True):
            start = 0
            for k in group:
                found[k] = vector[start : start + self._sizes[k]]
                start += self._sizes[k]
        return [found[k] for k in range(len(found))]

    def updated(
        self, before: Packed, graph: Graph, states: Sequence[Any], following: Sequence[Atom], known: Known
    ) -> Packed:
        """Return the states after a step.

        Parameters
        ----------
        before : the packed states that it was taken from
        graph : Graph
            The step.
        states, following : sequences of variables
            The states in the graph, and their next values.
        known : dict
            The values of `following`, and of what they depend on.
        """
        vectors = [
            _together([following[k] for k in group], [states[k] for k in group], vector, graph, known)
            for group, vector in zip(self._groups, before[1], strict=True)
        ]
        return [read(following[k], known) for k in self._others], vectors


def _together(atoms: Sequence[Atom], parts: Sequence[Any], vector: Array, graph: Graph, known: Known) -> Array:
    """Return ``concatenate(atoms)``, by operations on `vector`, which is ``concatenate(parts)``, as far as possible.

    An array that is written where it is read needs no copy: ``vector - concatenate(steps)`` is computed in place,
    ``concatenate([part - step for ...])`` is not.
    """
    if all(atom is part for atom, part in zip(atoms, parts, strict=True)):
        return vector
    first = atoms[0]
    if first.aval.ndim == 0 and all(_equal(atom, first) for atom in atoms):
        return read(first, known)
    makers = [graph.maker(atom) for atom in atoms]
    if _are_one_operation(makers) and all(a.aval.shape == p.aval.shape for a, p in zip(atoms, parts, strict=True)):
        operands = zip(*(maker.invars for maker in makers), strict=True)
        values = [_together(same, parts, vector, graph, known) for same in operands]
        return makers[0].primitive.bind(*values, **makers[0].params)
    arrays = [jnp.broadcast_to(read(atom, known), part.aval.shape) for atom, part in zip(atoms, parts, strict=True)]
    return jnp.concatenate(arrays)


def _equal(one: Atom, other: Atom) -> bool:
    both_literal = isinstance(one, Literal) and isinstance(other, Literal)
    return one is other or (both_literal and one.aval == other.aval and one.val == other.val)


def _are_one_operation(makers: Sequence[Any]) -> bool:
    """Whether all are the same operation on single elements."""
    first = makers[0]
    if first is None or first.primitive.name not in ELEMENTWISE:
        return False
    return all(m is not None and m.primitive is first.primitive and m.params == first.params for m in makers)
