"""Softmax over rows, and sums of squares, as one Op each."""

import math

from pytensor.compile.mode import optdb
from pytensor.graph.rewriting.basic import in2out, node_rewriter
from pytensor.scalar.basic import Add, Sqr
from pytensor.tensor.elemwise import CAReduce, Elemwise
from pytensor.tensor.special import LogSoftmax, Softmax

from network3.layers.backends.cpu.ops import RowSoftmax, SumOfSquares


@node_rewriter([Softmax, LogSoftmax])
def take_softmax(fgraph, node):
    """Take softmax over the last axis of a matrix; over other axes once they are the rows of one."""
    (x,) = node.inputs
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
def take_sum_of_squares(fgraph, node):
    """Take sums of squares of float32 that are added up as float64, over all axes but some that follow each other."""
    op, (x,) = node.op, node.inputs
    expected = isinstance(op.scalar_op, Add) and x.dtype == node.outputs[0].dtype == "float32"
    if not expected or getattr(op, "acc_dtype", None) != "float64" or None in x.type.shape:
        return None
    if x.owner is None or not isinstance(x.owner.op, Elemwise) or not isinstance(x.owner.op.scalar_op, Sqr):
        return None
    kept = [] if op.axis is None else [d for d in range(x.ndim) if d not in op.axis]
    if kept and kept != list(range(kept[0], kept[-1] + 1)):
        return None
    return [SumOfSquares(tuple(kept))(x.owner.inputs[0])]


optdb.register("network3_take_sum_of_squares", in2out(take_sum_of_squares), "network3", position=2.56)
optdb.register("network3_take_softmax", in2out(take_softmax), "network3", position=2.58)
