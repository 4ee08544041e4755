"""Convolution of batches of images as PyTensor Ops: forward, and its gradients with respect to images and filters.

The three Ops belong to one trilinear form of ``x``, the images, ``w``, the filters, and ``g``, a gradient of the
output. Each Op is linear in its two arguments, and the gradients of each are written with the other two Ops.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import OutputStorageType
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import keywords_checked

from .base import Tensors
from .convolution import Convolution, padded


class Conv2D(Convolution):
    r"""Images convolved with filters and summed over the input maps.

    .. math:: y_{nohw} = \sum_{cij} w_{ocij}\, x_{n,c,\,s_h h + d_h i',\,s_w w + d_w j'}

    with the stride :math:`s`, the dilation :math:`d`, :math:`i' = k_h - 1 - i` for a true convolution (``flip``),
    :math:`i' = i` for a cross-correlation, and `x` padded with zeros as given by ``padding``.
    """

    def make_node(self, *inputs: Variable) -> Apply:
        x, w = self._check("xw", inputs)
        shape = self.fitting_output_shape(x.type.shape, w.type.shape)
        return Apply(self, [x, w], [TensorType(x.type.dtype, shape=shape)()])

    # PyTensor 3.0 passes (fgraph, node, shapes), later versions (node, shapes).
    def infer_shape(self, *arguments: Any) -> list[tuple[Any, ...]]:
        return [self.output_shape(*arguments[-1])]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        x, w = inputs
        n, o, oh, ow = self.fitting_output_shape(x.shape, w.shape)
        images, y = padded(x, self.border(x.shape, w.shape)), np.zeros((n, oh, ow, o), x.dtype)
        for maps, filters in self._in_groups(x.shape[1], o):
            for tap, window in self._taps(w.shape, (oh, ow)):
                y[..., filters] += np.tensordot(images[:, maps][window], w[filters][tap], (1, 1))
        output_storage[0][0] = np.ascontiguousarray(y.transpose(0, 3, 1, 2))

    def pullback(self, inputs: Tensors, outputs: Tensors, cotangents: Tensors) -> list[Variable]:
        x, w = inputs
        (g,) = cotangents
        return [self._as(Conv2DGradInput)(w, g, x), self._as(Conv2DGradWeight)(x, g, w)]


class Conv2DGradInput(Convolution):
    """The gradient of the sum of outputs, weighted by `g`, with respect to the images; `x` defines the shape only."""

    def make_node(self, *inputs: Variable) -> Apply:
        w, g, x = self._check("wgx", inputs)
        self.check_gradient(g.type.shape, self.fitting_output_shape(x.type.shape, w.type.shape))
        return Apply(self, [w, g, x], [TensorType(x.type.dtype, shape=x.type.shape)()])

    def infer_shape(self, *arguments: Any) -> list[tuple[Any, ...]]:
        return [arguments[-1][2]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [True], [False]]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        w, g, x = inputs
        output_storage[0][0] = self.to_images(w, g, x.shape)

    def to_images(self, w: np.ndarray, g: np.ndarray, shape: Sequence[int]) -> np.ndarray:
        """Return the gradient to images of this shape."""
        self.check_gradient(g.shape, self.fitting_output_shape(shape, w.shape))
        (n, maps, height, width), ((top, bottom), (left, right)) = shape, self.border(shape, w.shape)
        images = np.zeros((n, maps, top + height + bottom, left + width + right), w.dtype)
        for of_maps, filters in self._in_groups(maps, len(w)):
            for tap, window in self._taps(w.shape, g.shape[2:]):
                product = np.tensordot(g[:, filters], w[filters][tap], (1, 0))
                images[:, of_maps][window] += product.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(images[:, :, top : top + height, left : left + width])

    def pullback(self, inputs: Tensors, outputs: Tensors, cotangents: Tensors) -> list[Variable]:
        w, g, _ = inputs
        (c,) = cotangents
        return [self._as(Conv2DGradWeight)(c, g, w), self._as(Conv2D)(c, w), DisconnectedType()()]


class Conv2DGradWeight(Convolution):
    """The gradient of the sum of outputs, weighted by `g`, with respect to the filters; `w` defines the shape only."""

    def make_node(self, *inputs: Variable) -> Apply:
        x, g, w = self._check("xgw", inputs)
        self.check_gradient(g.type.shape, self.fitting_output_shape(x.type.shape, w.type.shape))
        return Apply(self, [x, g, w], [TensorType(w.type.dtype, shape=w.type.shape)()])

    def infer_shape(self, *arguments: Any) -> list[tuple[Any, ...]]:
        return [arguments[-1][2]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [True], [False]]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        x, g, w = inputs
        self.check_gradient(g.shape, self.fitting_output_shape(x.shape, w.shape))
        images, dw = padded(x, self.border(x.shape, w.shape)), np.zeros_like(w)
        for maps, filters in self._in_groups(x.shape[1], len(w)):
            for tap, window in self._taps(w.shape, g.shape[2:]):
                dw[filters][tap] = np.tensordot(g[:, filters], images[:, maps][window], ((0, 2, 3), (0, 2, 3)))
        output_storage[0][0] = dw

    def pullback(self, inputs: Tensors, outputs: Tensors, cotangents: Tensors) -> list[Variable]:
        x, g, _ = inputs
        (c,) = cotangents
        return [self._as(Conv2DGradInput)(c, g, x), self._as(Conv2D)(x, c), DisconnectedType()()]


@keywords_checked("conv2d")
def conv2d(
    x: TensorVariable,
    w: TensorVariable,
    flip: bool = True,
    stride: int | Sequence[int] = (1, 1),
    padding: str | int | Sequence[Any] = "valid",
    *,
    dilation: int | Sequence[int] = (1, 1),
    groups: int = 1,
) -> TensorVariable:
    r"""Convolve a batch of images with a bank of filters.

    .. math:: y_{nohw} = \sum_{cij} w_{ocij}\, x_{n,c,\,s_h h + d_h (k_h - 1 - i),\,s_w w + d_w (k_w - 1 - j)}

    Parameters
    ----------
    x : tensor of shape (images, maps, rows, columns), float32 or float64
    w : tensor of shape (filters, maps // groups, filter rows, filter columns), of the same type
    flip : bool, default True
        True for a true convolution, as Theano's ``conv2d``; False for the cross-correlation of most other frameworks.
    stride : int or (int, int), default 1
        Rows and columns from one position of a filter to the next.
    padding : str, int >= 0, (int, int) or ((int, int), (int, int)), default "valid"
        Zeros around an image: the given number on each side, (rows, columns), or ((top, bottom), (left, right));
        "valid": none; "half": half a dilated filter, rounded down, on each side; "full": a dilated filter minus one;
        "same": as many as give ``ceil(rows / stride)`` rows, the odd one at the bottom and right, as in TensorFlow.
    dilation : int or (int, int), default 1
        Pixels from one tap of a filter to the next. A dilated filter is ``(filter rows - 1) * dilation + 1`` rows long.
    groups : int, default 1
        Maps and filters are divided into as many groups of neighbours, and filters of a group read its maps only. With
        as many groups as maps the convolution is depthwise.

    Returns
    -------
    tensor of shape (images, filters, out rows, out columns)
        ``(rows + top + bottom - dilated filter rows) // stride + 1`` rows, and columns likewise.

    Raises
    ------
    TypeError
        Not four axes, or different types.
    ValueError
        Different numbers of maps, groups that do not divide maps and filters, filters larger than the padded images,
        or an unknown padding.

    Notes
    -----
    Supported by PyTensor's Numba and JAX back ends, and in Python; for the PyTorch back end import
    ``network3.layers.backends.pytorch`` first. Sources: book, chapter 6; V. Dumoulin and F. Visin, "A guide to
    convolution arithmetic for deep learning" (2016); F. Yu and V. Koltun, "Multi-scale context aggregation by dilated
    convolutions" (2016).

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> x = pt.tensor("x", shape=(10, 6, 28, 28), dtype="float32")
    >>> w = pt.tensor("w", shape=(20, 6, 5, 5), dtype="float32")
    >>> conv2d(x, w).type.shape
    (10, 20, 24, 24)
    >>> depthwise = pt.tensor("w", shape=(6, 1, 5, 5), dtype="float32")
    >>> conv2d(x, depthwise, padding="same", stride=2, groups=6).type.shape
    (10, 6, 14, 14)
    """
    return Conv2D(stride, padding, flip, dilation, groups)(x, w)
