"""Lowerings of pooling that is not fused with a convolution, and of its gradients."""

from pytensor.graph.basic import Apply

from network3.layers.backends.cpu.kernels.pool2d import max_pool2d_gradient, pool2d, unpool2d
from network3.layers.backends.cpu.plan import View
from network3.layers.ops.pool import MaxPool2DGrad, Pool2D, Unpool2D

from .elementwise import contiguous
from .registry import Lowering, lowers


@lowers(Pool2D)
def lower_pool2d(low: Lowering, node: Apply, x: View) -> View:
    """Reduce each window to one value."""
    (images, maps, height, width), (rows, columns) = x.shape, node.op.size
    y = low.new(x.dtype, (images, maps, height // rows, width // columns))
    low.run(pool2d(x.dtype, node.op.mode, node.op.size), [contiguous(low, x), y, height, width], images * maps)
    return y


@lowers(Unpool2D)
def lower_unpool2d(low: Lowering, node: Apply, g: View, x: View) -> View:
    """Repeat each value over its window."""
    images, maps, height, width = x.shape
    dx = low.new(g.dtype, x.shape)
    low.run(unpool2d(g.dtype, node.op.size), [contiguous(low, g), dx, height, width], images * maps)
    return dx


@lowers(MaxPool2DGrad)
def lower_max_pool2d_gradient(low: Lowering, node: Apply, x: View, y: View, g: View) -> View:
    """Propagate each window's gradient to every element that equals its maximum."""
    images, maps, height, width = x.shape
    dx = low.new(g.dtype, x.shape)
    arrays = [*(contiguous(low, v) for v in (x, y, g)), dx]
    low.run(max_pool2d_gradient(g.dtype, node.op.size), [*arrays, height, width], images * maps)
    return dx
