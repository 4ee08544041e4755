"""Sums of squares, which need no array of the squares."""

import math

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.tensor.type import TensorType


class SumOfSquares(Op):
    """The sum of the squares of x over all axes but the `kept` ones, which follow each other; added up as float64."""

    __props__ = ("kept",)

    def __init__(self, kept: tuple[int, ...]):
        self.kept = kept

    def make_node(self, x):
        return Apply(self, [x], [TensorType(x.type.dtype, shape=tuple(x.type.shape[d] for d in self.kept))()])

    def summed(self, ndim: int) -> tuple[int, ...]:
        """Return the axes that are summed over."""
        return tuple(d for d in range(ndim) if d not in self.kept)

    def sizes(self, shape: tuple[int, ...]) -> tuple[int, int, int]:
        """Return how many numbers lie before, along and after the kept axes."""
        first, last = (self.kept[0], self.kept[-1] + 1) if self.kept else (0, 0)
        return math.prod(shape[:first]), math.prod(shape[first:last]), math.prod(shape[last:])

    def perform(self, node, inputs, output_storage):
        (x,) = inputs
        squares = x.astype(np.float64) ** 2
        output_storage[0][0] = squares.sum(axis=self.summed(x.ndim)).astype(x.dtype)

    def expand(self, node):
        """Return the same with plain Ops."""
        (x,) = node.inputs
        return [pt.sum(x**2, axis=self.summed(x.ndim), acc_dtype="float64", dtype=x.dtype)]
