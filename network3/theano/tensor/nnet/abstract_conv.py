"""``theano.tensor.nnet.abstract_conv``: convolution, and its gradient to the images as transposed convolution."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytensor.tensor as pt
from pytensor.graph.basic import Constant
from pytensor.tensor.variable import TensorVariable

from network3.layers import ops
from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message, integer, nearest, shown, sizes
from network3.layers.ops.base import as_tensor
from network3.layers.ops.conv import Conv2DGradInput
from network3.layers.ops.conv_shapes import output_size
from network3.theano.arguments import CALLER, declared, padding_of, renamed, static_size

from .upsampling import bilinear_upsampling as bilinear_upsampling

Shape = Sequence[Any]
Sizes = int | Sequence[int]
# Settings of Theano's own loops, which change no value.
IGNORED = ("unroll_batch", "unroll_kern", "unroll_patch", "openmp", "version", "verbose", "direction_hint")


def no_other_keywords(who: str, others: Iterable[str]) -> None:
    """Warn of keywords that are ignored.

    Raises
    ------
    TypeError
        A keyword that is not one of `IGNORED`.
    """
    known = ("input_shape", "filter_shape", "border_mode", "subsample", "filter_flip", "filter_dilation", "num_groups")
    for name in others:
        if name not in IGNORED:
            near = nearest(name, known)
            hint = f"Perhaps you meant {near}=." if near else "Leave it out: it has no counterpart here."
            raise TypeError(error_message(who, f"expected arguments among {', '.join(known)}", f"{name}=", hint))
        message = error_message(who, "expected no settings of Theano's own loops", f"{name}=", "It changes no value.")
        warnings.warn(message, DeprecationWarning, stacklevel=CALLER)


@keywords_checked("conv2d")
def conv2d(
    input: TensorVariable,
    filters: TensorVariable,
    input_shape: Shape | None = None,
    filter_shape: Shape | None = None,
    border_mode: Any = "valid",
    subsample: Sizes = (1, 1),
    filter_flip: bool = True,
    image_shape: Shape | None = None,
    filter_dilation: Sizes = (1, 1),
    num_groups: int = 1,
    **others: Any,
) -> TensorVariable:
    """Convolve a batch of images with a bank of filters.

    Parameters
    ----------
    input : tensor of shape (images, maps, rows, columns), float32 or float64
    filters : tensor of shape (filters, maps // num_groups, filter rows, filter columns), of the same type
    input_shape, filter_shape : 4 sizes, each a number or None, optional
        The shapes of both. They are checked, and give the output a static shape.
    border_mode : "valid", "half", "full", int or (int, int), default "valid"
        Zeros around the images: none, half a (dilated) filter, a filter minus one, or rows and columns; instead of a
        number of rows or columns, a pair (before, after).
    subsample : int or (int, int), default 1
        Rows and columns from one position of a filter to the next.
    filter_flip : bool, default True
        True for a true convolution, False for a cross-correlation.
    image_shape : optional
        The older name of `input_shape`.
    filter_dilation : int or (int, int), default 1
        Rows and columns from one value of a filter to the next.
    num_groups : int, default 1
        Groups of maps and of filters that are convolved separately.
    **others
        Settings of Theano's own loops, such as `unroll_batch`; they are ignored with a DeprecationWarning.

    Returns
    -------
    tensor of shape (images, filters, out rows, out columns)

    Raises
    ------
    TypeError
        Not four axes, different types, a size that is an expression, or an unknown keyword.
    ValueError
        Shapes that do not agree, a value under both names, or an unknown border.

    Notes
    -----
    Images that have another shape than `input_shape` raise an error when the function runs; Theano computed
    something else from them. Source: Theano 1.0, ``theano/tensor/nnet/__init__.py``.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> x, w = pt.ftensor4("x"), pt.ftensor4("w")
    >>> conv2d(x, w, (10, 1, 28, 28), (20, 1, 5, 5), border_mode="half").type.shape
    (10, 20, 28, 28)
    """
    no_other_keywords("conv2d", others)
    input_shape = renamed("conv2d", "image_shape", image_shape, "input_shape", input_shape)
    return convolved(
        input, filters, input_shape, filter_shape, border_mode, subsample, filter_flip, filter_dilation, num_groups
    )


def convolved(
    input: Any,
    filters: Any,
    input_shape: Shape | None,
    filter_shape: Shape | None,
    border_mode: Any,
    subsample: Any,
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
    num_groups: int = 1,
) -> TensorVariable:
    """Return `conv2d` of arguments under their newer names."""
    x = declared("conv2d: input_shape", as_tensor("conv2d: input", input), input_shape)
    w = declared("conv2d: filter_shape", as_tensor("conv2d: filters", filters), filter_shape)
    padding, stride = padding_of("conv2d", border_mode), sizes("conv2d: subsample", subsample, 2)
    steps, groups = sizes("conv2d: filter_dilation", filter_dilation, 2), integer("conv2d: num_groups", num_groups)
    return ops.conv2d(x, w, filter_flip, stride, padding, dilation=steps, groups=groups)


@keywords_checked("conv2d_grad_wrt_inputs")
def conv2d_grad_wrt_inputs(
    output_grad: TensorVariable,
    filters: TensorVariable,
    input_shape: Shape,
    filter_shape: Shape | None = None,
    border_mode: Any = "valid",
    subsample: Sizes = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Sizes = (1, 1),
    num_groups: int = 1,
) -> TensorVariable:
    """Return the gradient of a convolution to its images: a transposed convolution, which enlarges `output_grad`.

    Parameters
    ----------
    output_grad : tensor of shape (images, filters, rows, columns), float32 or float64
    filters : tensor of shape (filters, out maps // num_groups, filter rows, filter columns), of the same type
    input_shape : (int or None, int or None, rows, columns)
        The shape of the result. Rows and columns may be expressions.
    filter_shape, border_mode, subsample, filter_flip, filter_dilation, num_groups
        Those of the `conv2d` whose gradient it is.

    Returns
    -------
    tensor of shape (images, out maps, rows, columns)

    Raises
    ------
    TypeError
        As `conv2d`.
    ValueError
        As `conv2d`; or images of `input_shape` whose convolution has another size than `output_grad`.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> g = pt.tensor("g", shape=(10, 64, 7, 7), dtype="float32")
    >>> w = pt.tensor("w", shape=(64, 32, 5, 5), dtype="float32")
    >>> conv2d_grad_wrt_inputs(g, w, (None, None, 14, 14), border_mode="half", subsample=(2, 2)).type.shape
    (10, 32, 14, 14)
    """
    who = "conv2d_grad_wrt_inputs"
    g = as_tensor(f"{who}: output_grad", output_grad)
    w = declared(f"{who}: filter_shape", as_tensor(f"{who}: filters", filters), filter_shape)
    return _enlarged(who, g, w, input_shape, border_mode, subsample, filter_flip, filter_dilation, num_groups)


@keywords_checked("conv2d_transpose")
def conv2d_transpose(
    input: TensorVariable,
    filters: TensorVariable,
    output_shape: Shape,
    filter_shape: Shape | None = None,
    border_mode: Any = "valid",
    input_dilation: Sizes = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Sizes = (1, 1),
    num_groups: int = 1,
) -> TensorVariable:
    """Enlarge images by a transposed convolution: `conv2d_grad_wrt_inputs` under other names.

    Parameters
    ----------
    input, output_shape, input_dilation
        Its `output_grad`, `input_shape` and `subsample`.
    filters, filter_shape, border_mode, filter_flip, filter_dilation, num_groups
        As there; the filters' first axis is that of the maps of `input`.

    Returns
    -------
    tensor of shape (images, out maps, rows, columns)

    Raises
    ------
    TypeError, ValueError
        As `conv2d_grad_wrt_inputs`.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> x, w = pt.ones((1, 1, 2, 2)), pt.ones((1, 1, 2, 2))
    >>> conv2d_transpose(x, w, output_shape=(1, 1, 3, 3)).eval()[0, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    who = "conv2d_transpose"
    g = as_tensor(f"{who}: input", input)
    w = declared(f"{who}: filter_shape", as_tensor(f"{who}: filters", filters), filter_shape)
    return _enlarged(who, g, w, output_shape, border_mode, input_dilation, filter_flip, filter_dilation, num_groups)


def _enlarged(
    who: str,
    g: TensorVariable,
    w: TensorVariable,
    shape: Any,
    border_mode: Any,
    subsample: Any,
    flip: bool,
    dilation: Any,
    groups: int,
) -> TensorVariable:
    argument = f"{who}: {'output_shape' if who == 'conv2d_transpose' else 'input_shape'}"
    if not isinstance(shape, Sequence) or len(shape) != 4 or None in shape[2:]:
        hint = "Write (None, None, rows, columns): with strides several sizes are possible."
        raise ValueError(error_message(argument, "expected 4 sizes, rows and columns not None", shown(shape), hint))
    padding, stride = padding_of(who, border_mode), sizes(f"{who}: subsample", subsample, 2)
    steps = sizes(f"{who}: filter_dilation", dilation, 2)
    settings = (stride, padding, flip, steps, groups)
    outer = [static_size(argument, size) for size in shape[:2]]
    if any(isinstance(size, TensorVariable) and not isinstance(size, Constant) for size in shape[2:]):
        images = g.shape[0], w.shape[1] * groups, *shape[2:]
        like = pt.alloc(pt.zeros((), g.dtype), *images)
        return declared(argument, Conv2DGradInput(*settings)(w, g, like), [*outer, None, None])
    size = sizes(argument, [static_size(argument, size) for size in shape[2:]], 2)
    found = output_size(size, w.type.shape[2:], padding, stride, steps)
    if any(None not in (a, b) and a != b for a, b in zip(found, g.type.shape[2:], strict=True)):
        expected = f"expected images whose convolution has the size {g.type.shape[2:]}"
        got = f"{size}, whose convolution has {found}"
        raise ValueError(error_message(argument, expected, got, "Correct the size, the border or the stride."))
    y = ops.conv2d_transpose(g, w, flip, stride, padding, dilation=steps, groups=groups, output_size=size)
    return declared(argument, y, [*outer, None, None])


def AbstractConv2d_gradInputs(
    imshp: Shape | None = None,
    kshp: Shape | None = None,
    border_mode: Any = "valid",
    subsample: Sizes = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Sizes = (1, 1),
    num_groups: int = 1,
) -> Callable[[TensorVariable, TensorVariable, Any], TensorVariable]:
    """Return the function that stands for Theano's Op of this name: (filters, output_grad, (rows, columns)) -> images.

    Parameters
    ----------
    imshp : 4 sizes, each a number or None, optional
        The shape of the images; of those only the first two are used.
    kshp, border_mode, subsample, filter_flip, filter_dilation, num_groups
        `filter_shape` and the others of `conv2d_grad_wrt_inputs`.

    Returns
    -------
    callable
    """

    def images(filters: TensorVariable, output_grad: TensorVariable, shape: Any) -> TensorVariable:
        return conv2d_grad_wrt_inputs(
            output_grad,
            filters,
            (*(imshp or (None, None))[:2], *shape[:2]),
            kshp,
            border_mode,
            subsample,
            filter_flip,
            filter_dilation,
            num_groups,
        )

    return images
