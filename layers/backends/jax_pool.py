"""Pooling and upsampling on JAX."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from pytensor.graph.basic import Apply
from pytensor.link.jax.dispatch import jax_funcify

from network3.layers.ops.pool import Pool2D, Unpool2D
from network3.layers.ops.pool_counts import WindowCounts
from network3.layers.ops.pool_maxima import MaxPool2DGrad, SumAtMaxima2D
from network3.layers.ops.pool_shapes import Windows
from network3.layers.ops.upsample import Upsample2D

from .jax_types import Function, declared, transpose


def _side_by_side(x: jax.Array, windows: Windows) -> jax.Array:
    """Return plain windows as (n, maps, oh, rows, ow, columns)."""
    n, maps = x.shape[:2]
    (rows, columns), (oh, ow) = windows.size, windows.output_size(x.shape[2:])
    return x[:, :, : oh * rows, : ow * columns].reshape(n, maps, oh, rows, ow, columns)


def _spread(g: jax.Array, windows: Windows, x: jax.Array) -> jax.Array:
    """Repeat each value over its plain window of an image of the shape of `x`; zeros outside the windows."""
    (rows, columns), (height, width) = windows.size, x.shape[2:]
    y = jnp.repeat(jnp.repeat(g, rows, 2), columns, 3)
    return jnp.pad(y, ((0, 0), (0, 0), (0, height - y.shape[2]), (0, width - y.shape[3])))


def _extended(x: jax.Array, windows: Windows, fill: float) -> jax.Array:
    """Return images that begin with their first window and end with their last one."""
    beyond = windows.beyond(x.shape[2:], windows.output_size(x.shape[2:]))
    return lax.pad(x, np.array(fill, x.dtype), [(0, 0, 0), (0, 0, 0), *((*sides, 0) for sides in beyond)])


def _reduced(x: jax.Array, windows: Windows, start: float, join: Callable[..., jax.Array]) -> jax.Array:
    """Reduce each window by `join`, starting from `start`, which is also in the places outside of the image."""
    steps = (1, 1, *windows.size), (1, 1, *windows.stride)
    return lax.reduce_window(_extended(x, windows, start), np.array(start, x.dtype), join, *steps, "VALID")


def _sums(x: jax.Array, windows: Windows) -> jax.Array:
    return _side_by_side(x, windows).sum((3, 5)) if windows.plain else _reduced(x, windows, 0, lax.add)


def _maxima(x: jax.Array, windows: Windows) -> jax.Array:
    return _side_by_side(x, windows).max((3, 5)) if windows.plain else _reduced(x, windows, -np.inf, lax.max)


@jax_funcify.register(Pool2D)
def jax_pool2d(op: Pool2D, node: Apply | None = None, **kwargs: Any) -> Function:
    def pool2d(x: jax.Array) -> jax.Array:
        op.windows.check_image(x.shape[2:])
        if op.mode == "max":
            return _maxima(x, op.windows)
        return jnp.sqrt(_sums(x * x, op.windows)) if op.mode == "l2" else _sums(x, op.windows)

    return declared(pool2d, node)


@jax_funcify.register(Unpool2D)
def jax_unpool2d(op: Unpool2D, node: Apply | None = None, **kwargs: Any) -> Function:
    def unpool2d(g: jax.Array, x: jax.Array) -> jax.Array:
        if op.windows.plain:
            return _spread(g, op.windows, x)
        return transpose(lambda images: _sums(images, op.windows), x.shape, g)

    return declared(unpool2d, node)


@jax_funcify.register(MaxPool2DGrad)
def jax_max_pool2d_grad(op: MaxPool2DGrad, node: Apply | None = None, **kwargs: Any) -> Function:
    # Not JAX's own gradient, in which only the first of tied maxima receives it.
    windows = op.windows

    def max_pool2d_grad(x: jax.Array, y: jax.Array, g: jax.Array) -> jax.Array:
        if windows.plain:  # outside the windows g is 0
            return jnp.where(x == _spread(y, windows, x), _spread(g, windows, x), 0)
        # Windows are moved apart by their stride, with NaN between them, which equals no pixel. Then the windows that
        # contain a pixel at one of their positions are a slice for all pixels at once.
        pixels = _extended(x, windows, -np.inf)
        margins = [(k - 1, k - 1, step - 1) for k, step in zip(windows.size, windows.stride, strict=True)]
        apart = [lax.pad(v, np.array(np.nan, x.dtype), [(0, 0, 0), (0, 0, 0), *margins]) for v in (y, g)]
        dx = jnp.zeros_like(pixels)
        height, width = pixels.shape[2:]
        for k in range(windows.size[0]):
            for m in range(windows.size[1]):
                maxima, gradient = (v[:, :, k : k + height, m : m + width] for v in apart)
                dx += jnp.where(pixels == maxima, gradient, 0)
        beyond = windows.beyond(x.shape[2:], y.shape[2:])
        back = [(-before, -after, 0) for before, after in beyond]
        return lax.pad(dx, np.array(0, x.dtype), [(0, 0, 0), (0, 0, 0), *back])

    return declared(max_pool2d_grad, node)


@jax_funcify.register(SumAtMaxima2D)
def jax_sum_at_maxima2d(op: SumAtMaxima2D, node: Apply | None = None, **kwargs: Any) -> Function:
    def sum_at_maxima2d(x: jax.Array, y: jax.Array, c: jax.Array) -> jax.Array:
        pixels, values = _extended(x, op.windows, -np.inf), _extended(c, op.windows, 0)
        sums = jnp.zeros_like(y)
        for rows, columns in op.windows.taps(y.shape[2:]):
            sums += jnp.where(pixels[:, :, rows, columns] == y, values[:, :, rows, columns], 0)
        return sums

    return declared(sum_at_maxima2d, node)


@jax_funcify.register(WindowCounts)
def jax_window_counts(op: WindowCounts, node: Apply | None = None, **kwargs: Any) -> Function:
    def window_counts(x: jax.Array) -> jax.Array:
        return jnp.asarray(op.values(x.shape, x.dtype))

    return declared(window_counts, node)


@jax_funcify.register(Upsample2D)
def jax_upsample2d(op: Upsample2D, node: Apply | None = None, **kwargs: Any) -> Function:
    def upsample2d(x: jax.Array) -> jax.Array:
        return jnp.repeat(jnp.repeat(x, op.factor[0], 2), op.factor[1], 3)

    return declared(upsample2d, node)
