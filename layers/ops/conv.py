"""Convolution of batches of images as PyTensor Ops: forward, and its gradients with respect to images and filters.

The three Ops belong to one trilinear form of ``x``, the images, ``w``, the filters, and ``g``, a gradient of the
output. Each Op is linear in its two arguments, and the gradients of each are written with the other two Ops.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import OutputStorageType
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message, flag, sizes

from .base import TensorOp, Tensors, as_tensor
from .conv_shapes import border, canonical_padding, output_length

Index: TypeAlias = tuple[slice | int, ...]


class Convolution(TensorOp):
    """Base class of the three Ops: their properties, their checks, and the loop over the taps of a filter."""

    __props__ = ("stride", "padding", "flip")

    def __init__(
        self,
        stride: int | Sequence[int] = (1, 1),
        padding: str | int | Sequence[int] = "valid",
        flip: bool = True,
    ):
        self.stride = sizes(f"{type(self).__name__}: stride", stride, 2)
        self.padding = canonical_padding(type(self).__name__, padding)
        self.flip = flag(f"{type(self).__name__}: flip", flip)

    def _as(self, kind: type["Convolution"]) -> "Convolution":
        """Return the Op of class `kind` with the same properties."""
        return kind(self.stride, self.padding, self.flip)

    def _check(self, names: str, inputs: Sequence[Any]) -> list[TensorVariable]:
        """Return the inputs as variables, all 4-dimensional and of one floating-point type; each name is a letter."""
        variables = {name: as_tensor(type(self).__name__, value) for name, value in zip(names, inputs, strict=True)}
        for name, v in variables.items():
            if v.type.ndim != 4:
                raise TypeError(
                    error_message(
                        type(self).__name__,
                        f"{name} must have 4 axes (images or filters, maps, rows, columns)",
                        f"{v.type.ndim} axes",
                        "Reshape it, e.g. x.reshape((10, 1, 28, 28)).",
                    )
                )
        dtypes = {v.type.dtype for v in variables.values()}
        if len(dtypes) > 1 or not dtypes <= {"float32", "float64"}:
            raise TypeError(
                error_message(
                    type(self).__name__,
                    "all inputs must be of one type, float32 or float64",
                    ", ".join(f"{name} {v.type.dtype}" for name, v in variables.items()),
                    "Cast one to the other's type with pytensor.tensor.cast.",
                )
            )
        return list(variables.values())

    def output_shape(self, x_shape: Sequence[Any], w_shape: Sequence[Any]) -> tuple[Any, ...]:
        """Return the shape of the output; sizes are numbers, symbolic, or None if unknown."""
        n, _, *image = x_shape
        o, _, *taps = w_shape
        lengths = [
            None
            if length is None or k is None
            else output_length(length, k, border(self.padding, (k, k))[axis], self.stride[axis])
            for axis, (length, k) in enumerate(zip(image, taps, strict=True))
        ]
        return (n, o, *lengths)

    def fitting_output_shape(self, x_shape: Sequence[Any], w_shape: Sequence[Any]) -> tuple[Any, ...]:
        """Return `output_shape`, for sizes that are numbers or None.

        Raises
        ------
        ValueError
            The filters are larger than the padded images.
        """
        shape = self.output_shape(x_shape, w_shape)
        if any(length is not None and length < 1 for length in shape[2:]):
            raise ValueError(
                error_message(
                    "conv2d",
                    f"a filter must fit into its image of {x_shape[2:]} (padding {self.padding!r})",
                    f"filters of {w_shape[2:]}",
                    "Use smaller filters or more padding.",
                )
            )
        return shape

    def _taps(self, w_shape: Sequence[int], out_size: Sequence[int]) -> Iterator[tuple[Index, Index]]:
        """Yield, for each tap of a filter, its index and the slice of the padded images that it multiplies."""
        kh, kw = w_shape[2:]
        (oh, ow), (sh, sw) = out_size, self.stride
        for i in range(kh):
            for j in range(kw):
                row, column = (kh - 1 - i, kw - 1 - j) if self.flip else (i, j)
                rows = slice(row, row + sh * (oh - 1) + 1, sh)
                columns = slice(column, column + sw * (ow - 1) + 1, sw)
                yield (slice(None), slice(None), i, j), (slice(None), slice(None), rows, columns)


def _pad(x: np.ndarray, pad: tuple[int, int]) -> np.ndarray:
    ph, pw = pad
    return np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))


class Conv2D(Convolution):
    r"""Images convolved with filters and summed over the input maps.

    .. math:: y_{nohw} = \sum_{cij} w_{ocij}\, x_{n,c,\,s_h h + i',\,s_w w + j'}

    with :math:`i' = k_h - 1 - i` for a true convolution (``flip``), :math:`i' = i` for a cross-correlation, and `x`
    padded with zeros as given by ``padding``.
    """

    def make_node(self, *inputs: Variable) -> Apply:
        x, w = self._check("xw", inputs)
        maps, expected = x.type.shape[1], w.type.shape[1]
        if maps is not None and expected is not None and maps != expected:
            raise ValueError(
                error_message(
                    "conv2d",
                    f"images must have {expected} maps, as the filters of shape {w.type.shape} do",
                    f"images of shape {x.type.shape}",
                    f"Make the filters' second axis {maps}.",
                )
            )
        shape = self.fitting_output_shape(x.type.shape, w.type.shape)
        return Apply(self, [x, w], [TensorType(x.type.dtype, shape=shape)()])

    # PyTensor 3.0 passes (fgraph, node, shapes), later versions (node, shapes).
    def infer_shape(self, *arguments: Any) -> list[tuple[Any, ...]]:
        return [self.output_shape(*arguments[-1])]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        x, w = inputs
        n, o, oh, ow = self.fitting_output_shape(x.shape, w.shape)
        padded = _pad(x, border(self.padding, w.shape[2:]))
        y = np.zeros((n, oh, ow, o), x.dtype)
        for tap, window in self._taps(w.shape, (oh, ow)):
            y += np.tensordot(padded[window], w[tap], (1, 1))
        output_storage[0][0] = np.ascontiguousarray(y.transpose(0, 3, 1, 2))

    def pullback(self, inputs: Tensors, outputs: Tensors, cotangents: Tensors) -> list[Variable]:
        x, w = inputs
        (g,) = cotangents
        return [self._as(Conv2DGradInput)(w, g, x), self._as(Conv2DGradWeight)(x, g, w)]


class Conv2DGradInput(Convolution):
    """The gradient of the sum of outputs, weighted by `g`, with respect to the images; `x` defines the shape only."""

    def make_node(self, *inputs: Variable) -> Apply:
        w, g, x = self._check("wgx", inputs)
        return Apply(self, [w, g, x], [TensorType(x.type.dtype, shape=x.type.shape)()])

    def infer_shape(self, *arguments: Any) -> list[tuple[Any, ...]]:
        return [arguments[-1][2]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [True], [False]]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        w, g, x = inputs
        ph, pw = border(self.padding, w.shape[2:])
        padded = _pad(np.zeros_like(x), (ph, pw))
        for tap, window in self._taps(w.shape, g.shape[2:]):
            padded[window] += np.tensordot(g, w[tap], (1, 0)).transpose(0, 3, 1, 2)
        height, width = x.shape[2:]
        output_storage[0][0] = np.ascontiguousarray(padded[:, :, ph : ph + height, pw : pw + width])

    def pullback(self, inputs: Tensors, outputs: Tensors, cotangents: Tensors) -> list[Variable]:
        w, g, _ = inputs
        (c,) = cotangents
        return [self._as(Conv2DGradWeight)(c, g, w), self._as(Conv2D)(c, w), DisconnectedType()()]


class Conv2DGradWeight(Convolution):
    """The gradient of the sum of outputs, weighted by `g`, with respect to the filters; `w` defines the shape only."""

    def make_node(self, *inputs: Variable) -> Apply:
        x, g, w = self._check("xgw", inputs)
        return Apply(self, [x, g, w], [TensorType(w.type.dtype, shape=w.type.shape)()])

    def infer_shape(self, *arguments: Any) -> list[tuple[Any, ...]]:
        return [arguments[-1][2]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [True], [False]]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        x, g, w = inputs
        padded = _pad(x, border(self.padding, w.shape[2:]))
        dw = np.zeros_like(w)
        for tap, window in self._taps(w.shape, g.shape[2:]):
            dw[tap] = np.tensordot(g, padded[window], ((0, 2, 3), (0, 2, 3)))
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
    padding: str | int | Sequence[int] = "valid",
) -> TensorVariable:
    r"""Convolve a batch of images with a bank of filters.

    .. math:: y_{nohw} = \sum_{cij} w_{ocij}\, x_{n,c,\,s_h h + k_h - 1 - i,\,s_w w + k_w - 1 - j}

    Parameters
    ----------
    x : tensor of shape (images, maps, rows, columns), float32 or float64
    w : tensor of shape (filters, maps, filter rows, filter columns), of the same type
    flip : bool, default True
        True for a true convolution, as Theano's ``conv2d``; False for the cross-correlation of most other frameworks.
    stride : int or (int, int), default 1
        Rows and columns from one position of a filter to the next.
    padding : "valid", "half", "full", int >= 0 or (int, int), default "valid"
        Zeros on each side of an image: none, half a filter, a filter minus one, or the given rows and columns.

    Returns
    -------
    tensor of shape (images, filters, out rows, out columns)
        ``(rows + 2 padding - filter rows) // stride + 1`` rows, and columns likewise.

    Raises
    ------
    TypeError
        Not four axes, or different types.
    ValueError
        Different numbers of maps, filters larger than the padded images, or an unknown padding.

    Notes
    -----
    Supported by PyTensor's Numba and JAX back ends, and in Python; for the PyTorch back end import
    ``network3.layers.backends.pytorch`` first. Source: book, chapter 6; V. Dumoulin and F. Visin,
    "A guide to convolution arithmetic for deep learning" (2016).

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> x = pt.tensor("x", shape=(10, 1, 28, 28), dtype="float32")
    >>> w = pt.tensor("w", shape=(20, 1, 5, 5), dtype="float32")
    >>> conv2d(x, w).type.shape
    (10, 20, 24, 24)
    """
    return Conv2D(stride, padding, flip)(x, w)
