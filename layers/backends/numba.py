"""Our Ops in graphs of PyTensor's NUMBA mode: Numba checks shapes and allocates, kernels of `cpu` calculate.

All sizes are known at run time only. Each function is as short as can be, since Numba takes its time for every line.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from pytensor.graph.basic import Apply
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from network3.layers.ops.dropout_mask import DropoutMask
from network3.layers.ops.pool import MaxPool2DGrad, Pool2D, Unpool2D

from .cpu.kernels.conv2d import conv2d, pack_filters
from .cpu.kernels.conv2d_to_filters import add_borders, conv2d_to_filters, sum_groups
from .cpu.kernels.conv2d_to_images import TAPS, conv2d_to_images, pack_filter_taps
from .cpu.kernels.dropout_mask import dropout_mask
from .cpu.kernels.panels import heights, span_of
from .cpu.kernels.patches import image_length
from .cpu.kernels.pool2d import max_pool2d_gradient, pool2d, unpool2d
from .numba_calls import announce, compiled, contiguous


def _make_sized(op: Any, dtype: str) -> Callable:
    """Return ``sized(x_shape, w_shape) -> length of an image with its border, sizes``, in the order kernels take them.

    It refuses shapes that do not belong together: kernels would read past the end of an array.
    """
    (down, right), padding = op.stride, op.padding
    half, full = padding == "half", padding == "full"
    rows, columns = (0, 0) if isinstance(padding, str) else padding
    beyond = 2 * image_length(dtype, 0, 0, 0)  # twice, since lengths are rounded up

    @compiled
    def sized(x_shape, w_shape):
        _, maps, height, width = x_shape
        filters, expected, kh, kw = w_shape
        if maps != expected:
            raise ValueError(
                "conv2d: images and filters must have the same number of maps; got others. "
                "Make their second axes equal."
            )
        top, left = (kh // 2, kw // 2) if half else (kh - 1, kw - 1) if full else (rows, columns)
        oh, ow = (height + 2 * top - kh) // down + 1, (width + 2 * left - kw) // right + 1
        if oh < 1 or ow < 1:
            raise ValueError(
                "conv2d: a filter must fit into its padded image; got a larger one. "
                "Use smaller filters or more padding."
            )
        length = maps * ((oh - 1) * down + kh) * ((ow - 1) * right + kw) + beyond
        return length, (maps, height, width, filters, kh, kw, oh, ow, down, right, top, left)

    return sized


@compiled
def _check_gradient(g_shape, shape):
    if g_shape != shape:
        raise ValueError(
            "conv2d: the output's gradient must have the output's shape; got another. Pass that of this output."
        )


@register_funcify_default_op_cache_key(Conv2D)
def numba_conv2d(op: Conv2D, node: Apply, **kwargs: Any) -> tuple[Callable, int]:
    dtype, flip, block = node.outputs[0].type.dtype, int(op.flip), heights()[0]
    (pack, convolve), version = announce(pack_filters(dtype), conv2d(dtype))
    sized = _make_sized(op, dtype)

    @compiled
    def convolution(x, w):
        length, sizes = sized(x.shape, w.shape)
        n, (maps, _, _, filters, kh, kw, oh, ow, _, _, _, _) = x.shape[0], sizes
        y = np.empty((n, filters, oh, ow), x.dtype)
        packed, work = np.empty(w.size, x.dtype), np.empty(length, x.dtype)
        pack((filters + block - 1) // block, contiguous(w), packed, filters, maps, kh * kw, flip)
        convolve(1, contiguous(x), packed, y, work, n, n, length, *sizes)
        return y

    return convolution, version


@register_funcify_default_op_cache_key(Conv2DGradInput)
def numba_conv2d_grad_input(op: Conv2DGradInput, node: Apply, **kwargs: Any) -> tuple[Callable, int]:
    dtype, flip = node.outputs[0].type.dtype, int(op.flip)
    (pack, spread), version = announce(pack_filter_taps(dtype), conv2d_to_images(dtype))
    sized = _make_sized(op, dtype)

    @compiled
    def gradient_to_input(w, g, x):
        length, sizes = sized(x.shape, w.shape)
        n, (maps, height, width, filters, kh, kw, oh, ow, _, _, _, _) = x.shape[0], sizes
        _check_gradient(g.shape, (n, filters, oh, ow))
        dx = np.empty((n, maps, height, width), x.dtype)
        packed, work = np.empty(w.size, x.dtype), np.empty(length, x.dtype)
        pack((maps * kh * kw + TAPS - 1) // TAPS, contiguous(w), packed, filters, maps, kh * kw, flip)
        spread(1, packed, contiguous(g), dx, work, n, n, length, *sizes)
        return dx

    return gradient_to_input, version


@register_funcify_default_op_cache_key(Conv2DGradWeight)
def numba_conv2d_grad_weight(op: Conv2DGradWeight, node: Apply, **kwargs: Any) -> tuple[Callable, int]:
    dtype, flip = node.outputs[0].type.dtype, int(op.flip)
    (surround, multiply, add_up), version = announce(add_borders(dtype), conv2d_to_filters(dtype), sum_groups(dtype))
    sized, span = _make_sized(op, dtype), span_of(dtype)

    @compiled
    def gradient_to_weight(x, g, w):
        length, sizes = sized(x.shape, w.shape)
        n, (maps, height, width, filters, kh, kw, oh, ow, down, right, top, left) = x.shape[0], sizes
        _check_gradient(g.shape, (n, filters, oh, ow))
        dw, work = np.empty((filters, maps, kh, kw), x.dtype), np.empty(n * length, x.dtype)
        panels = (maps * kh * kw + span - 1) // span
        found = np.empty(panels * filters * span, x.dtype)
        tall, wide = (oh - 1) * down + kh, (ow - 1) * right + kw
        surround(n, contiguous(x), work, length, maps, height, width, tall, wide, top, left)
        sizes_too = maps, filters, kh, kw, oh, ow, down, right
        multiply(panels, work, contiguous(g), found, n, n, length, *sizes_too)
        add_up(filters, found, dw, 1, filters, maps, kh * kw, flip)
        return dw

    return gradient_to_weight, version


@register_funcify_default_op_cache_key(Pool2D)
def numba_pool2d(op: Pool2D, node: Apply, **kwargs: Any) -> tuple[Callable, int]:
    rows, columns = op.size
    (condense,), version = announce(pool2d(node.outputs[0].type.dtype, op.mode, op.size))

    @compiled
    def pool(x):
        n, maps, height, width = x.shape
        y = np.empty((n, maps, height // rows, width // columns), x.dtype)
        condense(n * maps, contiguous(x), y, height, width)
        return y

    return pool, version


@register_funcify_default_op_cache_key(Unpool2D)
def numba_unpool2d(op: Unpool2D, node: Apply, **kwargs: Any) -> tuple[Callable, int]:
    rows, columns = op.size
    (repeat,), version = announce(unpool2d(node.outputs[0].type.dtype, op.size))

    @compiled
    def unpool(g, x):
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
def numba_max_pool2d_grad(op: MaxPool2DGrad, node: Apply, **kwargs: Any) -> tuple[Callable, int]:
    rows, columns = op.size
    (spread,), version = announce(max_pool2d_gradient(node.outputs[0].type.dtype, op.size))

    @compiled
    def max_pool2d_grad(x, y, g):
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
def numba_dropout_mask(op: DropoutMask, node: Apply, **kwargs: Any) -> tuple[Callable, int]:
    threshold = op.threshold
    (draw,), version = announce(dropout_mask(node.outputs[0].type.dtype))

    @compiled
    def mask(x, state):
        if state.size != 3:
            raise ValueError(
                "DropoutMask: the state must hold seed, stream and step; got another size. Use dropout_state()."
            )
        words = np.empty(3, np.int32)  # in one piece, wherever the state lies
        for k in range(3):
            words[k] = state[k]
        kept = np.empty(x.shape, x.dtype)
        draw(1, words, kept, x.size, threshold, x.size)
        return kept

    return mask, version
