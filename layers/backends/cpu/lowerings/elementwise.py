"""Lowerings of elementwise expressions, and copies between arrays of any strides."""

import math
from collections.abc import Sequence

import numpy as np
from pytensor.compile.ops import DeepCopyOp, ViewOp
from pytensor.graph.basic import Apply
from pytensor.scalar.basic import ScalarOp
from pytensor.tensor.elemwise import Elemwise

from network3.layers.backends.cpu.kernels.elementwise import PART, elementwise
from network3.layers.backends.cpu.plan import Plan, View
from network3.layers.backends.cpu.scalars import lines_of

from .registry import Lowering, lowers


@lowers(Elemwise)
def lower_elemwise(low: Lowering, node: Apply, *inputs: View) -> list[View]:
    """Calculate an expression for each element; some outputs overwrite inputs."""
    shape = np.broadcast_shapes(*(x.shape for x in inputs))
    inplace = node.op.inplace_pattern or {}
    outputs = [
        inputs[inplace[k]] if k in inplace else low.new(out.type.dtype, shape) for k, out in enumerate(node.outputs)
    ]
    calculate(low, node.op.scalar_op, inputs, outputs)
    return outputs


@lowers(DeepCopyOp)
def lower_copy(low: Lowering, node: Apply, x: View) -> View:
    """Copy a value."""
    return copied(low, x)


@lowers(ViewOp)
def lower_view(low: Lowering, node: Apply, x: View) -> View:
    """Return the same value."""
    return x


def calculate(low: Lowering | Plan, op: ScalarOp, inputs: Sequence[View], outputs: Sequence[View]) -> None:
    """Add the command that applies a scalar Op elementwise; an output that is also an input is updated in place."""
    # Equal operands are passed once: LLVM assumes that no two arrays overlap.
    operands: list[View] = []
    numbers = [_index_of(operands, x) for x in inputs]
    lines, results = lines_of(
        op, [(f"v{k}", x.dtype) for k, x in zip(numbers, inputs, strict=True)], [y.dtype for y in outputs]
    )
    _add_command(low, tuple(lines), tuple(results), operands, outputs)


def copy_to(low: Lowering | Plan, x: View, y: View) -> None:
    """Add the command that broadcasts `x` to the shape of `y` and copies it there; both have the same type."""
    _add_command(low, (), ("v0",), [x], [y])


def copied(low: Lowering | Plan, x: View) -> View:
    """Return a contiguous copy of a value."""
    y = low.new(x.dtype, x.shape)
    copy_to(low, x, y)
    return y


def contiguous(low: Lowering, x: View) -> View:
    """Return a value as a contiguous array, copied if necessary."""
    return x if x.contiguous else copied(low, x)


def _index_of(operands: list[View], x: View) -> int:
    """Return the index of an operand, which is added if it is new."""
    for k, known in enumerate(operands):
        if _same(known, x):
            return k
    operands.append(x)
    return len(operands) - 1


def _same(one: View, other: View) -> bool:
    return one is other or (
        one.buffer is other.buffer
        and (one.dtype, one.shape, one.strides, one.offset) == (other.dtype, other.shape, other.strides, other.offset)
    )


def _overlap(one: View, other: View) -> bool:
    return one.buffer is other.buffer and not _same(one, other)


def _add_command(
    low: Lowering | Plan,
    lines: tuple[str, ...],
    results: tuple[str, ...],
    operands: list[View],
    outputs: Sequence[View],
) -> None:
    # An operand that overlaps an output in another layout would be overwritten by the computation.
    operands = [copied(low, x) if any(_overlap(x, y) for y in outputs) else x for x in operands]
    places = [next((k for k, x in enumerate(operands) if _same(x, y)), None) for y in outputs]
    own = [y for y, place in zip(outputs, places, strict=True) if place is None]
    arrays = [*operands, *own]
    shape = outputs[0].shape
    if math.prod(shape) == 0:
        return
    lengths, strides = _merged_axes(shape, [_broadcast_strides(array, shape) for array in arrays])
    starts = [sum((n - 1) * -step for n, step in zip(lengths, steps, strict=True) if step < 0) for steps in strides]
    arrays = [_shifted(array, -start) for array, start in zip(arrays, starts, strict=True)]
    kernel = elementwise(
        lines,
        results,
        tuple(x.dtype for x in operands),
        tuple((y.dtype, place) for y, place in zip(outputs, places, strict=True)),
        tuple(steps[-1] if steps[-1] in (0, 1) else None for steps in strides),
        len(lengths),
        any(starts),
    )
    per = max(1, PART // math.prod(lengths[1:]))
    arguments: list[View | int] = [*arrays, *lengths, *(step for steps in strides for step in steps)]
    arguments += [*(starts if any(starts) else ()), per]
    low.run(kernel, arguments, -(-lengths[0] // per))


def _shifted(array: View, by: int) -> View:
    """Return a view that begins `by` elements later."""
    return View(array.buffer, array.dtype, array.shape, array.strides, array.offset + by) if by else array


def _broadcast_strides(array: View, shape: tuple[int, ...]) -> list[int]:
    """Return the strides of an array broadcast to `shape`: 0 along broadcast axes."""
    missing = len(shape) - len(array.shape)
    sizes, strides = (1,) * missing + array.shape, (0,) * missing + array.strides
    return [0 if size == 1 else stride for size, stride in zip(sizes, strides, strict=True)]


def _merged_axes(shape: tuple[int, ...], strides: list[list[int]]) -> tuple[list[int], list[list[int]]]:
    """Return lengths and strides without axes of length 1, with axes merged that are contiguous in all arrays."""
    lengths: list[int] = []
    joined: list[list[int]] = [[] for _ in strides]
    for d, length in enumerate(shape):
        if length == 1:
            continue
        if lengths and all(steps[-1] == own[d] * length for steps, own in zip(joined, strides, strict=True)):
            lengths[-1] *= length
            for steps, own in zip(joined, strides, strict=True):
                steps[-1] = own[d]
        else:
            lengths.append(length)
            for steps, own in zip(joined, strides, strict=True):
                steps.append(own[d])
    if not lengths:
        return [1], [[1] for _ in strides]
    return lengths, joined
