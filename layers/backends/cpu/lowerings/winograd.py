"""Winograd's convolution where its kernels are the fastest: filters of 3 x 3 or 5 x 5, stride 1, several maps."""

from typing import NamedTuple

from network3.layers.backends.cpu.kernels.geometry import Geometry
from network3.layers.backends.cpu.kernels.winners_to_filters import (
    FILTERS,
    winners_layout,
    winners_sum_groups,
    winners_to_filters,
)
from network3.layers.backends.cpu.kernels.winograd import (
    winograd,
    winograd_filters,
    winograd_fits,
    winograd_layout,
)
from network3.layers.backends.cpu.kernels.winograd_rows import WINDOW
from network3.layers.backends.cpu.kernels.winograd_to_filters import (
    MAPS,
    winograd_sum_groups,
    winograd_to_filters,
    winograd_to_filters_fits,
    winograd_to_filters_layout,
)
from network3.layers.backends.cpu.plan import View

from .registry import Lowering

POOLED = WINDOW, WINDOW
SIZES = {
    3: ((1, 1), POOLED),
    5: ((1, 1),),
}  # of windows, by rows of a filter; 5 x 5, pooled, is faster in `conv_max_pool`
WORTH = {3: 4, 5: 10}  # products of a tile per transformed vector, at least: else the transforms take longer


class Border(NamedTuple):
    """The rows of zeros above an image, and the columns to its left."""

    top: int
    left: int


def suits(g: Geometry) -> bool:
    """Return whether Winograd's convolution is used for a geometry, forward and to images.

    It does not depend on the batch: an image alone gives the same result as in a batch.
    """
    if g.kh != g.kw or g.stride != (1, 1) or g.size not in SIZES.get(g.kh, ()) or max(g.pad) >= g.kh:
        return False
    if g.maps * g.filters < WORTH[g.kh] * (g.maps + g.filters):
        return False
    return winograd_fits(g.dtype, g.kh, g.maps, g.filters, g.width, g.pooled[1] * g.size[1])


def convolve(low: Lowering, g: Geometry, x: View, w: View, y: View, bits: View) -> None:
    """Convolve and pool; `bits` receives the positions of the maxima of windows of 2 x 2."""
    rows, columns = (length * size for length, size in zip(g.pooled, g.size, strict=True))
    result = "windows" if g.size == POOLED else "image"
    if result == "image":
        bits = low.new("int32", (1,))  # not accessed
    taps = g.kh * g.kw
    strides = taps, taps * g.maps, int(g.flip)
    sizes = g.maps, g.height, g.width, g.filters, rows, columns
    _run(low, ("image", result, g.kh), w, strides, sizes, Border(*g.pad), [x, bits, y, bits])


def convolve_back(low: Lowering, g: Geometry, w: View, bits: View, gradient: View, dx: View) -> None:
    """Compute the gradient to images: a convolution of the output's gradient with the filters rotated by 180 degrees.

    `gradient` is that of windows of 2 x 2, if these are pooled, whose maxima are at the positions in `bits`.
    """
    rows, columns = (length * size for length, size in zip(g.pooled, g.size, strict=True))
    source = "windows" if g.size == POOLED else "image"
    taps = g.kh * g.kw
    strides = taps * g.maps, taps, int(not g.flip)
    sizes = g.filters, rows, columns, g.maps, g.height, g.width
    border = Border(*(g.kh - 1 - pad for pad in g.pad))
    _run(low, (source, "image", g.kh), w, strides, sizes, border, [gradient, bits, dx, bits])


def to_filters(low: Lowering, g: Geometry, x: View, bits: View, gradient: View, w: View) -> View | None:
    """Return the gradient to filters of the shape of `w`; None if the kernels do not support these sizes."""
    if x.shape[0] == 0 or not suits(g):
        return None
    if g.size == POOLED:
        return _of_winners(low, g, [x, gradient, bits], w)
    rows, columns = g.pooled
    if not winograd_to_filters_fits(g.dtype, g.kh, g.maps, g.filters, g.width, columns):
        return None
    images = x.shape[0]
    layout = winograd_to_filters_layout(g.dtype, g.kh, images, g.maps, g.filters, rows, columns)
    found, dw = low.new(g.dtype, (layout.found,)), low.new(g.dtype, w.shape)
    sizes = g.maps, g.height, g.width, g.filters, rows, columns
    divided = layout.high, layout.wide, layout.each, layout.slice, layout.slices, layout.together
    arguments: list[View | int] = [x, gradient, bits, found, images, *sizes, *g.pad, *divided]
    low.run(winograd_to_filters(g.dtype, g.kh), arguments, layout.groups * layout.slices)
    arguments = [found, dw, layout.groups, g.maps, g.filters, layout.slice, layout.slices, int(g.flip)]
    low.run(winograd_sum_groups(g.dtype, g.kh), arguments, -(-g.maps // MAPS))
    return dw


def _of_winners(low: Lowering, g: Geometry, arrays: list[View], w: View) -> View:
    """Return the gradient to filters whose results are pooled: `suits` implies that the kernels support the sizes."""
    images, (high, across) = arrays[0].shape[0], g.pooled
    layout = winners_layout(g.dtype, images, g.maps, g.filters, high, across)
    found, dw = low.new(g.dtype, (layout.found,)), low.new(g.dtype, w.shape)
    divided = layout.lines, layout.strips, layout.each, layout.slice, layout.slices, layout.together
    sizes = g.maps, g.height, g.width, g.filters, high, across
    low.run(
        winners_to_filters(g.dtype), [*arrays, found, images, *sizes, *g.pad, *divided], layout.groups * layout.slices
    )
    arguments: list[View | int] = [found, dw, layout.groups, g.maps, g.filters, int(g.flip)]
    low.run(winners_sum_groups(g.dtype), arguments, -(-g.filters // FILTERS))
    return dw


def _run(
    low: Lowering,
    kinds: tuple[str, str, int],
    w: View,
    strides: tuple[int, int, int],
    sizes: tuple[int, int, int, int, int, int],
    border: Border,
    arrays: list[View],
) -> None:
    """Transform the filters, then convolve.

    `kinds` are the arguments of `winograd` after the type; `sizes` are maps, rows and columns of the images and of the
    results.
    """
    (x, won, y, best), (_, _, taps) = arrays, kinds
    (maps, _, _, outs, rows, columns), dtype, images = sizes, x.dtype, x.shape[0]
    layout = winograd_layout(dtype, taps, images, maps, outs, rows, columns)
    packed = low.new(dtype, (layout.packed,))
    low.run(winograd_filters(dtype, taps), [w, packed, maps, outs, *strides, layout.per], layout.filter_parts)
    divided = layout.high, layout.wide, layout.each
    low.run(winograd(dtype, *kinds), [x, won, packed, y, best, images, *sizes, *border, *divided], layout.parts)
