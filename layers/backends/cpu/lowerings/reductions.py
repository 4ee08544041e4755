"""Lowerings of reductions over any axes, of softmax, and of argmax."""

import math
from collections.abc import Sequence

from pytensor.graph.basic import Apply
from pytensor.scalar import basic as ps
from pytensor.tensor.elemwise import CAReduce
from pytensor.tensor.math import Argmax

from network3.layers.backends.cpu.kernels.argmax import argmax
from network3.layers.backends.cpu.kernels.reductions import (
    LANES,
    PART,
    even_blocks,
    lanes_for,
    reduce,
    sum_columns,
    sum_rows,
)
from network3.layers.backends.cpu.kernels.softmax import softmax
from network3.layers.backends.cpu.ops import RowSoftmax, SumOfSquares
from network3.layers.backends.cpu.plan import View
from network3.layers.backends.cpu.unsupported import UnsupportedError

from .elementwise import contiguous
from .registry import Lowering, lowers

KINDS: dict[type, str] = {
    ps.Add: "add",
    ps.Mul: "mul",
    ps.Maximum: "maximum",
    ps.Minimum: "minimum",
    ps.AND: "and",
    ps.OR: "or",
}
FLOATS = {"float32", "float64"}
TYPES = ("float32", "float64", "int64", "int32", "int16", "int8", "uint32", "uint8", "bool")


@lowers(CAReduce)
def lower_reduce(low: Lowering, node: Apply, x: View) -> View:
    """Reduce some axes."""
    op, dtype = node.op, node.outputs[0].type.dtype
    axes = tuple(range(len(x.shape))) if op.axis is None else tuple(a % len(x.shape) for a in op.axis)
    kind = KINDS.get(type(op.scalar_op))
    inside = getattr(op, "acc_dtype", None) or dtype
    if kind is None or any(t not in TYPES for t in (x.dtype, dtype, inside)):
        raise UnsupportedError(f"the Op {op} of {x.dtype}")
    kept = [d for d in range(len(x.shape)) if d not in axes]
    out = low.new(dtype, tuple(x.shape[d] for d in kept))
    if out.size == 0:
        return out
    x, sizes = as_three_axes(low, x, kept)
    if kind == "add" and {x.dtype, inside, dtype} <= FLOATS:
        _sum(low, x, out, sizes, squared=False)
    elif kind in ("and", "or") and (x.dtype, inside) != ("bool", "bool"):
        raise UnsupportedError(f"the Op {op} of {x.dtype}")
    else:
        per, parts = _parts(sizes)
        low.run(reduce(kind, x.dtype, inside, dtype), [x, out, *sizes, per], parts)
    return out


@lowers(SumOfSquares)
def lower_sum_of_squares(low: Lowering, node: Apply, x: View) -> View:
    """Sum squares, accumulated in float64."""
    out = low.new(x.dtype, tuple(x.shape[d] for d in node.op.kept))
    if out.size:
        x, sizes = as_three_axes(low, x, node.op.kept)
        _sum(low, x, out, sizes, squared=True)
    return out


def as_three_axes(low: Lowering, x: View, kept: Sequence[int]) -> tuple[View, tuple[int, int, int]]:
    """Return a contiguous array, and its sizes before, along and after the axes that are kept.

    If the kept axes are not adjacent, they are moved to the front in a copy.
    """
    kept = [d for d in kept if x.shape[d] != 1] or list(kept)
    between = [d for d in range(kept[0], kept[-1] + 1) if d not in kept and x.shape[d] != 1] if kept else []
    if between:
        order = [*kept, *(d for d in range(len(x.shape)) if d not in kept)]
        shape, strides = ([list(a)[d] for d in order] for a in (x.shape, x.strides))
        x = contiguous(low, View(x.buffer, x.dtype, tuple(shape), tuple(strides), x.offset))
        count = math.prod(shape[: len(kept)])
        return x, (1, count, math.prod(shape[len(kept) :]))
    first, last = (kept[0], kept[-1] + 1) if kept else (0, 0)
    sizes = math.prod(x.shape[:first]), math.prod(x.shape[first:last]), math.prod(x.shape[last:])
    return contiguous(low, x), sizes


def _parts(sizes: tuple[int, int, int]) -> tuple[int, int]:
    """Return the number of kept elements per part, and the number of parts."""
    outer, kept, inner = sizes
    per = max(1, PART // max(1, outer * inner))
    return per, -(-kept // per)


def _sum(low: Lowering, x: View, out: View, sizes: tuple[int, int, int], *, squared: bool) -> None:
    """Sum floating-point numbers, or their squares, by the kernel that fits their sizes.

    They are accumulated in float64, even if PyTensor asks for float32 only, so that one kernel serves both.
    """
    inside = "float64"
    outer, kept, inner = sizes
    if kept == 1:
        outer, inner = 1, outer * inner
        blocks = even_blocks(inner)
        if blocks > 1:  # for several threads; their number depends on the size only
            found = low.new(inside, (blocks,))
            low.run(sum_rows(squared, x.dtype, inside, inside), [x, found, 1, blocks, inner // blocks, 1], blocks)
            x, squared, inner = found, False, blocks
    elif inner == 1:
        found = low.new(inside, (kept,))
        low.run(sum_columns(squared, x.dtype, inside, out.dtype), [x, out, found, outer, kept])
        return
    per, parts = _parts((outer, kept, inner))
    # A small sum is not worth a kernel of its own.
    lanes = lanes_for(inner) if outer * kept * inner > PART else LANES
    low.run(sum_rows(squared, x.dtype, inside, out.dtype, lanes), [x, out, outer, kept, inner, per], parts)


@lowers(RowSoftmax)
def lower_softmax(low: Lowering, node: Apply, x: View) -> View:
    """Compute softmax of each row, or its logarithm."""
    out, shifted = low.new(x.dtype, x.shape), low.new(x.dtype, x.shape)
    low.run(softmax(x.dtype), [contiguous(low, x), out, shifted, *x.shape, int(node.op.log)])
    return out


@lowers(Argmax)
def lower_argmax(low: Lowering, node: Apply, x: View) -> View:
    """Find the index of the largest element along adjacent axes."""
    axes = tuple(range(len(x.shape))) if node.op.axis is None else tuple(node.op.axis)
    if x.dtype not in TYPES or x.dtype == "bool" or 0 in x.shape:
        raise UnsupportedError(f"the Op {node.op} of {x.dtype} of shape {x.shape}")
    if not axes or axes != tuple(range(axes[0], axes[-1] + 1)):
        raise UnsupportedError(f"the Op {node.op}")
    first, last = axes[0], axes[-1] + 1
    sizes = math.prod(x.shape[:first]), math.prod(x.shape[first:last]), math.prod(x.shape[last:])
    out = low.new("int64", x.shape[:first] + x.shape[last:])
    low.run(argmax(x.dtype), [contiguous(low, x), out, *sizes])
    return out
