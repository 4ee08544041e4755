"""Pooling on Numba: plain loops over windows."""

import numpy as np
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from ...ops.pool import MaxPool2DGrad, Pool2D, Unpool2D
from .kernel import kernel
from .version import VERSION


@kernel
def _larger(so_far, value):
    # NaN, once met, stays: nothing compares as larger.
    return value if value > so_far or value != value else so_far


@kernel
def _plus(so_far, value):
    return so_far + value


@kernel
def _plus_square(so_far, value):
    return so_far + value * value


@kernel
def _itself(total):
    return total


@kernel
def _root(total):
    return np.sqrt(total)


# How a window is condensed: the value to start from, how each element joins, and what is done at the end.
CONDENSE = {"max": (-np.inf, _larger, _itself), "sum": (0, _plus, _itself), "l2": (0, _plus_square, _root)}


@register_funcify_default_op_cache_key(Pool2D)
def numba_pool2d(op, node, **kwargs):
    (rows, columns), (start, join, finish) = op.size, CONDENSE[op.mode]

    @kernel
    def pool2d(x):
        n, maps, height, width = x.shape
        oh, ow = height // rows, width // columns
        y = np.empty((n, maps, oh, ow), x.dtype)
        for image in range(n):
            for c in range(maps):
                for i in range(oh):
                    for j in range(ow):
                        total = x.dtype.type(start)
                        for k in range(rows):
                            for m in range(columns):
                                total = join(total, x[image, c, i * rows + k, j * columns + m])
                        y[image, c, i, j] = finish(total)
        return y

    return pool2d, VERSION


@register_funcify_default_op_cache_key(Unpool2D)
def numba_unpool2d(op, node, **kwargs):
    rows, columns = op.size

    @kernel
    def unpool2d(g, x):
        n, maps, height, width = x.shape
        oh, ow = height // rows, width // columns
        if g.shape != (n, maps, oh, ow):
            raise ValueError(
                "pool2d: the output's gradient must have the output's shape; got another. Pass that of this output."
            )
        y = np.zeros((n, maps, height, width), x.dtype)
        for image in range(n):
            for c in range(maps):
                for i in range(oh * rows):
                    for j in range(ow * columns):
                        y[image, c, i, j] = g[image, c, i // rows, j // columns]
        return y

    return unpool2d, VERSION


@register_funcify_default_op_cache_key(MaxPool2DGrad)
def numba_max_pool2d_grad(op, node, **kwargs):
    rows, columns = op.size

    @kernel
    def max_pool2d_grad(x, y, g):
        n, maps, height, width = x.shape
        oh, ow = height // rows, width // columns
        if g.shape != (n, maps, oh, ow) or y.shape != (n, maps, oh, ow):
            raise ValueError(
                "pool2d: the output and its gradient must have the output's shape; got others. Pass those of x."
            )
        dx = np.zeros((n, maps, height, width), x.dtype)
        for image in range(n):
            for c in range(maps):
                for i in range(oh * rows):
                    for j in range(ow * columns):
                        if x[image, c, i, j] == y[image, c, i // rows, j // columns]:
                            dx[image, c, i, j] = g[image, c, i // rows, j // columns]
        return dx

    return max_pool2d_grad, VERSION
