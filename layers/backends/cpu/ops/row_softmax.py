"""Softmax over the rows of a matrix, as one Op where PyTensor uses a graph of several."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import OutputStorageType
from pytensor.tensor.special import log_softmax, softmax

from network3.layers.ops.base import TensorOp


class RowSoftmax(TensorOp):
    """Softmax of each row of a matrix, or its logarithm."""

    __props__ = ("log",)

    def __init__(self, log: bool):
        self.log = log

    def make_node(self, *inputs: Variable) -> Apply:
        return Apply(self, list(inputs), [inputs[0].type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        shifted = inputs[0] - inputs[0].max(axis=1, keepdims=True)
        total = np.exp(shifted).sum(axis=1, keepdims=True)
        output_storage[0][0] = shifted - np.log(total) if self.log else np.exp(shifted) / total

    def expand(self, node: Apply) -> list[Variable]:
        """Return the same with plain Ops."""
        return [(log_softmax if self.log else softmax)(node.inputs[0], axis=1)]
