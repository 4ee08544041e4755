"""An update of a layer's weights by the product of its input and the gradient of its weighted sums."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import OutputStorageType

from network3.layers.backends.cpu.tensors import inputs_of
from network3.layers.ops.base import TensorOp


class Descend(TensorOp):
    """old w + new x' d, for w (n_in, n_out), x (batch, n_in), d (batch, n_out) and two scalars; in place or not."""

    __props__ = ("inplace",)

    def __init__(self, inplace: bool):
        self.inplace = inplace
        if inplace:
            self.destroy_map = {0: [0]}

    def make_node(self, *inputs: Variable) -> Apply:
        return Apply(self, list(inputs), [inputs[0].type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        w, x, d, old, new = inputs
        output_storage[0][0] = np.asarray(old * w + new * (x.T @ d), w.dtype)

    def expand(self, node: Apply) -> list[Variable]:
        """Return the same with plain Ops."""
        w, x, d, old, new = inputs_of(node)
        return [old * w + new * pt.dot(x.T, d)]
