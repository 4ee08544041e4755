"""Our convolutions in graphs of PyTensor's NUMBA mode: Numba checks shapes and allocates, kernels of `cpu` compute.

All sizes are known at run time only. The compiled functions are short because every line adds to Numba's compile time.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numba.extending import register_jitable
from pytensor.graph.basic import Apply
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from network3.layers.ops.conv_shapes import of_axis
from network3.layers.ops.conv_transpose import Conv2DTranspose
from network3.layers.ops.convolution import Convolution

from .cpu.kernels.conv2d import conv2d, pack_filters
from .cpu.kernels.conv2d_to_filters import add_borders, conv2d_to_filters, sum_chunks
from .cpu.kernels.conv2d_to_images import TAPS, conv2d_to_images, pack_filter_taps
from .cpu.kernels.panels import heights, span_of
from .cpu.kernels.patches import extent, image_length
from .numba_calls import compiled, contiguous, register_kernels

Shape: TypeAlias = tuple[int, int, int, int]
Sizes: TypeAlias = tuple[int, int, int, int, int, int, int, int, int, int, int, int, int, int, int]
Function: TypeAlias = Callable[..., np.ndarray]

# The formula is shared with Python code; compiled functions call it too.
register_jitable(extent)


def _make_along(op: Convolution, axis: int) -> Callable[[int, int], tuple[int, int]]:
    """Return ``along(length, taps) -> positions, zeros before`` for rows (axis 0) or columns (axis 1)."""
    padding, stride, dilation = of_axis(op.padding, axis), op.stride[axis], op.dilation[axis]
    same, half, full = padding == "same", padding == "half", padding == "full"
    before, after = (0, 0) if isinstance(padding, str) else padding

    @compiled
    def along(length: int, taps: int) -> tuple[int, int]:
        reach = extent(1, taps, stride, dilation)
        if same:
            positions = (length + stride - 1) // stride
            return positions, max(extent(positions, taps, stride, dilation) - length, 0) // 2
        first = reach // 2 if half else reach - 1 if full else before
        last = first if half or full else after
        return (length + first + last - reach) // stride + 1, first

    return along


def _make_sizes_of(op: Convolution, dtype: str) -> Callable[[Shape, Shape], tuple[int, Sizes]]:
    """Return ``sizes_of(x_shape, w_shape) -> length of a padded image, sizes``, in the order of a kernel's parameters.

    Maps and filters are those of a group. It raises ValueError for shapes that do not match, for which kernels would
    read past the end of an array.
    """
    (down, right), (tap_down, tap_right), groups = op.stride, op.dilation, op.groups
    along_rows, along_columns = _make_along(op, 0), _make_along(op, 1)
    beyond = 2 * image_length(dtype, 0, 0, 0)  # twice, since lengths are rounded up

    @compiled
    def sizes_of(x_shape: Shape, w_shape: Shape) -> tuple[int, Sizes]:
        _, expected, height, width = x_shape
        filters, maps, kh, kw = w_shape
        if maps * groups != expected or filters % groups != 0:
            raise ValueError(
                "conv2d: filters must have as many maps as a group of the images, and groups must divide them; "
                "got others. Make their second axis that of the images, divided by groups."
            )
        (oh, top), (ow, left) = along_rows(height, kh), along_columns(width, kw)
        if oh < 1 or ow < 1:
            raise ValueError(
                "conv2d: a filter must fit into its padded image; got a larger one. "
                "Use smaller filters or more padding."
            )
        length = maps * extent(oh, kh, down, tap_down) * extent(ow, kw, right, tap_right) + beyond
        output = (oh, ow, down, right, top, left, tap_down, tap_right, groups)
        return length, (maps, height, width, filters // groups, kh, kw, *output)

    return sizes_of


@compiled
def _check_gradient(g_shape: Shape, shape: Shape) -> None:
    if g_shape != shape:
        raise ValueError(
            "conv2d: the output's gradient must have the output's shape; got another. Pass that of this output."
        )


@register_funcify_default_op_cache_key(Conv2D)
def numba_conv2d(op: Conv2D, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    dtype, flip, block, groups = node.outputs[0].type.dtype, int(op.flip), heights()[0], op.groups
    (pack, convolve), version = register_kernels(pack_filters(dtype), conv2d(dtype))
    sizes_of = _make_sizes_of(op, dtype)

    @compiled
    def convolution(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        length, sizes = sizes_of(x.shape, w.shape)
        n, maps, filters, taps = x.shape[0], sizes[0], sizes[3], sizes[4] * sizes[5]
        y = np.empty((n, w.shape[0], sizes[6], sizes[7]), x.dtype)
        packed, work = np.empty(w.size, x.dtype), np.empty(length, x.dtype)
        pack(groups * ((filters + block - 1) // block), contiguous(w), packed, filters, maps, taps, flip)
        convolve(1, contiguous(x), packed, y, work, n * groups, n * groups, length, *sizes)
        return y

    return convolution, version


def _make_to_images(op: Convolution, dtype: str) -> tuple[Function, int]:
    """Return ``to_images(w, g, shape)``, the gradient to images of that shape, and its version."""
    flip, groups = int(op.flip), op.groups
    (pack, spread), version = register_kernels(pack_filter_taps(dtype), conv2d_to_images(dtype))
    sizes_of = _make_sizes_of(op, dtype)

    @compiled
    def to_images(w: np.ndarray, g: np.ndarray, shape: Shape) -> np.ndarray:
        length, sizes = sizes_of(shape, w.shape)
        n, maps, filters, taps = shape[0], sizes[0], sizes[3], sizes[4] * sizes[5]
        _check_gradient(g.shape, (n, w.shape[0], sizes[6], sizes[7]))
        dx = np.empty(shape, g.dtype)
        packed, work = np.empty(w.size, g.dtype), np.empty(length, g.dtype)
        pack(groups * ((maps * taps + TAPS - 1) // TAPS), contiguous(w), packed, filters, maps, taps, flip)
        spread(1, packed, contiguous(g), dx, work, n * groups, n * groups, length, *sizes)
        return dx

    return to_images, version


@register_funcify_default_op_cache_key(Conv2DGradInput)
def numba_conv2d_grad_input(op: Conv2DGradInput, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    to_images, version = _make_to_images(op, node.outputs[0].type.dtype)

    @compiled
    def gradient_to_input(w: np.ndarray, g: np.ndarray, x: np.ndarray) -> np.ndarray:
        return to_images(w, g, x.shape)

    return gradient_to_input, version


@register_funcify_default_op_cache_key(Conv2DTranspose)
def numba_conv2d_transpose(op: Conv2DTranspose, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    to_images, version = _make_to_images(op, node.outputs[0].type.dtype)
    along_rows, along_columns = _make_along_images(op, 0), _make_along_images(op, 1)
    groups = op.groups

    @compiled
    def transposed(w: np.ndarray, g: np.ndarray) -> np.ndarray:
        n, _, rows, columns = g.shape
        _, maps, kh, kw = w.shape
        height, width = along_rows(rows, kh), along_columns(columns, kw)
        if height < 1 or width < 1:
            raise ValueError(
                "conv2d_transpose: padding must leave at least one row and one column of the output; got none. "
                "Use less padding."
            )
        return to_images(w, g, (n, maps * groups, height, width))

    return transposed, version


def _make_along_images(op: Conv2DTranspose, axis: int) -> Callable[[int, int], int]:
    """Return ``along(positions, taps) -> length`` of the images along rows (axis 0) or columns (axis 1)."""
    padding, stride, dilation = of_axis(op.padding, axis), op.stride[axis], op.dilation[axis]
    same, half, full = padding == "same", padding == "half", padding == "full"
    given = 0 if op.output_size is None else op.output_size[axis]
    removed, extra = 0 if isinstance(padding, str) else sum(padding), op.output_padding[axis]

    @compiled
    def along(positions: int, taps: int) -> int:
        if given:
            return given
        if same:
            return positions * stride
        reach = extent(1, taps, stride, dilation)
        border = 2 * (reach // 2) if half else 2 * (reach - 1) if full else removed
        return (positions - 1) * stride + reach - border + extra

    return along


@register_funcify_default_op_cache_key(Conv2DGradWeight)
def numba_conv2d_grad_weight(op: Conv2DGradWeight, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    dtype, flip, groups = node.outputs[0].type.dtype, int(op.flip), op.groups
    (add_border, multiply, add_up), version = register_kernels(
        add_borders(dtype), conv2d_to_filters(dtype), sum_chunks(dtype)
    )
    sizes_of, span = _make_sizes_of(op, dtype), span_of(dtype)

    @compiled
    def gradient_to_weight(x: np.ndarray, g: np.ndarray, w: np.ndarray) -> np.ndarray:
        length, sizes = sizes_of(x.shape, w.shape)
        maps, height, width, filters, kh, kw, oh, ow, down, right, top, left, tap_down, tap_right, _ = sizes
        n, total = x.shape[0], w.shape[0]
        _check_gradient(g.shape, (n, total, oh, ow))
        dw, work = np.empty(w.shape, x.dtype), np.empty(n * groups * length, x.dtype)
        panels = (maps * kh * kw + span - 1) // span
        sums = np.empty(panels * total * span, x.dtype)
        tall, wide = extent(oh, kh, down, tap_down), extent(ow, kw, right, tap_right)
        add_border(n * groups, contiguous(x), work, length, maps, height, width, tall, wide, top, left)
        output = (maps, filters, kh, kw, oh, ow, down, right, tap_down, tap_right, groups)
        multiply(groups * panels, work, contiguous(g), sums, n, max(n, 1), length, *output)
        add_up(total, sums, dw, 1, filters, maps, kh * kw, flip)
        return dw

    return gradient_to_weight, version
