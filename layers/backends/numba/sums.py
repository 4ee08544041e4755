"""Sums of many numbers of type float32 into float64, a vector at a time: of all, of their squares, or map by map.

PyTensor's loop adds one number to one sum, and each waits for the one before: 85,000 squares of an L2 term cost a
fifth of a training step. Here several vectors of sums are under way; in which order is fixed by the shape.
"""

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

from . import kernel as kernel_module
from . import simd
from .kernel import kernel, written_out
from .simd import kind_of
from .version import source_version

VERSION = source_version(__file__, str(kernel_module.__file__), str(simd.__file__))
LANES = 32  # sums under way
LEAST = 1000  # numbers worth the trouble


class SumTo64(Op):
    """The sum of a float32 array, added up as float64; of its squares; or of each map of (n, maps, rows, columns)."""

    __props__ = ("squared", "by_map")

    def __init__(self, squared: bool, by_map: bool):
        self.squared, self.by_map = squared, by_map

    def make_node(self, x):
        return Apply(self, [x], [TensorType("float32", shape=(x.type.shape[1],) if self.by_map else ())()])

    def perform(self, node, inputs, output_storage):
        x = inputs[0].astype(np.float64)
        total = (x**2 if self.squared else x).sum(axis=(0, 2, 3) if self.by_map else None)
        output_storage[0][0] = np.asarray(total, np.float32)


@cache
def _sums() -> SimpleNamespace:
    """Return operations on a vector of `LANES` float64 sums.

    zero(); add(sums, a, i, squared) with LANES numbers from a[i] on added, or their squares; total(sums).
    """
    double, index = ir.DoubleType(), ir.IntType(64)
    narrow, wide = ir.VectorType(ir.FloatType(), LANES), ir.VectorType(double, LANES)
    kind = kind_of(f"{LANES} sums", wide)

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
            return builder.fadd(sums, builder.fpext(value, wide))

        return kind(kind, a, types.intp), generate

    @intrinsic
    def add_squares(typing, sums, a, i):
        def generate(context, builder, signature, arguments):
            sums, a, i = arguments
            data = context.make_array(signature.args[1])(context, builder, a).data
            value = builder.load(builder.bitcast(builder.gep(data, [i]), narrow.as_pointer()))
            value.align = 4
            value = builder.fpext(value, wide)
            return builder.fadd(sums, builder.fmul(value, value))

        return kind(kind, a, types.intp), generate

    @intrinsic
    def total(typing, sums):
        def generate(context, builder, signature, arguments):
            parts = [builder.extract_element(arguments[0], ir.Constant(index, k)) for k in range(LANES)]
            while len(parts) > 1:
                parts = [builder.fadd(a, b) for a, b in zip(parts[::2], parts[1::2], strict=True)]
            return parts[0]

        return types.float64(kind), generate

    return SimpleNamespace(zero=zero, add=add, add_squares=add_squares, total=total)


@register_funcify_default_op_cache_key(SumTo64)
def numba_sum_to_64(op, node, **kwargs):
    sums, squared = _sums(), op.squared
    zero, total = sums.zero, sums.total
    add = sums.add_squares if squared else sums.add

    @written_out
    def span(flat, begin, end):
        under_way = zero()
        whole = begin + (end - begin) // LANES * LANES
        for i in range(begin, whole, LANES):
            under_way = add(under_way, flat, i)
        result = total(under_way)
        for i in range(whole, end):
            value = np.float64(flat[i])
            result += value * value if squared else value
        return result

    if not op.by_map:

        @kernel
        def sum_of_all(x):
            flat = np.ascontiguousarray(x).reshape(-1)
            return np.asarray(np.float32(span(flat, 0, flat.size)))

        return sum_of_all, VERSION

    @kernel
    def sum_by_map(x):
        n, maps, rows, columns = x.shape
        flat, size = np.ascontiguousarray(x).reshape(-1), rows * columns
        result = np.empty(maps, np.float32)
        for c in range(maps):
            found = 0.0
            for k in range(n):
                at = (k * maps + c) * size
                found += span(flat, at, at + size)
            result[c] = np.float32(found)
        return result

    return sum_by_map, VERSION


@node_rewriter([CAReduce])
def take_sum(fgraph, node):
    """Take sums of float32 that are added up as float64, where they are long."""
    op, (x,) = node.op, node.inputs
    wanted = isinstance(op.scalar_op, Add) and x.dtype == node.outputs[0].dtype == "float32"
    if not wanted or getattr(op, "acc_dtype", None) != "float64" or None in x.type.shape:
        return None
    everything = op.axis is None or set(op.axis) == set(range(x.ndim))
    by_map = x.ndim == 4 and op.axis is not None and tuple(sorted(op.axis)) == (0, 2, 3)
    if np.prod(x.type.shape) < LEAST or not (everything or by_map):
        return None
    if everything and x.owner is not None and isinstance(x.owner.op, Elemwise) and isinstance(x.owner.op.scalar_op, Sqr):
        return [SumTo64(True, False)(x.owner.inputs[0])]
    return [SumTo64(False, by_map)(x)]


optdb.register("network3_take_sum", in2out(take_sum), "numba", position=2.56)
