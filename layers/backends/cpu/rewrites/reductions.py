"""Fuses softmax over rows, and sums of squares, into one Op each."""

import math

from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.basic import in2out, node_rewriter
from pytensor.scalar.basic import Add, Sqr
from pytensor.tensor.elemwise import CAReduce, Elemwise
from pytensor.tensor.special import LogSoftmax, Softmax

from network3.layers.backends.cpu.ops import RowSoftmax, SumOfSquares
from network3.layers.backends.cpu.tensors import inputs_of


@node_rewriter([Softmax, LogSoftmax])
def fuse_softmax(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Replace softmax over any axes by softmax over the rows of a matrix, transposing if necessary."""
    (x,) = inputs_of(node)
    shape, axis = x.type.shape, node.op.axis
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    over = sorted(d % x.ndim for d in axes)
    if None in shape or 0 in shape or x.dtype not in ("float32", "float64"):
        return None
    along = RowSoftmax(isinstance(node.op, LogSoftmax))
    if x.ndim == 2 and over == [1]:
        return [along(x)]
    order = [*(d for d in range(x.ndim) if d not in over), *over]
    columns = math.prod(shape[d] for d in over)
    rows = x.dimshuffle(order).reshape((math.prod(shape) // columns, columns))
    back = along(rows).reshape(tuple(shape[d] for d in order))
    return [back.dimshuffle([order.index(d) for d in range(x.ndim)])]


@node_rewriter([CAReduce])
def fuse_sum_of_squares(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Replace sums of squares of float32 that are accumulated in float64; the axes that are kept must be adjacent."""
    op, (x,) = node.op, inputs_of(node)
    expected = isinstance(op.scalar_op, Add) and x.dtype == node.outputs[0].type.dtype == "float32"
    if not expected or getattr(op, "acc_dtype", None) != "float64" or None in x.type.shape:
        return None
    if x.owner is None or not isinstance(x.owner.op, Elemwise) or not isinstance(x.owner.op.scalar_op, Sqr):
        return None
    kept = [] if op.axis is None else [d for d in range(x.ndim) if d not in op.axis]
    if kept and kept != list(range(kept[0], kept[-1] + 1)):
        return None
    return [SumOfSquares(tuple(kept))(x.owner.inputs[0])]


optdb.register("network3_fuse_sum_of_squares", in2out(fuse_sum_of_squares), "network3", position=2.56)
optdb.register("network3_fuse_softmax", in2out(fuse_softmax), "network3", position=2.58)
