"""The gradient of a convolution with 2 x 2 max-pooling to its 3 x 3 filters: one maximum at a time, maps in vectors.

    dw[o] = sum over the maxima of filter o of (gradient of the window) * (the 3 x 3 pixels that it was computed from)

Since one position in four receives a gradient, there are no more products than in Winograd's method, and no transforms;
maxima whose gradient is 0 are left out. Two kernels: a part of `winners_to_filters` processes a group of strips of
images, each some rows of windows, and a slice of the filters; `winners_sum_groups` sums the results of the groups.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, copy, kernel, scratch
from network3.layers.backends.cpu.processor import lanes_of

from .moves import fill
from .taps_last import make_taps_last, taps_length
from .winograd_rows import ROWS, STRIP, WINDOW, make_read

SLICE = 32  # filters of a part, at most: they share the transposed pixels
PARTS = 8  # at most, if there is only one slice
UNITS = 16  # strips, at least, if there are enough rows of windows: so few can be divided evenly
LEAST = 64  # windows of a group, at least: else the sums of the groups would take longer
FILTERS = 4  # of a part of `winners_sum_groups`
MOST = SLICE * ROWS + 1  # maxima of a part's strips: all positions of the windows, at most
WINDOWS = ROWS // WINDOW**2  # of a strip, at most
TAPS = 3  # rows of a filter
COUNT = TAPS * TAPS


class WinnersLayout(NamedTuple):
    """How the work is divided.

    Attributes
    ----------
    lines, strips : int
        Rows of windows of a strip, and strips of an image.
    each, groups : int
        Strips per group, and number of groups.
    slice, slices : int
        Filters per slice, and number of slices.
    together : int
        Strips that are processed together, with their pixels in the L1 cache.
    found : int
        Length of the sums of all groups.
    """

    lines: int
    strips: int
    each: int
    groups: int
    slice: int
    slices: int
    together: int
    found: int


def winners_layout(dtype: str, images: int, maps: int, filters: int, high: int, across: int) -> WinnersLayout:
    """Return the layout for `high` x `across` windows."""
    pitch, lanes = WINDOW * across + TAPS - 1, lanes_of(dtype)
    lines = max(1, min(high, (STRIP // pitch - TAPS + 1) // WINDOW, images * high // UNITS))
    strips = -(-high // lines)
    lines = -(-high // strips)
    slices = -(-filters // SLICE)
    units = images * strips
    most = max(1, min(units, -(-PARTS // slices), images * high * across // LEAST))

    def of_two_threads(each: int) -> tuple[int, int]:
        return -(-slices * -(-units // each) // 2) * each, each

    each = min((-(-units // groups) for groups in range(1, most + 1)), key=of_two_threads)
    together = max(1, min(each, STRIP // ((WINDOW * lines + TAPS - 1) * pitch)))
    groups = -(-units // each)
    found = groups * filters * -(-maps // lanes) * COUNT * lanes
    return WinnersLayout(lines, strips, each, groups, -(-filters // slices), slices, together, found)


@kernel
def winners_to_filters(dtype: str) -> Callable[..., None]:
    """Sum the products of pixels and gradients, for a group of strips and a slice of the filters.

    x : (images, maps, height, width); g and won (int32) : (images, filters, high, across), the gradient of the windows
    and their maxima, as from `conv_max_pool`; found : (groups, filters, blocks of maps, 9, lanes). The rest: sizes, the
    border at the top and left, and the layout. Parts: groups times slices.

    Loops: strips, some at a time; blocks of maps, whose pixels are transposed; filters; maxima, for which the sums of
    all taps stay in registers.
    """
    lanes, number = lanes_of(dtype), np.dtype(dtype).type
    line, read = Tile(dtype, lanes, (0,), tuple(range(0, TAPS * lanes, lanes))), make_read(dtype, "image")
    find = _make_find(dtype)

    def winners_to_filters(
        part, x: Array(dtype), g: Array(dtype), won: Array("int32"), found: Array(dtype), images: Int, maps: Int,
        height: Int, width: Int, filters: Int, high: Int, across: Int, top: Int, left: Int, lines: Int, strips: Int,
        each: Int, of_slice: Int, slices: Int, together: Int,
    ):  # fmt: skip
        rows, where, received = scratch(ROWS * lanes, dtype), scratch(MOST, "int32"), scratch(MOST, dtype)
        begin, corners = scratch(SLICE + 1, "int64"), scratch(WINDOWS, "int32")
        group, filter = part // slices, part % slices * of_slice
        end, outs = min(images * strips, (group + 1) * each), min(of_slice, filters - filter)
        blocks, pitch = (maps + lanes - 1) // lanes, WINDOW * across + TAPS - 1
        apart, step = (WINDOW * lines + TAPS - 1) * pitch * lanes, pitch * lanes
        for k in range(lines * across):
            corners[k] = np.int32(WINDOW * (k // across * step + k % across * lanes))
        fill(rows, 0, together * apart, number(0))
        start = group * each
        while start < end:
            stop, count = min(end, start + together), 0
            for o in range(outs):
                begin[o] = count
                for unit in range(start, stop):
                    row, map = unit % strips * lines, unit // strips * filters + filter + o
                    at, windows = (map * high + row) * across, min(lines, high - row) * across
                    here = (unit - start) * apart
                    count = find(won, g, at, windows, corners, here, step, where, received, count)
            begin[outs] = count
            for block in range(blocks):
                base = min(block * lanes, maps - lanes)  # the last block of maps may overlap the one before
                for unit in range(start, stop):
                    row, map = unit % strips * lines, unit // strips * maps + base
                    deep, first = WINDOW * min(lines, high - row) + TAPS - 1, WINDOW * row - top
                    read(rows, (unit - start) * apart, deep, x, won, map, first, height, width, left, pitch)
                for o in range(outs):
                    upper, middle, lower = line.zero(), line.zero(), line.zero()
                    for e in range(begin[o], begin[o + 1]):
                        at = np.int64(where[e])
                        line.accumulate(upper, received, e, rows, at)
                        line.accumulate(middle, received, e, rows, at + step)
                        line.accumulate(lower, received, e, rows, at + 2 * step)
                    to = ((group * filters + filter + o) * blocks + block) * COUNT * lanes
                    if start == group * each:
                        line.store(upper, found, to, 0)
                        line.store(middle, found, to + TAPS * lanes, 0)
                        line.store(lower, found, to + 2 * TAPS * lanes, 0)
                    else:
                        line.add_to(upper, found, to)
                        line.add_to(middle, found, to + TAPS * lanes)
                        line.add_to(lower, found, to + 2 * TAPS * lanes)
            start = stop

    return winners_to_filters


def _make_find(dtype: str) -> Callable[..., int]:
    """Return ``find(won, g, at, n, corners, here, step, where, received, count) -> count``.

    For n windows, it appends the index of each maximum's first pixel, and the gradient, unless that is 0, and returns
    the new count. The first pixel of window k is at here + corners[k]. Both arrays need room for one more element.
    """
    lanes, zero, none, one = lanes_of(dtype), np.dtype(dtype).type(0), np.int32(0), np.int32(1)
    rightmost, lowermost = np.int32(0b1010), np.int32(0b1100)  # of the four positions in a window

    def beyond(position, right, down):
        right_of = right if position & rightmost != 0 else none
        return right_of + (down if position & lowermost != 0 else none)

    def find(won, g, at, n, corners, here, step, where, received, count):
        first, passes, more = scratch(WINDOWS, "int32"), scratch(WINDOWS, "int32"), scratch(WINDOWS, "int32")
        start, right, down = np.int32(here), np.int32(lanes), np.int32(step)
        for k in range(n):
            bits, value = won[at + k], g[at + k]
            rest = bits & (bits - one)
            first[k] = start + corners[k] + beyond(bits ^ rest, right, down)
            passes[k] = one if value != zero and bits != 0 else none
            more[k] = rest if value != zero else none
        ties = none
        for k in range(n):
            where[count], received[count] = first[k], g[at + k]
            # Without a branch, which would be mispredicted every other time.
            count += np.int64(passes[k])
            ties |= more[k]
        if ties != 0:
            for k in range(n):
                bits = more[k]
                while bits != 0:
                    rest = bits & (bits - one)
                    where[count] = start + corners[k] + beyond(bits ^ rest, right, down)
                    received[count] = g[at + k]
                    count += 1
                    bits = rest
        return count

    return find


@kernel
def winners_sum_groups(dtype: str) -> Callable[..., None]:
    """Sum the results of the groups for some filters, in the order of the groups.

    found : from `winners_to_filters`; dw : (filters, maps, 3, 3), rotated by 180 degrees for true convolution (`flip`,
    0 or 1). Parts: `FILTERS` filters.
    """
    lanes = lanes_of(dtype)
    vector, taps_last = Tile(dtype, lanes, (0,), (0,)), make_taps_last(dtype, COUNT)

    def winners_sum_groups(
        part, found: Array(dtype), dw: Array(dtype), groups: Int, maps: Int, filters: Int, flip: Int
    ):
        sums, turned = scratch(taps_length(COUNT, lanes), dtype), scratch(taps_length(COUNT, lanes), dtype)
        blocks = (maps + lanes - 1) // lanes
        apart, beyond = filters * blocks * COUNT * lanes, max(0, lanes - COUNT)
        for o in range(part * FILTERS, min(filters, (part + 1) * FILTERS)):
            for block in range(blocks):
                at = (o * blocks + block) * COUNT * lanes
                for k in range(COUNT):
                    total = vector.load(found, at + k * lanes)
                    for group in range(1, groups):
                        vector.add(total, vector.load(found, at + group * apart + k * lanes))
                    vector.store(total, sums, (beyond + k) * lanes, 0)
                taps_last(turned, 0, COUNT, sums, flip)
                copy(dw, (o * maps + min(block * lanes, maps - lanes)) * COUNT, turned, 0, lanes * COUNT)

    return winners_sum_groups
