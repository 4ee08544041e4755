"""A step of training rewritten for the loop on a GPU: filters stay rotated, convolutions and products change form.

A true convolution is a correlation with filters rotated by 180 degrees, and GPUs correlate. Written as it is, each step
rotates each filter, and its gradient back, in kernels of their own. The rewritten step takes and returns the rotated
filters; every operation on single elements is applied to rotated arrays, and what remains are rotations that cancel.
For several networks convolutions become products, and products of few rows are split (`jax_products`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from .jax_graph import ELEMENTWISE
from .jax_products import convolution_as_product, split_product

MATRIX_PRODUCT = ((1,), (0,)), ((), ())
CALLS = {"pjit": "jaxpr", "jit": "jaxpr", "closed_call": "call_jaxpr", "custom_jvp_call": "call_jaxpr"}


@dataclass(frozen=True)
class _Value:
    """An array, or the rotation of it, in its last two axes, that is not carried out.

    `uniform` arrays do not change along these axes, so that they are their own rotation.
    """

    array: Any
    rotated: bool = False
    uniform: bool = False

    def plain(self) -> Any:
        return _rotation(self.array) if self.rotated else self.array

    def turned(self) -> Any:
        """Return the array whose rotation this value is."""
        return self.array if self.rotated or self.uniform else _rotation(self.array)


def _rotation(array: Any) -> Array:
    return lax.rev(array, (jnp.ndim(array) - 2, jnp.ndim(array) - 1))


def rotate(states: Sequence[Array], filters: Sequence[int]) -> list[Array]:
    """Rotate the arrays with the indices `filters` in their last two axes; its own inverse."""
    return [_rotation(state) if k in filters else state for k, state in enumerate(states)]


def rewritten(
    step: Callable,
    updates: Sequence[tuple[int, int]],
    filters: Sequence[int],
    *,
    given: int = 4,
    networks: bool = False,
) -> Callable[..., list[Array]]:
    """Return `step` for states of which those in `filters` are rotated, as are their next values.

    Parameters
    ----------
    step : callable
        ``step(*inputs, *states) -> outputs``, with `given` inputs.
    updates : pairs of int
        An output, and the index of the state whose next value it is.
    filters : sequence of int
        Indices of states, see `filters_of`.
    networks : bool, default False
        Whether the step is one of several networks at once, for which convolutions become matrix products. For one
        network, products of few rows are split instead.
    """
    rotated_outputs = {output for output, state in updates if state in filters}

    def rewritten_step(*arguments: Array) -> list[Array]:
        closed = jax.make_jaxpr(step)(*arguments)  # a rotation changes no shape
        values = [_Value(array, k - given in filters) for k, array in enumerate(arguments)]
        outputs = _evaluate(closed, values, networks)
        return [v.turned() if k in rotated_outputs else v.plain() for k, v in enumerate(outputs)]

    return rewritten_step


def filters_of(
    step: Callable, updates: Sequence[tuple[int, int]], arguments: Sequence[Any], given: int = 4
) -> tuple[int, ...]:
    """Return the indices of the states that are better kept rotated.

    These are the filters of true convolutions, which `step` rotates as they are, and what a rule keeps for them, such
    as velocities.
    """
    closed = jax.make_jaxpr(step)(*arguments)
    found: set[int] = set()
    states = {var: k - given for k, var in enumerate(closed.jaxpr.invars) if k >= given}
    _find_rotated(closed.jaxpr, states, found)
    while True:
        rotated = _rotated_outputs(closed, arguments, {k + given for k in found})
        more = {state for output, state in updates if rotated[output]} - found
        if not more:
            return tuple(sorted(found))
        found |= more


def _rotated_outputs(closed: ClosedJaxpr, arguments: Sequence[Any], rotated: set[int]) -> list[bool]:
    """Return which outputs are a rotation that is not carried out, if some of the arguments are."""
    flags: list[bool] = []

    def trace(*arrays: Array) -> list[Array]:
        outputs = _evaluate(closed, [_Value(array, k in rotated) for k, array in enumerate(arrays)], False)
        flags.extend(value.rotated for value in outputs)
        return [value.array for value in outputs]

    jax.eval_shape(trace, *arguments)
    return flags


def _find_rotated(jaxpr: Jaxpr, states: dict[Any, int], found: set[int]) -> None:
    for equation in jaxpr.eqns:
        inputs = [None if isinstance(v, Literal) else states.get(v) for v in equation.invars]
        if (inner := _inner(equation)) is not None:
            pairs = zip(inner.jaxpr.invars, inputs, strict=True)
            _find_rotated(inner.jaxpr, {var: k for var, k in pairs if k is not None}, found)
        elif _rotates(equation) and inputs[0] is not None:
            found.add(inputs[0])


def _evaluate(closed: ClosedJaxpr, arguments: Sequence[_Value], networks: bool) -> list[_Value]:
    jaxpr = closed.jaxpr
    known: dict[Any, _Value] = dict(zip(jaxpr.constvars, map(_Value, closed.consts), strict=True))
    known.update(zip(jaxpr.invars, arguments, strict=True))

    def value_of(atom: Any) -> _Value:
        return _Value(atom.val) if isinstance(atom, Literal) else known[atom]

    for equation in jaxpr.eqns:
        inputs = [value_of(atom) for atom in equation.invars]
        known.update(zip(equation.outvars, _apply(equation, inputs, networks), strict=True))
    return [value_of(atom) for atom in jaxpr.outvars]


def _apply(equation: Any, inputs: list[_Value], networks: bool) -> list[_Value]:
    """Return the outputs of one operation, on rotated arrays where that is as good."""
    if (inner := _inner(equation)) is not None:
        return _evaluate(inner, inputs, networks)
    primitive, parameters = equation.primitive, equation.params
    if _rotates(equation):
        return [_Value(inputs[0].array, not inputs[0].rotated)]
    if any(v.rotated for v in inputs):
        if primitive.name in ELEMENTWISE:
            arrays = [v.array if jnp.ndim(v.array) == 0 else v.turned() for v in inputs]
            return [_Value(primitive.bind(*arrays, **parameters), rotated=True)]
        if _keeps_last_axes(equation):
            return [_Value(primitive.bind(inputs[0].array, **parameters), rotated=True)]
    plain = [v.plain() for v in inputs]
    if networks and primitive.name == "conv_general_dilated" and parameters["feature_group_count"] == 1:
        x, w = plain
        return [_Value(convolution_as_product(x, w, parameters))]
    if not networks and primitive.name == "dot_general" and parameters["dimension_numbers"] == MATRIX_PRODUCT:
        x, w = plain
        return [_Value(split_product(x, w, parameters["precision"]))]
    found = primitive.bind(*plain, **parameters)
    uniform = _is_uniform(equation, inputs)
    return [_Value(array, uniform=uniform) for array in (found if primitive.multiple_results else [found])]


def _keeps_last_axes(equation: Any) -> bool:
    """Whether an operation adds or removes axes before the last two only."""
    before, after = (variable.aval.shape for variable in (equation.invars[0], equation.outvars[0]))
    name, parameters = equation.primitive.name, equation.params
    if name == "squeeze":
        return all(axis < len(before) - 2 for axis in parameters["dimensions"])
    if name == "broadcast_in_dim":
        last = tuple(parameters["broadcast_dimensions"][-2:])
        return last == (len(after) - 2, len(after) - 1) and before[-2:] == after[-2:]
    return False


def _is_uniform(equation: Any, inputs: list[_Value]) -> bool:
    """Whether the output of an operation is the same at each place of the last two axes."""
    if equation.primitive.name == "broadcast_in_dim":
        lengths = dict(zip(equation.params["broadcast_dimensions"], jnp.shape(inputs[0].array), strict=True))
        axes = len(equation.outvars[0].aval.shape)
        return all(lengths.get(axis, 1) == 1 for axis in (axes - 2, axes - 1))
    return equation.primitive.name in ELEMENTWISE and all(v.uniform or jnp.ndim(v.array) == 0 for v in inputs)


def _rotates(equation: Any) -> bool:
    axes = equation.outvars[0].aval.ndim
    return equation.primitive.name == "rev" and tuple(equation.params["dimensions"]) == (axes - 2, axes - 1)


def _inner(equation: Any) -> ClosedJaxpr | None:
    name = CALLS.get(equation.primitive.name)
    return None if name is None else equation.params[name]
