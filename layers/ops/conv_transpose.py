"""Transposed convolution of batches of images: the gradient of a convolution to its images, as an Op of its own.

It enlarges images: each value adds its filters, times itself, to the patch of the output that a convolution would have
read for it.
"""

from collections.abc import Sequence
from typing import Any

from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import OutputStorageType
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message, sizes

from .base import Tensors
from .conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from .conv_shapes import of_axis, output_size, transposed_length
from .convolution import Convolution


class Conv2DTranspose(Convolution):
    """The gradient of a convolution to its images, of which `g` is the output and whose rows and columns are computed.

    Parameters
    ----------
    stride, padding, flip, dilation, groups
        Those of the convolution.
    output_padding : int or (int, int)
        Rows and columns added to the shortest images from which that convolution computes an output of this size.
    output_size : (int, int) or None
        Rows and columns of the output instead.
    """

    __props__ = ("stride", "padding", "flip", "dilation", "groups", "output_padding", "output_size")

    def __init__(
        self,
        stride: int | Sequence[int] = (1, 1),
        padding: str | int | Sequence[Any] = "valid",
        flip: bool = True,
        dilation: int | Sequence[int] = (1, 1),
        groups: int = 1,
        output_padding: int | Sequence[int] = (0, 0),
        output_size: Sequence[int] | None = None,
    ):
        super().__init__(stride, padding, flip, dilation, groups)
        self.output_padding = sizes("conv2d_transpose: output_padding", output_padding, 2, least=0)
        self.output_size = None if output_size is None else sizes("conv2d_transpose: output_size", output_size, 2)
        fixed = self.padding == "same" or self.output_size is not None
        most = (1, 1) if fixed else self.stride
        if any(extra >= limit for extra, limit in zip(self.output_padding, most, strict=True)):
            raise ValueError(
                error_message(
                    "conv2d_transpose: output_padding",
                    'must be 0 with padding="same" or output_size' if fixed else f"must be below stride {self.stride}",
                    str(self.output_padding),
                    "Leave it out." if self.output_size else "Pass output_size=(rows, columns) to choose a size.",
                )
            )

    def images_shape(self, w_shape: Sequence[Any], g_shape: Sequence[Any]) -> tuple[Any, ...]:
        """Return the shape of the output; sizes are numbers, symbolic, or None if unknown."""
        lengths: Sequence[Any] = self.output_size or [
            None
            if g_shape[2 + axis] is None or w_shape[2 + axis] is None
            else transposed_length(
                g_shape[2 + axis],
                w_shape[2 + axis],
                of_axis(self.padding, axis),
                self.stride[axis],
                self.dilation[axis],
                self.output_padding[axis],
            )
            for axis in (0, 1)
        ]
        return (g_shape[0], None if w_shape[1] is None else w_shape[1] * self.groups, *lengths)

    def fitting_images_shape(self, w_shape: Sequence[Any], g_shape: Sequence[Any]) -> tuple[Any, ...]:
        """Return `images_shape`, for sizes that are numbers or None.

        Raises
        ------
        ValueError
            Groups that do not divide the filters, other maps than filters, or a padding that leaves no pixel.
        """
        self.check_filters(w_shape)
        if None not in (w_shape[0], g_shape[1]) and w_shape[0] != g_shape[1]:
            raise ValueError(
                error_message(
                    "conv2d_transpose",
                    f"images must have {w_shape[0]} maps, the number of filters of shape {tuple(w_shape)}",
                    f"images of shape {tuple(g_shape)}",
                    f"Make the filters' first axis {g_shape[1]}.",
                )
            )
        shape = self.images_shape(w_shape, g_shape)
        if any(length is not None and length < 1 for length in shape[2:]):
            raise ValueError(
                error_message(
                    "conv2d_transpose: padding",
                    "must leave at least one row and one column of the output",
                    f"{self.padding!r} for images of {tuple(g_shape[2:])} and filters of {tuple(w_shape[2:])}",
                    "Use less padding.",
                )
            )
        self._check_output_size(w_shape, g_shape)
        return shape

    def _check_output_size(self, w_shape: Sequence[Any], g_shape: Sequence[Any]) -> None:
        """Check that images of `output_size` have a convolution of the size of `g`."""
        if self.output_size is None:
            return
        found = output_size(self.output_size, w_shape[2:], self.padding, self.stride, self.dilation)
        if any(None not in (have, need) and have != need for have, need in zip(found, g_shape[2:], strict=True)):
            raise ValueError(
                error_message(
                    "conv2d_transpose: output_size",
                    f"the convolution of images of that size must have the size of x, {tuple(g_shape[2:])}",
                    f"output_size={self.output_size}, whose convolution has {found}",
                    "Leave output_size out, or choose output_padding.",
                )
            )

    def make_node(self, *inputs: Variable) -> Apply:
        w, g = self._check("wx", inputs)
        shape = self.fitting_images_shape(w.type.shape, g.type.shape)
        return Apply(self, [w, g], [TensorType(g.type.dtype, shape=shape)()])

    # PyTensor 3.0 passes (fgraph, node, shapes), later versions (node, shapes).
    def infer_shape(self, *arguments: Any) -> list[tuple[Any, ...]]:
        return [self.images_shape(*arguments[-1])]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        w, g = inputs
        gradient = self.as_gradient()
        output_storage[0][0] = gradient.to_images(w, g, self.fitting_images_shape(w.shape, g.shape))

    def as_gradient(self) -> Conv2DGradInput:
        """Return the Op that computes the same for images of a given shape."""
        return Conv2DGradInput(self.stride, self.padding, self.flip, self.dilation, self.groups)

    def pullback(self, inputs: Tensors, outputs: Tensors, cotangents: Tensors) -> list[Variable]:
        w, g = inputs
        (c,) = cotangents
        return [self._as(Conv2DGradWeight)(c, g, w), self._as(Conv2D)(c, w)]


