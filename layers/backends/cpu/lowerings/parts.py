"""Lowerings of Ops that assemble or divide arrays: fill, join, split, and set or increment a part."""

import numpy as np
from pytensor.graph.basic import Apply
from pytensor.scalar.basic import add
from pytensor.tensor.basic import Alloc, AllocEmpty, Join, MakeVector, Split
from pytensor.tensor.subtensor import IncSubtensor

from network3.layers.backends.cpu.plan import View
from network3.layers.backends.cpu.unsupported import UnsupportedError

from .elementwise import calculate, copied, copy_to
from .registry import Lowering, constant_of, lowers
from .views import constant_indices, part_of


@lowers(Alloc, AllocEmpty)
def lower_alloc(low: Lowering, node: Apply, *inputs: View) -> View:
    """Fill a new array with a value, broadcast to its shape."""
    filled = isinstance(node.op, Alloc)
    shape = tuple(int(constant_of(n)) for n in node.inputs[1 if filled else 0 :])
    y = low.new(node.outputs[0].type.dtype, shape)
    if filled:
        copy_to(low, inputs[0], y)
    else:
        low.plan.keep(y)  # no command writes to it before its first use
    return y


@lowers(MakeVector)
def lower_make_vector(low: Lowering, node: Apply, *inputs: View) -> View:
    """Assemble a vector from scalars."""
    y = low.new(node.outputs[0].type.dtype, (len(inputs),))
    for k, x in enumerate(inputs):
        if x.dtype != y.dtype:
            raise UnsupportedError(f"{node} of {x.dtype} as {y.dtype}")
        copy_to(low, x, part_of(y, [k]))
    return y


@lowers(Join)
def lower_join(low: Lowering, node: Apply, *views: View) -> View:
    """Concatenate arrays along an axis."""
    inputs = views if hasattr(node.op, "axis") else views[1:]
    along = _axis(node, 0, len(inputs[0].shape))
    shape = list(inputs[0].shape)
    shape[along] = sum(x.shape[along] for x in inputs)
    y = low.new(node.outputs[0].type.dtype, tuple(shape))
    start = 0
    for x in inputs:
        if x.dtype != y.dtype:
            raise UnsupportedError(f"{node} of {x.dtype} as {y.dtype}")
        copy_to(low, x, part_of(y, [slice(None)] * along + [slice(start, start + x.shape[along])]))
        start += x.shape[along]
    return y


@lowers(Split)
def lower_split(low: Lowering, node: Apply, x: View, *_: View) -> list[View]:
    """Return views of an array's pieces along an axis."""
    along = _axis(node, 1, len(x.shape))
    ends = np.cumsum(constant_of(node.inputs[-1]))
    starts = [0, *ends[:-1]]
    if ends[-1] != x.shape[along]:
        raise UnsupportedError(f"{node} into {ends[-1]} of {x.shape[along]}")
    return [part_of(x, [slice(None)] * along + [slice(int(a), int(b))]) for a, b in zip(starts, ends, strict=True)]


def _axis(node: Apply, place: int, axes: int) -> int:
    """Return the axis of a node: an input in PyTensor 3.0, a property of the Op in later versions."""
    axis = node.op.axis if hasattr(node.op, "axis") else constant_of(node.inputs[place])
    return int(axis) % axes


@lowers(IncSubtensor)
def lower_inc_subtensor(low: Lowering, node: Apply, x: View, y: View, *_: View) -> View:
    """Set a part of an array, or add to it, in a copy or in place."""
    if x.dtype != y.dtype:
        raise UnsupportedError(f"{node} of {y.dtype} in {x.dtype}")
    result = x if node.op.inplace else copied(low, x)
    part = part_of(result, constant_indices(node.op, node.inputs[2:]))
    if node.op.set_instead_of_inc:
        copy_to(low, y, part)
    else:
        calculate(low, add, [part, y], [part])
    return result
