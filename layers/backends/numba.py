"""Our Ops in graphs of PyTensor's NUMBA mode: Numba checks shapes and allocates, kernels of `cpu` compute.

All sizes are known at run time only. The compiled functions are short because every line adds to Numba's compile time.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numba.extending import register_jitable
from pytensor.graph.basic import Apply
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight, Convolution
from network3.layers.ops.conv_shapes import output_length
from network3.layers.ops.dropout_mask import DropoutMask
from network3.layers.ops.pool import MaxPool2DGrad, Pool2D, Unpool2D

from .cpu.kernels.conv2d import conv2d, pack_filters
from .cpu.kernels.conv2d_to_filters import add_borders, conv2d_to_filters, sum_groups
from .cpu.kernels.conv2d_to_images import TAPS, conv2d_to_images, pack_filter_taps
from .cpu.kernels.dropout_mask import dropout_mask
from .cpu.kernels.panels import heights, span_of
from .cpu.kernels.patches import extent, image_length
from .cpu.kernels.pool2d import max_pool2d_gradient, pool2d, unpool2d
from .numba_calls import compiled, contiguous, register_kernels

Shape: TypeAlias = tuple[int, int, int, int]
Sizes: TypeAlias = tuple[int, int, int, int, int, int, int, int, int, int, int, int]
Function: TypeAlias = Callable[..., np.ndarray]

# The formulas are shared with Python code; compiled functions call them too.
register_jitable(output_length)
register_jitable(extent)


def _make_sizes_of(op: Convolution, dtype: str) -> Callable[[Shape, Shape], tuple[int, Sizes]]:
    """Return ``sizes_of(x_shape, w_shape) -> length of a padded image, sizes``, in the order of a kernel's parameters.

    It raises ValueError for shapes that do not match, for which kernels would read past the end of an array.
    """
    (down, right), padding = op.stride, op.padding
    half, full = padding == "half", padding == "full"
    rows, columns = (0, 0) if isinstance(padding, str) else padding
    beyond = 2 * image_length(dtype, 0, 0, 0)  # twice, since lengths are rounded up

    @compiled
    def sizes_of(x_shape: Shape, w_shape: Shape) -> tuple[int, Sizes]:
        _, maps, height, width = x_shape
        filters, expected, kh, kw = w_shape
        if maps != expected:
            raise ValueError(
                "conv2d: images and filters must have the same number of maps; got others. "
                "Make their second axes equal."
            )
        top, left = (kh // 2, kw // 2) if half else (kh - 1, kw - 1) if full else (rows, columns)
        oh, ow = output_length(height, kh, top, down), output_length(width, kw, left, right)
        if oh < 1 or ow < 1:
            raise ValueError(
                "conv2d: a filter must fit into its padded image; got a larger one. "
                "Use smaller filters or more padding."
            )
        length = maps * extent(oh, kh, down) * extent(ow, kw, right) + beyond
        return length, (maps, height, width, filters, kh, kw, oh, ow, down, right, top, left)

    return sizes_of


@compiled
def _check_gradient(g_shape: Shape, shape: Shape) -> None:
    if g_shape != shape:
        raise ValueError(
            "conv2d: the output's gradient must have the output's shape; got another. Pass that of this output."
        )


@register_funcify_default_op_cache_key(Conv2D)
def numba_conv2d(op: Conv2D, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    dtype, flip, block = node.outputs[0].type.dtype, int(op.flip), heights()[0]
    (pack, convolve), version = register_kernels(pack_filters(dtype), conv2d(dtype))
    sizes_of = _make_sizes_of(op, dtype)

    @compiled
    def convolution(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        length, sizes = sizes_of(x.shape, w.shape)
        n, (maps, _, _, filters, kh, kw, oh, ow, _, _, _, _) = x.shape[0], sizes
        y = np.empty((n, filters, oh, ow), x.dtype)
        packed, work = np.empty(w.size, x.dtype), np.empty(length, x.dtype)
        pack((filters + block - 1) // block, contiguous(w), packed, filters, maps, kh * kw, flip)
        convolve(1, contiguous(x), packed, y, work, n, n, length, *sizes)
        return y

    return convolution, version


@register_funcify_default_op_cache_key(Conv2DGradInput)
def numba_conv2d_grad_input(op: Conv2DGradInput, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    dtype, flip = node.outputs[0].type.dtype, int(op.flip)
    (pack, spread), version = register_kernels(pack_filter_taps(dtype), conv2d_to_images(dtype))
    sizes_of = _make_sizes_of(op, dtype)

    @compiled
    def gradient_to_input(w: np.ndarray, g: np.ndarray, x: np.ndarray) -> np.ndarray:
        length, sizes = sizes_of(x.shape, w.shape)
        n, (maps, height, width, filters, kh, kw, oh, ow, _, _, _, _) = x.shape[0], sizes
        _check_gradient(g.shape, (n, filters, oh, ow))
        dx = np.empty((n, maps, height, width), x.dtype)
        packed, work = np.empty(w.size, x.dtype), np.empty(length, x.dtype)
        pack((maps * kh * kw + TAPS - 1) // TAPS, contiguous(w), packed, filters, maps, kh * kw, flip)
        spread(1, packed, contiguous(g), dx, work, n, n, length, *sizes)
        return dx

    return gradient_to_input, version


@register_funcify_default_op_cache_key(Conv2DGradWeight)
def numba_conv2d_grad_weight(op: Conv2DGradWeight, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    dtype, flip = node.outputs[0].type.dtype, int(op.flip)
    (add_border, multiply, add_up), version = register_kernels(
        add_borders(dtype), conv2d_to_filters(dtype), sum_groups(dtype)
    )
    sizes_of, span = _make_sizes_of(op, dtype), span_of(dtype)

    @compiled
    def gradient_to_weight(x: np.ndarray, g: np.ndarray, w: np.ndarray) -> np.ndarray:
        length, sizes = sizes_of(x.shape, w.shape)
        n, (maps, height, width, filters, kh, kw, oh, ow, down, right, top, left) = x.shape[0], sizes
        _check_gradient(g.shape, (n, filters, oh, ow))
        dw, work = np.empty((filters, maps, kh, kw), x.dtype), np.empty(n * length, x.dtype)
        panels = (maps * kh * kw + span - 1) // span
        sums = np.empty(panels * filters * span, x.dtype)
        tall, wide = extent(oh, kh, down), extent(ow, kw, right)
        add_border(n, contiguous(x), work, length, maps, height, width, tall, wide, top, left)
        multiply(panels, work, contiguous(g), sums, n, n, length, maps, filters, kh, kw, oh, ow, down, right)
        add_up(filters, sums, dw, 1, filters, maps, kh * kw, flip)
        return dw

    return gradient_to_weight, version


@register_funcify_default_op_cache_key(Pool2D)
def numba_pool2d(op: Pool2D, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    rows, columns = op.size
    (reduce,), version = register_kernels(pool2d(node.outputs[0].type.dtype, op.mode, op.size))

    @compiled
    def pool(x: np.ndarray) -> np.ndarray:
        n, maps, height, width = x.shape
        if height < rows or width < columns:
            raise ValueError("pool2d: a window must fit into its image; got a larger one. Use smaller windows.")
        y = np.empty((n, maps, height // rows, width // columns), x.dtype)
        reduce(n * maps, contiguous(x), y, height, width)
        return y

    return pool, version


@register_funcify_default_op_cache_key(Unpool2D)
def numba_unpool2d(op: Unpool2D, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    rows, columns = op.size
    (repeat,), version = register_kernels(unpool2d(node.outputs[0].type.dtype, op.size))

    @compiled
    def unpool(g: np.ndarray, x: np.ndarray) -> np.ndarray:
        n, maps, height, width = x.shape
        if g.shape != (n, maps, height // rows, width // columns):
            raise ValueError(
                "pool2d: the output's gradient must have the output's shape; got another. Pass that of this output."
            )
        y = np.empty((n, maps, height, width), x.dtype)
        repeat(n * maps, contiguous(g), y, height, width)
        return y

    return unpool, version


@register_funcify_default_op_cache_key(MaxPool2DGrad)
def numba_max_pool2d_grad(op: MaxPool2DGrad, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    rows, columns = op.size
    (spread,), version = register_kernels(max_pool2d_gradient(node.outputs[0].type.dtype, op.size))

    @compiled
    def max_pool2d_grad(x: np.ndarray, y: np.ndarray, g: np.ndarray) -> np.ndarray:
        n, maps, height, width = x.shape
        shape = n, maps, height // rows, width // columns
        if g.shape != shape or y.shape != shape:
            raise ValueError(
                "pool2d: the output and its gradient must have the output's shape; got others. Pass those of x."
            )
        dx = np.empty((n, maps, height, width), x.dtype)
        spread(n * maps, contiguous(x), contiguous(y), contiguous(g), dx, height, width)
        return dx

    return max_pool2d_grad, version


@register_funcify_default_op_cache_key(DropoutMask)
def numba_dropout_mask(op: DropoutMask, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    threshold = op.threshold
    (draw,), version = register_kernels(dropout_mask(node.outputs[0].type.dtype))

    @compiled
    def mask(x: np.ndarray, state: np.ndarray) -> np.ndarray:
        if state.size != 3:
            raise ValueError(
                "DropoutMask: the state must consist of seed, stream and step; got another size. Use dropout_state()."
            )
        words = np.empty(3, np.int32)  # contiguous, whatever the strides of the state
        for k in range(3):
            words[k] = state[k]
        kept = np.empty(x.shape, x.dtype)
        draw(1, words, kept, x.size, threshold, x.size)
        return kept

    return mask, version
