"""Pooling of feature maps by the maximum, the L2 norm or the sum, as PyTensor Ops."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import OutputStorageType
from pytensor.tensor.type import TensorType

from network3.layers.checks import one_of

from .base import Tensors
from .pool_base import Pooling, cropped, extended
from .pool_maxima import MaxPool2DGrad
from .pool_shapes import Windows


def windowed(x: np.ndarray, windows: Windows, fill: float) -> np.ndarray:
    """Return the windows of images (n, maps, height, width), as a view (n, maps, oh, rows, ow, columns).

    `fill` is in the places of a window outside of the image.
    """
    (down, right), (oh, ow) = windows.stride, windows.output_size(x.shape[2:])
    every = np.lib.stride_tricks.sliding_window_view(extended(x, windows, fill), windows.size, (2, 3))
    return every[:, :, ::down, ::right][:, :, :oh, :ow].transpose(0, 1, 2, 4, 3, 5)


class Pool2D(Pooling):
    """The maximum, the square root of the sum of squares, or the sum of each window."""

    __props__ = ("windows", "mode")
    modes = ("max", "l2", "sum")

    def __init__(self, size: Any = (2, 2), mode: str = "max", stride: Any = None, padding: Any = 0, ceil: Any = False):
        super().__init__(size, stride, padding, ceil)
        self.mode = one_of("pool2d: mode", mode, self.modes)

    def make_node(self, *inputs: Variable) -> Apply:
        (x,) = self.check_inputs(inputs)
        return Apply(self, [x], [TensorType(x.type.dtype, shape=self.fitting_output_shape(x.type.shape))()])

    # PyTensor 3.0 passes (fgraph, node, shapes), later versions (node, shapes).
    def infer_shape(self, *arguments: Any) -> list[tuple[Any, ...]]:
        return [self.symbolic_output_shape(arguments[-1][0])]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        self.fitting_output_shape(inputs[0].shape)
        blocks = windowed(inputs[0], self.windows, -np.inf if self.mode == "max" else 0)
        if self.mode == "max":
            y = blocks.max((3, 5))
        elif self.mode == "l2":
            y = np.sqrt((blocks * blocks).sum((3, 5)))
        else:
            y = blocks.sum((3, 5))
        output_storage[0][0] = np.ascontiguousarray(y)

    def pullback(self, inputs: Tensors, outputs: Tensors, cotangents: Tensors) -> list[Variable]:
        (x,), (y,), (g,) = inputs, outputs, cotangents
        if self.mode == "max":
            return [self.of(MaxPool2DGrad)(x, y, g)]
        if self.mode == "sum":
            return [self.of(Unpool2D)(g, x)]
        # A blank window has norm 0, where the derivative x / norm would be 0 / 0; it is defined as 0.
        blank = pt.le(y, 0)  # not pt.eq, which PyTensor compiles to torch.equal: one bool for all elements
        zero, one = (pt.constant(np.array(value, x.type.dtype)) for value in (0, 1))
        slope = pt.switch(blank, zero, g / pt.switch(blank, one, y))
        return [x * self.of(Unpool2D)(slope, x)]


class Unpool2D(Pooling):
    """Each value of `g` added to all pixels of its window, in an image of the shape of `x`; 0 outside the windows."""

    def make_node(self, *inputs: Variable) -> Apply:
        g, x = self.check_inputs(inputs)
        self.check_pooled(x.type.shape, g.type.shape)
        return Apply(self, [g, x], [TensorType(g.type.dtype, shape=x.type.shape)()])

    def infer_shape(self, *arguments: Any) -> list[tuple[Any, ...]]:
        return [arguments[-1][1]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [False]]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        g, x = inputs
        self.check_pooled(x.shape, g.shape)
        dx = np.zeros((*x.shape[:2], *self.windows.extent(g.shape[2:])), g.dtype)
        for rows, columns in self.windows.taps(g.shape[2:]):
            dx[:, :, rows, columns] += g
        output_storage[0][0] = cropped(dx, self.windows, *x.shape[2:])

    def pullback(self, inputs: Tensors, outputs: Tensors, cotangents: Tensors) -> list[Variable]:
        return [self.of(Pool2D, "sum")(cotangents[0]), DisconnectedType()()]
