"""The number of positions in each window of pooling, by which means divide."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from numpy.typing import DTypeLike
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import OutputStorageType
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorVariable

from .base import Tensors
from .pool_base import Pooling


class WindowCounts(Pooling):
    """The number of positions in each window over images of the shape of `x`, as (1, 1, rows, columns).

    Padding is counted if `padding_counts`; what is beyond it, in ceil mode, is not.
    """

    __props__ = ("windows", "padding_counts")

    def __init__(
        self,
        size: Any = (2, 2),
        padding_counts: bool = True,
        stride: Any = None,
        padding: Any = 0,
        ceil: Any = False,
    ):
        super().__init__(size, stride, padding, ceil)
        self.padding_counts = padding_counts

    def make_node(self, *inputs: Variable) -> Apply:
        (x,) = self.check_inputs(inputs)
        shape = (1, 1, *self.fitting_output_shape(x.type.shape)[2:])
        return Apply(self, [x], [TensorType(x.type.dtype, shape=shape)()])

    # PyTensor 3.0 passes (fgraph, node, shapes), later versions (node, shapes).
    def infer_shape(self, *arguments: Any) -> list[tuple[Any, ...]]:
        one = pt.constant(1, dtype="int64")
        return [(one, one, *self.symbolic_output_shape(arguments[-1][0])[2:])]

    def values(self, shape: Sequence[int], dtype: DTypeLike) -> np.ndarray:
        """Return the counts for images of a known shape."""
        return self.windows.counts(shape[2:], self.padding_counts)[None, None].astype(dtype)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        output_storage[0][0] = self.values(inputs[0].shape, inputs[0].dtype)

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False]]

    def pullback(self, inputs: Tensors, outputs: Tensors, cotangents: Tensors) -> list[Variable]:
        return [DisconnectedType()()]


def window_counts(op: WindowCounts, x: TensorVariable) -> TensorVariable:
    """Return the counts as an expression: a constant if the size of the images is known, or one number suffices."""
    windows, image = op.windows, x.type.shape[2:]
    if not windows.ceil and (op.padding_counts or not windows.padded):
        return pt.constant(np.full((1, 1, 1, 1), windows.size[0] * windows.size[1], x.type.dtype))
    if None not in image:
        return pt.constant(op.values(x.type.shape, x.type.dtype))
    return op(x)
