"""Sums of numbers of type float32 into float64, a vector at a time: of all, of their squares, or map by map.

PyTensor's loop adds one number to one sum, and each waits for the one before: 85,000 squares of an L2 term cost a
fifth of a training step. Here several vectors of sums are under way; in which order is fixed by the shape.
"""

import math
from functools import cache
from types import SimpleNamespace

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.graph.rewriting.basic import in2out, node_rewriter
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key
from pytensor.scalar.basic import Add, Sqr
from pytensor.tensor.elemwise import CAReduce, Elemwise
from pytensor.tensor.type import TensorType

from .kernel import kernel
from .memory import get, put
from .simd import kind_of
from .version import VERSION

LANES = 32  # sums under way


class SumTo64(Op):
    """Sums of a float32 array seen as (outer, kept, inner), over the first and the last, added up as float64.

    With `kept` of 1 a sum of all. `squared`: of the squares.
    """

    __props__ = ("squared", "sizes", "shape")

    def __init__(self, squared: bool, sizes: tuple[int, int, int], shape: tuple[int, ...]):
        self.squared, self.sizes, self.shape = squared, sizes, shape

    def make_node(self, x):
        return Apply(self, [x], [TensorType("float32", shape=self.shape)()])

    def perform(self, node, inputs, output_storage):
        x = inputs[0].astype(np.float64).reshape(self.sizes)
        total = (x**2 if self.squared else x).sum(axis=(0, 2))
        output_storage[0][0] = total.astype(np.float32).reshape(self.shape)


@cache
def _sums(squared: bool) -> SimpleNamespace:
    """Return operations on a vector of `LANES` float64 sums.

    zero(); add(sums, a, i) with the LANES numbers from a[i] on added, or their squares if `squared`; total(sums).
    """
    double, index = ir.DoubleType(), ir.IntType(64)
    narrow, wide = ir.VectorType(ir.FloatType(), LANES), ir.VectorType(double, LANES)
    kind = kind_of(f"{LANES} sums, {squared}", wide)

    @intrinsic
    def zero(typing):
        def generate(context, builder, signature, arguments):
            return ir.Constant(wide, [0.0] * LANES)

        return kind(), generate

    @intrinsic
    def add(typing, sums, a, i):
        def generate(context, builder, signature, arguments):
            sums, a, i = arguments
            data = context.make_array(signature.args[1])(context, builder, a).data
            value = builder.load(builder.bitcast(builder.gep(data, [i]), narrow.as_pointer()))
            value.align = 4
            value = builder.fpext(value, wide)
            return builder.fadd(sums, builder.fmul(value, value) if squared else value)

        return kind(kind, a, types.intp), generate

    @intrinsic
    def total(typing, sums):
        def generate(context, builder, signature, arguments):
            parts = [builder.extract_element(arguments[0], ir.Constant(index, k)) for k in range(LANES)]
            while len(parts) > 1:
                parts = [builder.fadd(a, b) for a, b in zip(parts[::2], parts[1::2], strict=True)]
            return parts[0]

        return types.float64(kind), generate

    return SimpleNamespace(zero=zero, add=add, total=total)


@register_funcify_default_op_cache_key(SumTo64)
def numba_sum_to_64(op, node, **kwargs):
    squared, sums = op.squared, _sums(op.squared)
    zero, add, total = sums.zero, sums.add, sums.total
    outer, kept, inner = op.sizes
    shape, whole = op.shape, inner // LANES * LANES

    if inner == 1:  # many short rows: each is added to the sums of all columns

        @kernel
        def sums_of_columns(x):
            flat, found = np.ascontiguousarray(x).reshape(-1), np.zeros(kept, np.float64)
            for k in range(outer):
                for c in range(kept):
                    value = np.float64(get(flat, k * kept + c))
                    put(found, c, get(found, c) + (value * value if squared else value))
            return found.astype(np.float32).reshape(shape)

        return sums_of_columns, VERSION

    @kernel
    def sums_to_64(x):
        flat, result = np.ascontiguousarray(x).reshape(-1), np.empty(kept, np.float32)
        for c in range(kept):
            found = 0.0
            for k in range(outer):
                at = (k * kept + c) * inner
                if whole > 0:
                    under_way = zero()
                    for i in range(0, whole, LANES):
                        under_way = add(under_way, flat, at + i)
                    found += total(under_way)
                for i in range(at + whole, at + inner):
                    value = np.float64(get(flat, i))
                    found += value * value if squared else value
            result[c] = np.float32(found)
        return result.reshape(shape)

    return sums_to_64, VERSION


@node_rewriter([CAReduce])
def take_sum(fgraph, node):
    """Take sums of float32 that are added up as float64, over all axes but some that follow each other."""
    op, (x,) = node.op, node.inputs
    wanted = isinstance(op.scalar_op, Add) and x.dtype == node.outputs[0].dtype == "float32"
    if not wanted or getattr(op, "acc_dtype", None) != "float64" or None in x.type.shape:
        return None
    shape = x.type.shape
    kept = [] if op.axis is None else [d for d in range(x.ndim) if d not in op.axis]
    if kept and kept != list(range(kept[0], kept[-1] + 1)):
        return None
    first, last = (kept[0], kept[-1] + 1) if kept else (0, 0)
    sizes = (math.prod(shape[:first]), math.prod(shape[first:last]), math.prod(shape[last:]))
    squared = x.owner is not None and isinstance(x.owner.op, Elemwise) and isinstance(x.owner.op.scalar_op, Sqr)
    return [SumTo64(squared, sizes, shape[first:last])(x.owner.inputs[0] if squared else x)]


optdb.register("network3_take_sum", in2out(take_sum), "numba", position=2.56)
