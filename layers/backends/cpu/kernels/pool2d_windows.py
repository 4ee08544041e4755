"""Pooling over windows of any stride and padding, complete or not, and its gradients.

Size and stride of a window are part of a kernel's key; the sizes of images, their padding at the top and left, and the
number of windows are arguments. Places of a window outside of the image are left out. Parts of all kernels: images
times maps. Windows side by side without padding have faster kernels, see `pool2d`.

x and dx : (parts, height, width); y, the maxima, and g : (parts, oh, ow).
"""

from collections.abc import Callable

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, kernel, vectorized_by_llvm

from .moves import fill


@vectorized_by_llvm
@kernel
def pool2d_windows(dtype: str, mode: str, size: tuple[int, int], stride: tuple[int, int]) -> Callable[..., None]:
    """Reduce each window: its maximum ("max"; NaN propagates), root of the sum of squares ("l2"), or sum ("sum")."""
    start = np.dtype(dtype).type(-np.inf if mode == "max" else 0)

    def join(window, pixel, x, y, g, out):
        value, total = x[pixel], out[window]
        if mode == "max":
            # NaN propagates: no value compares as larger.
            out[window] = value if (value > total) | (value != value) else total
        else:
            out[window] = total + (value * value if mode == "l2" else value)

    walk = make_walk(size, stride, join)

    def pool2d_windows(
        part,
        x: Array(dtype),
        y: Array(dtype),
        height: Int,
        width: Int,
        oh: Int,
        ow: Int,
        top: Int,
        left: Int,
    ):
        first = part * oh * ow
        fill(y, first, oh * ow, start)
        walk(part, x, x, x, y, height, width, oh, ow, top, left)
        if mode == "l2":
            for j in range(first, first + oh * ow):
                y[j] = np.sqrt(y[j])

    return pool2d_windows


@vectorized_by_llvm
@kernel
def unpool2d_windows(dtype: str, size: tuple[int, int], stride: tuple[int, int]) -> Callable[..., None]:
    """Add each value of g to all pixels of its window."""
    zero = np.dtype(dtype).type(0)

    def add(window, pixel, x, y, g, out):
        out[pixel] = out[pixel] + g[window]

    walk = make_walk(size, stride, add)

    def unpool2d_windows(
        part,
        g: Array(dtype),
        dx: Array(dtype),
        height: Int,
        width: Int,
        oh: Int,
        ow: Int,
        top: Int,
        left: Int,
    ):
        fill(dx, part * height * width, height * width, zero)
        walk(part, g, g, g, dx, height, width, oh, ow, top, left)

    return unpool2d_windows


@vectorized_by_llvm
@kernel
def max_pool2d_windows_gradient(dtype: str, size: tuple[int, int], stride: tuple[int, int]) -> Callable[..., None]:
    """Add, to every element that equals its window's maximum, all of the window's gradient."""
    zero = np.dtype(dtype).type(0)

    def add(window, pixel, x, y, g, out):
        gradient = g[window]
        out[pixel] = out[pixel] + (gradient if x[pixel] == y[window] else zero)

    walk = make_walk(size, stride, add)

    def max_pool2d_windows_gradient(
        part,
        x: Array(dtype),
        y: Array(dtype),
        g: Array(dtype),
        dx: Array(dtype),
        height: Int,
        width: Int,
        oh: Int,
        ow: Int,
        top: Int,
        left: Int,
    ):
        fill(dx, part * height * width, height * width, zero)
        walk(part, x, y, g, dx, height, width, oh, ow, top, left)

    return max_pool2d_windows_gradient


@vectorized_by_llvm
@kernel
def sum_at_maxima2d(dtype: str, size: tuple[int, int], stride: tuple[int, int]) -> Callable[..., None]:
    """Sum, for each window, c over the elements that equal the window's maximum.

    c : (parts, height, width), sums : (parts, oh, ow).
    """
    zero = np.dtype(dtype).type(0)

    def add(window, pixel, x, y, c, out):
        value = c[pixel]
        out[window] = out[window] + (value if x[pixel] == y[window] else zero)

    walk = make_walk(size, stride, add)

    def sum_at_maxima2d(
        part,
        x: Array(dtype),
        y: Array(dtype),
        c: Array(dtype),
        sums: Array(dtype),
        height: Int,
        width: Int,
        oh: Int,
        ow: Int,
        top: Int,
        left: Int,
    ):
        fill(sums, part * oh * ow, oh * ow, zero)
        walk(part, x, y, c, sums, height, width, oh, ow, top, left)

    return sum_at_maxima2d


def make_walk(size: tuple[int, int], stride: tuple[int, int], visit: Callable) -> Callable[..., None]:
    """Return ``walk(part, x, y, g, out, height, width, oh, ow, top, left)``.

    It calls ``visit(window, pixel, x, y, g, out)`` with the indices of each window and of each of its pixels. For a
    window, they come in the order of its rows and columns.
    """
    (rows, columns), (down, right) = size, stride

    def walk(part, x, y, g, out, height, width, oh, ow, top, left):
        for i in range(oh):
            for k in range(max(0, top - i * down), min(rows, height + top - i * down)):
                window, row = (part * oh + i) * ow, (part * height + i * down + k - top) * width
                for m in range(columns):
                    # The windows whose position m is a pixel.
                    first, end = max(0, (left - m + right - 1) // right), min(ow, (width - 1 + left - m) // right + 1)
                    for j in range(first, end):
                        visit(window + j, row + j * right + m - left, x, y, g, out)

    return walk
