"""Pooling over windows that do not overlap, and its gradients.

The window is part of a kernel's key; the sizes of images are arguments. Incomplete windows at the end of rows and
columns are left out. Parts of all kernels: images times maps.
"""

from collections.abc import Callable

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, kernel, vectorized_by_llvm

from .moves import fill

MAX_UNROLLED = 16  # positions in a window up to which it is unrolled: LLVM then vectorizes over windows


@vectorized_by_llvm
@kernel
def pool2d(dtype: str, mode: str, size: tuple[int, int]) -> Callable[..., None]:
    """Reduce each window: its maximum ("max"; NaN propagates), root of the sum of squares ("l2"), or sum ("sum").

    x : (parts, height, width), y : (parts, height // rows, width // columns).
    """
    number, (rows, columns) = np.dtype(dtype).type, size
    start = number(-np.inf if mode == "max" else 0)
    places = rows * columns

    def join(total, value):
        if mode == "max":
            # NaN propagates: no value compares as larger.
            return value if (value > total) | (value != value) else total
        return total + (value * value if mode == "l2" else value)

    def join_from(place, total, x, at, width):
        if place == places:
            return total
        value = x[at + place // columns * width + place % columns]
        return join_from(place + 1, join(total, value), x, at, width)

    def join_all(x, at, width):
        total = start
        for k in range(rows):
            for m in range(columns):
                total = join(total, x[at + k * width + m])
        return total

    def pool2d(part, x: Array(dtype), y: Array(dtype), height: Int, width: Int):
        oh, ow = height // rows, width // columns
        for i in range(oh):
            source, to = (part * height + i * rows) * width, (part * oh + i) * ow
            for j in range(ow):
                at = source + j * columns
                total = join_from(0, start, x, at, width) if places <= MAX_UNROLLED else join_all(x, at, width)
                y[to + j] = np.sqrt(total) if mode == "l2" else total

    return pool2d


@vectorized_by_llvm
@kernel
def unpool2d(dtype: str, size: tuple[int, int]) -> Callable[..., None]:
    """Repeat each value over its window.

    g : (parts, height // rows, width // columns), dx : (parts, height, width), 0 outside of windows.
    """

    def value(j, at, x, y, g):
        return g[j]

    walk = make_walk(dtype, size, value)

    def unpool2d(part, g: Array(dtype), dx: Array(dtype), height: Int, width: Int):
        walk(part, g, g, g, dx, height, width)

    return unpool2d


@vectorized_by_llvm
@kernel
def max_pool2d_gradient(dtype: str, size: tuple[int, int]) -> Callable[..., None]:
    """Compute the gradient of max-pooling: every element that equals its window's maximum receives all of its gradient.

    x and dx : (parts, height, width); y, the maxima, and g : (parts, height // rows, width // columns).
    """
    number = np.dtype(dtype).type

    def value(j, at, x, y, g):
        gradient = g[j]
        return gradient if x[at] == y[j] else number(0)

    walk = make_walk(dtype, size, value)

    def max_pool2d_gradient(
        part, x: Array(dtype), y: Array(dtype), g: Array(dtype), dx: Array(dtype), height: Int, width: Int
    ):
        walk(part, x, y, g, dx, height, width)

    return max_pool2d_gradient


def make_walk(dtype: str, size: tuple[int, int], value: Callable) -> Callable[..., None]:
    """Return ``walk(part, x, y, g, dx, height, width)``.

    It sets each element of dx to ``value(window, index, x, y, g)``, and to 0 outside of windows.
    """
    number, (rows, columns) = np.dtype(dtype).type, size

    def set_from(m, j, at, x, y, g, dx):
        if m < columns:
            dx[at + m] = value(j, at + m, x, y, g)
            set_from(m + 1, j, at, x, y, g, dx)

    def walk(part, x, y, g, dx, height, width):
        oh, ow = height // rows, width // columns
        for i in range(oh):
            for k in range(rows):
                window, to = (part * oh + i) * ow, (part * height + i * rows + k) * width
                for j in range(ow):
                    if columns <= MAX_UNROLLED:
                        set_from(0, window + j, to + j * columns, x, y, g, dx)
                    else:
                        for m in range(columns):
                            dx[to + j * columns + m] = value(window + j, to + j * columns + m, x, y, g)
                fill(dx, to + ow * columns, width - ow * columns, number(0))
        fill(dx, (part * height + oh * rows) * width, (height - oh * rows) * width, number(0))

    return walk
