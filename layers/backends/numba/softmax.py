"""Softmax and its logarithm over the rows of a matrix, on Numba.

PyTensor's own are graphs of their own, with a maximum that takes seconds to compile.
"""

import numpy as np
from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.graph.rewriting.basic import in2out, node_rewriter
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key
from pytensor.tensor.special import LogSoftmax, Softmax

from . import exponential
from .kernel import kernel
from .memory import get, put
from .version import VERSION


class RowSoftmax(Op):
    """Softmax of each row of a matrix, or its logarithm."""

    __props__ = ("log",)

    def __init__(self, log: bool):
        self.log = log

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        shifted = inputs[0] - inputs[0].max(axis=1, keepdims=True)
        total = np.exp(shifted).sum(axis=1, keepdims=True)
        output_storage[0][0] = shifted - np.log(total) if self.log else np.exp(shifted) / total


@register_funcify_default_op_cache_key(RowSoftmax)
def numba_row_softmax(op, node, **kwargs):
    log, exp = op.log, exponential.exp if node.inputs[0].dtype == "float32" else np.exp

    # The exponentials of all rows in one loop, which becomes vector code: a row of ten alone does not.
    @kernel(error_model="numpy")
    def row_softmax(x):
        rows, columns = x.shape
        given = np.ascontiguousarray(x).reshape(-1)
        shifted, powers = np.empty_like(given), np.empty_like(given)
        for start in range(0, rows * columns, columns):
            largest = get(given, start)
            for j in range(1, columns):
                largest = max(largest, get(given, start + j))
            for j in range(columns):
                put(shifted, start + j, get(given, start + j) - largest)
        for i in range(rows * columns):
            put(powers, i, exp(get(shifted, i)))
        for start in range(0, rows * columns, columns):
            total = x.dtype.type(0)
            for j in range(columns):  # NaN, wherever it is, makes the sum NaN
                total += get(powers, start + j)
            logarithm = np.log(total)
            for j in range(columns):
                i = start + j
                put(powers, i, get(shifted, i) - logarithm if log else get(powers, i) / total)
        return powers.reshape(x.shape)

    return row_softmax, VERSION


@node_rewriter([Softmax, LogSoftmax])
def take_softmax(fgraph, node):
    """Take softmax over the last axis of a matrix with columns."""
    (x,) = node.inputs
    axis = node.op.axis if isinstance(node.op.axis, tuple | list) else (node.op.axis,)
    if x.ndim != 2 or tuple(axis) not in ((1,), (-1,)) or not x.type.shape[1] or x.dtype not in ("float32", "float64"):
        return None
    return [RowSoftmax(isinstance(node.op, LogSoftmax))(x)]


optdb.register("network3_take_softmax", in2out(take_softmax), "numba", position=2.58)
