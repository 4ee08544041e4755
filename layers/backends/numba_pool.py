"""Pooling and upsampling in graphs of PyTensor's NUMBA mode: Numba checks shapes and allocates, kernels compute."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numba.extending import register_jitable
from pytensor.graph.basic import Apply
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from network3.layers.ops.pool import Pool2D, Unpool2D
from network3.layers.ops.pool_counts import WindowCounts
from network3.layers.ops.pool_maxima import MaxPool2DGrad, SumAtMaxima2D
from network3.layers.ops.pool_shapes import Windows, windows_along
from network3.layers.ops.upsample import Upsample2D

from .cpu.kernels.pool2d import max_pool2d_gradient, pool2d, unpool2d
from .cpu.kernels.pool2d_windows import (
    max_pool2d_windows_gradient,
    pool2d_windows,
    sum_at_maxima2d,
    unpool2d_windows,
)
from .numba_calls import compiled, contiguous, register_kernels

Shape: TypeAlias = tuple[int, int, int, int]
Function: TypeAlias = Callable[..., np.ndarray]

register_jitable(windows_along)


def _constants(windows: Windows) -> tuple[tuple[int, int], ...]:
    """Return the constants of a kernel: for plain windows their size, for others also their stride."""
    return (windows.size,) if windows.plain else (windows.size, windows.stride)


def _make_sizes_of(windows: Windows) -> Callable[[Shape], tuple[Shape, tuple[int, ...]]]:
    """Return ``sizes_of(x_shape) -> shape of the pooled maps, sizes``, in the order of a kernel's parameters.

    It raises ValueError if a window does not fit.
    """
    (rows, columns), (down, right), ceil = windows.size, windows.stride, windows.ceil
    (top, bottom), (left, beyond) = windows.padding
    least_height, least_width = (windows.least(axis) for axis in range(2))

    @compiled
    def pooled(x_shape: Shape) -> Shape:
        n, maps, height, width = x_shape
        if height < least_height or width < least_width:
            raise ValueError("pool2d: a window must fit into its image; got a larger one. Use smaller windows.")
        oh = windows_along(height, rows, down, top, bottom, ceil, min, max)
        ow = windows_along(width, columns, right, left, beyond, ceil, min, max)
        return n, maps, oh, ow

    @compiled
    def sizes_of_plain(x_shape: Shape) -> tuple[Shape, tuple[int, int]]:
        return pooled(x_shape), (x_shape[2], x_shape[3])

    @compiled
    def sizes_of(x_shape: Shape) -> tuple[Shape, tuple[int, int, int, int, int, int]]:
        shape = pooled(x_shape)
        return shape, (x_shape[2], x_shape[3], shape[2], shape[3], top, left)

    return sizes_of_plain if windows.plain else sizes_of


@compiled
def _check_pooled(shape: Shape, expected: Shape) -> None:
    if shape != expected:
        raise ValueError(
            "pool2d: the output and its gradient must have the output's shape; got others. Pass those of this output."
        )


@compiled
def _check_images(shape: Shape, expected: Shape) -> None:
    if shape != expected:
        raise ValueError("pool2d: the values to sum must have the shape of the images; got another. Pass those of x.")


@register_funcify_default_op_cache_key(Pool2D)
def numba_pool2d(op: Pool2D, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    kernel = pool2d if op.windows.plain else pool2d_windows
    (reduce,), version = register_kernels(kernel(node.outputs[0].type.dtype, op.mode, *_constants(op.windows)))
    sizes_of = _make_sizes_of(op.windows)

    @compiled
    def pool(x: np.ndarray) -> np.ndarray:
        shape, sizes = sizes_of(x.shape)
        y = np.empty(shape, x.dtype)
        reduce(shape[0] * shape[1], contiguous(x), y, *sizes)
        return y

    return pool, version


@register_funcify_default_op_cache_key(Unpool2D)
def numba_unpool2d(op: Unpool2D, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    kernel = unpool2d if op.windows.plain else unpool2d_windows
    (repeat,), version = register_kernels(kernel(node.outputs[0].type.dtype, *_constants(op.windows)))
    sizes_of = _make_sizes_of(op.windows)

    @compiled
    def unpool(g: np.ndarray, x: np.ndarray) -> np.ndarray:
        shape, sizes = sizes_of(x.shape)
        _check_pooled(g.shape, shape)
        dx = np.empty(x.shape, x.dtype)
        repeat(shape[0] * shape[1], contiguous(g), dx, *sizes)
        return dx

    return unpool, version


@register_funcify_default_op_cache_key(MaxPool2DGrad)
def numba_max_pool2d_grad(op: MaxPool2DGrad, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    kernel = max_pool2d_gradient if op.windows.plain else max_pool2d_windows_gradient
    (spread,), version = register_kernels(kernel(node.outputs[0].type.dtype, *_constants(op.windows)))
    sizes_of = _make_sizes_of(op.windows)

    @compiled
    def max_pool2d_grad(x: np.ndarray, y: np.ndarray, g: np.ndarray) -> np.ndarray:
        shape, sizes = sizes_of(x.shape)
        _check_pooled(y.shape, shape)
        _check_pooled(g.shape, shape)
        dx = np.empty(x.shape, x.dtype)
        spread(shape[0] * shape[1], contiguous(x), contiguous(y), contiguous(g), dx, *sizes)
        return dx

    return max_pool2d_grad, version


@register_funcify_default_op_cache_key(SumAtMaxima2D)
def numba_sum_at_maxima2d(op: SumAtMaxima2D, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    windows = op.windows
    (add,), version = register_kernels(sum_at_maxima2d(node.outputs[0].type.dtype, windows.size, windows.stride))
    sizes_of = _make_sizes_of(windows)
    (top, _), (left, _) = windows.padding

    @compiled
    def at_maxima(x: np.ndarray, y: np.ndarray, c: np.ndarray) -> np.ndarray:
        shape, _ = sizes_of(x.shape)
        _check_pooled(y.shape, shape)
        _check_images(c.shape, x.shape)
        n, maps, oh, ow = shape
        sums = np.empty(shape, x.dtype)
        arrays = contiguous(x), contiguous(y), contiguous(c)
        add(n * maps, *arrays, sums, x.shape[2], x.shape[3], oh, ow, top, left)
        return sums

    return at_maxima, version


@register_funcify_default_op_cache_key(WindowCounts)
def numba_window_counts(op: WindowCounts, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    (rows, columns), (down, right) = op.windows.size, op.windows.stride
    (top, bottom), (left, beyond) = op.windows.padding
    counted, sizes_of = int(op.padding_counts), _make_sizes_of(op.windows)

    @compiled
    def along(length: int, i: int, size: int, stride: int, before: int, after: int) -> int:
        start = i * stride - before
        return min(start + size, length + counted * after) - max(start, -counted * before)

    @compiled
    def window_counts(x: np.ndarray) -> np.ndarray:
        shape, _ = sizes_of(x.shape)
        counts = np.empty((1, 1, shape[2], shape[3]), x.dtype)
        for i in range(shape[2]):
            for j in range(shape[3]):
                across = along(x.shape[3], j, columns, right, left, beyond)
                counts[0, 0, i, j] = along(x.shape[2], i, rows, down, top, bottom) * across
        return counts

    return window_counts, 2


@register_funcify_default_op_cache_key(Upsample2D)
def numba_upsample2d(op: Upsample2D, node: Apply, **kwargs: Any) -> tuple[Function, int]:
    rows, columns = op.factor
    (repeat,), version = register_kernels(unpool2d(node.outputs[0].type.dtype, op.factor))

    @compiled
    def upsample(x: np.ndarray) -> np.ndarray:
        n, maps, height, width = x.shape
        y = np.empty((n, maps, height * rows, width * columns), x.dtype)
        repeat(n * maps, contiguous(x), y, height * rows, width * columns)
        return y

    return upsample, version
