"""Softmax over the rows of a matrix, which PyTensor would write as a graph of its own."""

import numpy as np
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.tensor.special import log_softmax, softmax


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

    def expand(self, node):
        """Return the same with plain Ops."""
        return [(log_softmax if self.log else softmax)(node.inputs[0], axis=1)]
