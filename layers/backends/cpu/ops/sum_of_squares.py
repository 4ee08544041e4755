"""Sums of squares, computed without an array of the squares."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import OutputStorageType
from pytensor.tensor.type import TensorType

from network3.layers.backends.cpu.tensors import inputs_of
from network3.layers.ops.base import TensorOp


class SumOfSquares(TensorOp):
    """The sum of the squares of x over all axes but the `kept` ones, which are adjacent; accumulated in float64."""

    __props__ = ("kept",)

    def __init__(self, kept: tuple[int, ...]):
        self.kept = kept

    def make_node(self, *inputs: Variable) -> Apply:
        (x,) = inputs
        return Apply(self, [x], [TensorType(x.type.dtype, shape=tuple(x.type.shape[d] for d in self.kept))()])

    def summed(self, ndim: int) -> tuple[int, ...]:
        """Return the axes that are summed over."""
        return tuple(d for d in range(ndim) if d not in self.kept)

    def sizes(self, shape: tuple[int, ...]) -> tuple[int, int, int]:
        """Return the number of elements before, along and after the kept axes."""
        first, last = (self.kept[0], self.kept[-1] + 1) if self.kept else (0, 0)
        return math.prod(shape[:first]), math.prod(shape[first:last]), math.prod(shape[last:])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        (x,) = inputs
        squares = x.astype(np.float64) ** 2
        output_storage[0][0] = squares.sum(axis=self.summed(x.ndim)).astype(x.dtype)

    def expand(self, node: Apply) -> list[Variable]:
        """Return the same with plain Ops."""
        (x,) = inputs_of(node)
        return [pt.sum(x**2, axis=self.summed(x.ndim), acc_dtype="float64", dtype=x.dtype)]
