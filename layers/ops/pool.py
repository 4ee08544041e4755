"""Pooling of feature maps over windows that do not overlap, as PyTensor Ops."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import OutputStorageType
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message, one_of, sizes

from .base import TensorOp, Tensors, as_tensor

MODES = ("max", "l2", "sum")


def windows(x: Any, size: Sequence[int]) -> Any:
    """Return `x` of shape (n, c, h, w) as windows, (n, c, h // rows, rows, w // columns, columns).

    `x` is an array of NumPy or JAX or a tensor of PyTorch, and so is the result; trailing rows and columns that do not
    fill a window are dropped.
    """
    n, c, height, width = x.shape
    rows, columns = size
    oh, ow = height // rows, width // columns
    return x[:, :, : oh * rows, : ow * columns].reshape(n, c, oh, rows, ow, columns)


class _Pooling(TensorOp):
    """Base class of the Ops: the size of a window, their checks and shapes."""

    __props__: tuple[str, ...] = ("size",)

    def __init__(self, size: int | Sequence[int] = (2, 2)):
        self.size = sizes(f"{type(self).__name__}: size", size, 2)

    def _check(self, inputs: Sequence[Any]) -> list[TensorVariable]:
        """Return the inputs as variables, all 4-dimensional and of one floating-point type."""
        variables = [as_tensor(type(self).__name__, value) for value in inputs]
        dtypes = [v.type.dtype for v in variables]
        if any(v.type.ndim != 4 for v in variables) or len({*dtypes}) > 1 or dtypes[0] not in ("float32", "float64"):
            raise TypeError(
                error_message(
                    type(self).__name__,
                    "expected tensors of 4 axes (images, maps, rows, columns), all float32 or all float64",
                    ", ".join(f"{v.type.ndim} axes of {v.type.dtype}" for v in variables),
                    "Reshape or cast them.",
                )
            )
        return variables

    def _pooled(self, shape: Sequence[Any]) -> tuple[Any, ...]:
        """Return the shape of the pooled maps; sizes are numbers, symbolic, or None if unknown."""
        return (*shape[:2], *(None if a is None else a // s for a, s in zip(shape[2:], self.size, strict=True)))


class Pool2D(_Pooling):
    """The maximum, the square root of the sum of squares, or the sum of each window."""

    __props__ = ("size", "mode")

    def __init__(self, size: int | Sequence[int] = (2, 2), mode: str = "max"):
        super().__init__(size)
        self.mode = one_of("pool2d: mode", mode, MODES)

    def make_node(self, *inputs: Variable) -> Apply:
        (x,) = self._check(inputs)
        return Apply(self, [x], [TensorType(x.type.dtype, shape=self.fitting_output_shape(x.type.shape))()])

    def fitting_output_shape(self, shape: Sequence[Any]) -> tuple[Any, ...]:
        """Return the shape of the pooled maps, for sizes that are numbers or None.

        Raises
        ------
        ValueError
            A window is larger than the images.
        """
        if any(a is not None and a < s for a, s in zip(shape[2:], self.size, strict=True)):
            expected = f"a window must fit into its image of {tuple(shape[2:])}"
            raise ValueError(error_message("pool2d", expected, f"windows of {self.size}", "Use smaller windows."))
        return self._pooled(shape)

    # PyTensor 3.0 passes (fgraph, node, shapes), later versions (node, shapes).
    def infer_shape(self, *arguments: Any) -> list[tuple[Any, ...]]:
        return [self._pooled(arguments[-1][0])]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        self.fitting_output_shape(inputs[0].shape)
        blocks = windows(inputs[0], self.size)
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
            return [MaxPool2DGrad(self.size)(x, y, g)]
        if self.mode == "sum":
            return [Unpool2D(self.size)(g, x)]
        # A blank window has norm 0, where the derivative x / norm would be 0 / 0; it is defined as 0.
        blank = pt.le(y, 0)  # not pt.eq, which PyTensor compiles to torch.equal: one bool for all elements
        slope = pt.switch(blank, pt.zeros_like(g), g / pt.switch(blank, pt.ones_like(y), y))
        return [x * Unpool2D(self.size)(slope, x)]


class Unpool2D(_Pooling):
    """Each value of `g` repeated over its window of an image of the shape of `x`; 0 outside the windows."""

    def make_node(self, *inputs: Variable) -> Apply:
        g, x = self._check(inputs)
        return Apply(self, [g, x], [TensorType(g.type.dtype, shape=x.type.shape)()])

    def infer_shape(self, *arguments: Any) -> list[tuple[Any, ...]]:
        return [arguments[-1][1]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [False]]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        g, x = inputs
        (rows, columns), (oh, ow) = self.size, g.shape[2:]
        y = np.zeros_like(x)
        y[:, :, : oh * rows, : ow * columns] = g.repeat(rows, 2).repeat(columns, 3)
        output_storage[0][0] = y

    def pullback(self, inputs: Tensors, outputs: Tensors, cotangents: Tensors) -> list[Variable]:
        return [Pool2D(self.size, "sum")(cotangents[0]), DisconnectedType()()]


class MaxPool2DGrad(_Pooling):
    """The gradient of max-pooling: every element of `x` that equals its window's maximum `y` receives the gradient `g`.

    Tied maxima are common (the blank background of a digit). Each of them receives the full gradient, as in Theano; if
    only the first one received it, results would differ from the original's.
    """

    def make_node(self, *inputs: Variable) -> Apply:
        x, y, g = self._check(inputs)
        return Apply(self, [x, y, g], [TensorType(x.type.dtype, shape=x.type.shape)()])

    def infer_shape(self, *arguments: Any) -> list[tuple[Any, ...]]:
        return [arguments[-1][0]]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        x, y, g = inputs
        blocks = windows(x, self.size)
        n, c, oh, rows, ow, columns = blocks.shape
        y, g = (v[:, :, :, None, :, None] for v in (y, g))
        dx = np.zeros_like(x)
        dx[:, :, : oh * rows, : ow * columns] = np.where(blocks == y, g, 0).reshape(n, c, oh * rows, ow * columns)
        output_storage[0][0] = dx

    def pullback(self, inputs: Tensors, outputs: Tensors, cotangents: Tensors) -> list[Variable]:
        x, y, _ = inputs
        (c,) = cotangents
        winners = MaxPool2DGrad(self.size)(x, y, pt.ones_like(y))
        return [pt.zeros_like(x), pt.zeros_like(y), Pool2D(self.size, "sum")(c * winners)]


@keywords_checked("pool2d")
def pool2d(x: TensorVariable, size: int | Sequence[int] = (2, 2), mode: str = "max") -> TensorVariable:
    r"""Reduce each window of each feature map to one value.

    .. math:: y = \max_{ij} x_{ij} \quad\text{or}\quad y = \sqrt{\textstyle\sum_{ij} x_{ij}^2}

    Parameters
    ----------
    x : tensor of shape (images, maps, rows, columns), float32 or float64
    size : int or (int, int), default (2, 2)
        Rows and columns of a window. Windows do not overlap; trailing rows and columns that do not fill a window are
        dropped.
    mode : "max", "l2" or "sum", default "max"
        The maximum, the square root of the sum of squares, or the sum.

    Returns
    -------
    tensor of shape (images, maps, rows // size[0], columns // size[1])

    Raises
    ------
    TypeError
        Not four axes, or not a floating-point type.
    ValueError
        A window larger than the image, or an unknown mode.

    Notes
    -----
    NaN in a window gives NaN. Tied maxima each receive the full gradient, as in Theano; the gradient of the
    L2 norm is 0 where the norm is 0. Source: book, chapter 6, "Pooling layers".

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> pool2d(pt.tensor("x", shape=(10, 20, 25, 24), dtype="float32"), (2, 3)).type.shape
    (10, 20, 12, 8)
    """
    return Pool2D(size, mode)(x)
