"""Lowerings of pooling that is not fused with a convolution, of its gradients, and of upsampling."""

from pytensor.graph.basic import Apply

from network3.layers.backends.cpu.kernels.pool2d import max_pool2d_gradient, pool2d, unpool2d
from network3.layers.backends.cpu.kernels.pool2d_windows import (
    max_pool2d_windows_gradient,
    pool2d_windows,
    sum_at_maxima2d,
    unpool2d_windows,
)
from network3.layers.backends.cpu.plan import View
from network3.layers.ops.pool import Pool2D, Unpool2D
from network3.layers.ops.pool_counts import WindowCounts
from network3.layers.ops.pool_maxima import MaxPool2DGrad, SumAtMaxima2D
from network3.layers.ops.pool_shapes import Windows
from network3.layers.ops.upsample import Upsample2D

from .elementwise import contiguous
from .registry import Lowering, lowers


def _sizes(windows: Windows, height: int, width: int) -> list[int]:
    """Return the last arguments of a kernel of any windows."""
    (top, _), (left, _) = windows.padding
    return [height, width, *windows.output_size((height, width)), top, left]


@lowers(Pool2D)
def lower_pool2d(low: Lowering, node: Apply, x: View) -> View:
    """Reduce each window to one value."""
    (images, maps, height, width), windows, mode = x.shape, node.op.windows, node.op.mode
    y = low.new(x.dtype, (images, maps, *windows.output_size((height, width))))
    arrays, parts = [contiguous(low, x), y], images * maps
    if windows.plain:
        low.run(pool2d(x.dtype, mode, windows.size), [*arrays, height, width], parts)
    else:
        kernel = pool2d_windows(x.dtype, mode, windows.size, windows.stride)
        low.run(kernel, [*arrays, *_sizes(windows, height, width)], parts)
    return y


@lowers(Unpool2D)
def lower_unpool2d(low: Lowering, node: Apply, g: View, x: View) -> View:
    """Add each value to the pixels of its window."""
    (images, maps, height, width), windows = x.shape, node.op.windows
    dx = low.new(g.dtype, x.shape)
    arrays, parts = [contiguous(low, g), dx], images * maps
    if windows.plain:
        low.run(unpool2d(g.dtype, windows.size), [*arrays, height, width], parts)
    else:
        kernel = unpool2d_windows(g.dtype, windows.size, windows.stride)
        low.run(kernel, [*arrays, *_sizes(windows, height, width)], parts)
    return dx


@lowers(MaxPool2DGrad)
def lower_max_pool2d_gradient(low: Lowering, node: Apply, x: View, y: View, g: View) -> View:
    """Propagate each window's gradient to every element that equals its maximum."""
    (images, maps, height, width), windows = x.shape, node.op.windows
    dx = low.new(g.dtype, x.shape)
    arrays, parts = [*(contiguous(low, v) for v in (x, y, g)), dx], images * maps
    if windows.plain:
        low.run(max_pool2d_gradient(g.dtype, windows.size), [*arrays, height, width], parts)
    else:
        kernel = max_pool2d_windows_gradient(g.dtype, windows.size, windows.stride)
        low.run(kernel, [*arrays, *_sizes(windows, height, width)], parts)
    return dx


@lowers(SumAtMaxima2D)
def lower_sum_at_maxima2d(low: Lowering, node: Apply, x: View, y: View, c: View) -> View:
    """Sum, for each window, the values at its maxima."""
    (images, maps, height, width), windows = x.shape, node.op.windows
    sums = low.new(x.dtype, y.shape)
    arrays = [*(contiguous(low, v) for v in (x, y, c)), sums]
    kernel = sum_at_maxima2d(x.dtype, windows.size, windows.stride)
    low.run(kernel, [*arrays, *_sizes(windows, height, width)], images * maps)
    return sums


@lowers(WindowCounts)
def lower_window_counts(low: Lowering, node: Apply, x: View) -> View:
    """Return the counts as a constant."""
    return low.plan.constant(node.op.values(x.shape, x.dtype))


@lowers(Upsample2D)
def lower_upsample2d(low: Lowering, node: Apply, x: View) -> View:
    """Repeat each pixel."""
    images, maps, height, width = node.op.output_shape(x.shape)
    y = low.new(x.dtype, (images, maps, height, width))
    low.run(unpool2d(x.dtype, node.op.factor), [contiguous(low, x), y, height, width], images * maps)
    return y
