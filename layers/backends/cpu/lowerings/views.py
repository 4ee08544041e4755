"""Lowerings of Ops that return a view: transposed, reshaped, or a part. Most add no commands."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.raise_op import Assert
from pytensor.tensor.basic import ScalarFromTensor, TensorFromScalar
from pytensor.tensor.elemwise import DimShuffle
from pytensor.tensor.shape import Reshape, Shape, Shape_i, SpecifyShape
from pytensor.tensor.subtensor import IncSubtensor, Subtensor, indices_from_subtensor

from network3.layers.backends.cpu.plan import View, row_strides
from network3.layers.backends.cpu.unsupported import UnsupportedError

from .elementwise import contiguous
from .registry import Lowering, constant_of, lowers


@lowers(DimShuffle)
def lower_dimshuffle(low: Lowering, node: Apply, x: View) -> View:
    """Permute the axes, add some of length 1, drop some."""
    order = node.op.new_order
    shape = tuple(1 if axis == "x" else x.shape[axis] for axis in order)
    strides = tuple(0 if axis == "x" else x.strides[axis] for axis in order)
    return View(x.buffer, x.dtype, shape, strides, x.offset)


@lowers(Reshape)
def lower_reshape(low: Lowering, node: Apply, x: View, _: View) -> View:
    """Return the value in another shape, copied if it is not contiguous."""
    shape = node.outputs[0].type.shape
    if None in shape:
        shape = _resolved(constant_of(node.inputs[1]), x.size)
    x = contiguous(low, x)
    return View(x.buffer, x.dtype, shape, row_strides(shape), x.offset)


def _resolved(lengths: np.ndarray, size: int) -> tuple[int, ...]:
    """Return a shape with -1 replaced by the length that fits the size."""
    known = int(np.prod([n for n in lengths if n != -1]))
    return tuple(int(n) if n != -1 else size // max(known, 1) for n in lengths)


@lowers(SpecifyShape)
def lower_same(low: Lowering, node: Apply, x: View, *_: View) -> View:
    """Return the same value: all shapes are known."""
    expected = [int(constant_of(v)) if isinstance(v, Constant) else None for v in node.inputs[1:]]
    if any(n is not None and n != m for n, m in zip(expected, x.shape, strict=False)) and expected:
        raise UnsupportedError(f"{node}, which does not hold")
    return x


@lowers(Shape, Shape_i)
def lower_shape(low: Lowering, node: Apply, x: View) -> View:
    """Return a length, or the shape, as a constant."""
    shape = x.shape if isinstance(node.op, Shape) else x.shape[node.op.i]
    return low.plan.constant(np.array(shape, np.int64))


@lowers(Assert)
def lower_assert(low: Lowering, node: Apply, x: View, *_: View) -> View:
    """Return the same value, if all conditions are constants that hold."""
    if not all(isinstance(v, Constant) and bool(v.data) for v in node.inputs[1:]):
        raise UnsupportedError(f"{node}")
    return x


@lowers(ScalarFromTensor, TensorFromScalar)
def lower_scalar(low: Lowering, node: Apply, x: View) -> View:
    """Return the same value: scalars are arrays without axes."""
    return View(x.buffer, x.dtype, (), (), x.offset)


@lowers(Subtensor)
def lower_subtensor(low: Lowering, node: Apply, x: View, *_: View) -> View:
    """Return a view of a part, by constant indices and slices."""
    return part_of(x, constant_indices(node.op, node.inputs[1:]))


def constant_indices(op: Subtensor | IncSubtensor, inputs: Sequence[Variable]) -> list[int | slice]:
    """Return the indices of a Subtensor, if all are constants."""

    def value(entry: Any) -> Any:
        if isinstance(entry, slice):
            return slice(*(value(bound) for bound in (entry.start, entry.stop, entry.step)))
        return entry if entry is None or isinstance(entry, int) else int(constant_of(entry))

    return [value(entry) for entry in indices_from_subtensor(inputs, op.idx_list)]


def part_of(x: View, indices: Sequence[int | slice]) -> View:
    """Return a view of the part of a value that constant indices and slices select."""
    shape, strides, offset = [], [], x.offset
    for d, (n, stride) in enumerate(zip(x.shape, x.strides, strict=True)):
        index = indices[d] if d < len(indices) else slice(None)
        if isinstance(index, slice):
            places = range(*index.indices(n))
            offset += places.start * stride if len(places) else 0
            shape.append(len(places))
            strides.append(places.step * stride)
        elif -n <= index < n:
            offset += index % n * stride
        else:
            raise UnsupportedError(f"index {index} of an axis of {n}")
    return View(x.buffer, x.dtype, tuple(shape), tuple(strides), offset)