@keywords_checked("conv2d_transpose")
def conv2d_transpose(
    x: TensorVariable,
    w: TensorVariable,
    flip: bool = True,
    stride: int | Sequence[int] = (1, 1),
    padding: str | int | Sequence[Any] = "valid",
    *,
    output_padding: int | Sequence[int] = (0, 0),
    dilation: int | Sequence[int] = (1, 1),
    groups: int = 1,
    output_size: Sequence[int] | None = None,
) -> TensorVariable:
    r"""Enlarge a batch of images by a transposed convolution: the gradient of `conv2d` to its images.

    .. math:: y_{nchw} = \sum_{oij} w_{ocij}\, x_{n,o,h',w'}, \quad h = s_h h' + d_h (k_h - 1 - i) - top

    and likewise for columns, with :math:`i` in the place of :math:`k_h - 1 - i` unless ``flip``.

    Parameters
    ----------
    x : tensor of shape (images, filters, rows, columns), float32 or float64
    w : tensor of shape (filters, out maps // groups, filter rows, filter columns), of the same type
        As for the `conv2d` whose gradient this is, from the output's maps to those of `x`.
    flip, stride, padding, dilation, groups
        Those of that `conv2d`; a padding removes rows and columns of the output.
    output_padding : int or (int, int), default 0
        Rows and columns added at the bottom and right, fewer than the stride. With strides, outputs of several sizes
        have convolutions of the size of `x`; the default is the smallest, but ``rows * stride`` for "same".
    output_size : (int, int), optional
        The rows and columns of the output, instead of `output_padding`.

    Returns
    -------
    tensor of shape (images, out maps, out rows, out columns)
        ``(rows - 1) * stride + dilated filter rows - top - bottom + output_padding`` rows, and columns likewise.

    Raises
    ------
    TypeError
        Not four axes, or different types.
    ValueError
        Another number of filters than maps, groups that do not divide it, an output without pixels, or an output size
        whose convolution has another size than `x`.

    Notes
    -----
    Back ends as for `conv2d`. Source: M. Zeiler et al., "Deconvolutional networks" (2010); V. Dumoulin and F. Visin,
    "A guide to convolution arithmetic for deep learning" (2016), chapter 4. PyTorch's ``conv_transpose2d`` is this
    with ``flip=False``.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> x = pt.tensor("x", shape=(10, 64, 7, 7), dtype="float32")
    >>> w = pt.tensor("w", shape=(64, 32, 5, 5), dtype="float32")
    >>> conv2d_transpose(x, w, stride=2, padding="half", output_padding=1).type.shape
    (10, 32, 14, 14)
    """
    op = Conv2DTranspose(stride, padding, flip, dilation, groups, output_padding, output_size)
    return op(w, x)
