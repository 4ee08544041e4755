"""The gradient of max-pooling, and the gradient of that: Ops that compare pixels with the maxima of their windows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import OutputStorageType
from pytensor.tensor.type import TensorType

from network3.layers.checks import error_message

from .base import Tensors
from .pool_base import Pooling, cropped, extended


class _AtMaxima(Pooling):
    """Base class of the Ops of pixels `x`, the maxima `y` of their windows, and values.

    The derivatives with respect to `x` and `y` are 0, where they exist. `y` is a function of `x`, through which nothing
    else is propagated.
    """

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [False], [True]]


class MaxPool2DGrad(_AtMaxima):
    """The gradient of max-pooling: every element of `x` that equals its window's maximum `y` receives the gradient `g`.

    An element that is the maximum of several windows receives the sum of their gradients. Tied maxima are common (the
    blank background of a digit). Each of them receives the full gradient, as in Theano; if only the first one received
    it, results would differ from the original's.
    """

    def make_node(self, *inputs: Variable) -> Apply:
        x, y, g = self.check_inputs(inputs)
        self.check_pooled(x.type.shape, y.type.shape, g.type.shape)
        return Apply(self, [x, y, g], [TensorType(x.type.dtype, shape=x.type.shape)()])

    # PyTensor 3.0 passes (fgraph, node, shapes), later versions (node, shapes).
    def infer_shape(self, *arguments: Any) -> list[tuple[Any, ...]]:
        return [arguments[-1][0]]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        x, y, g = inputs
        self.check_pooled(x.shape, y.shape, g.shape)
        pixels = extended(x, self.windows, -np.inf)
        dx = np.zeros(pixels.shape, x.dtype)
        for rows, columns in self.windows.taps(y.shape[2:]):
            dx[:, :, rows, columns] += np.where(pixels[:, :, rows, columns] == y, g, 0)
        output_storage[0][0] = cropped(dx, self.windows, *x.shape[2:])

    def pullback(self, inputs: Tensors, outputs: Tensors, cotangents: Tensors) -> list[Variable]:
        x, y, _ = inputs
        return [pt.zeros_like(x), DisconnectedType()(), self.of(SumAtMaxima2D)(x, y, cotangents[0])]


class SumAtMaxima2D(_AtMaxima):
    """The sum, for each window, of `c` over the positions at which `x` equals the window's maximum `y`.

    It is the transpose of `MaxPool2DGrad` as a linear function of `g`.
    """

    def make_node(self, *inputs: Variable) -> Apply:
        x, y, c = self.check_inputs(inputs)
        self.check_pooled(x.type.shape, y.type.shape)
        self._check_values(x.type.shape, c.type.shape)
        return Apply(self, [x, y, c], [TensorType(x.type.dtype, shape=y.type.shape)()])

    @staticmethod
    def _check_values(images: Sequence[int | None], values: Sequence[int | None]) -> None:
        if any(None not in pair and pair[0] != pair[1] for pair in zip(images, values, strict=True)):
            expected = f"the values to sum must have the shape of the images, {tuple(images)}"
            raise ValueError(error_message("pool2d", expected, str(tuple(values)), "Pass one value per pixel."))

    def infer_shape(self, *arguments: Any) -> list[tuple[Any, ...]]:
        return [arguments[-1][1]]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        x, y, c = inputs
        self.check_pooled(x.shape, y.shape)
        self._check_values(x.shape, c.shape)
        pixels, values = extended(x, self.windows, -np.inf), extended(c, self.windows, 0)
        sums = np.zeros(y.shape, y.dtype)
        for rows, columns in self.windows.taps(y.shape[2:]):
            sums += np.where(pixels[:, :, rows, columns] == y, values[:, :, rows, columns], 0)
        output_storage[0][0] = sums

    def pullback(self, inputs: Tensors, outputs: Tensors, cotangents: Tensors) -> list[Variable]:
        x, y, _ = inputs
        return [pt.zeros_like(x), DisconnectedType()(), self.of(MaxPool2DGrad)(x, y, cotangents[0])]
