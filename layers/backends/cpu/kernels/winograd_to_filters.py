"""The gradient to filters of 3 x 3 or 5 x 5 at stride 1 by the transposed transforms of Winograd's convolution.

    dw = G' [sum over tiles of (B' pixels B) * (A gradients A')] G        (see `winograd_transforms`)

36 products per tile of gradients, filter and map. Two kernels for each type: a part of
`winograd_to_filters` processes a group of rows of tiles and a slice of the filters; `winograd_sum_groups` sums the
results of the groups, and transforms the sums.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, copy, kernel, scratch
from network3.layers.backends.cpu.processor import lanes_of

from .moves import fill, move
from .panels import heights, span_of
from .taps_last import make_taps_last, taps_length
from .winograd import SQUARE, TILES, WORK
from .winograd_rows import COLUMNS, ROWS, STRIP, make_read
from .winograd_transforms import POINTS, Transform, of_gradients, of_pixels, of_products, tile_of

SLICE = 64  # filters whose gradients are summed together, at most
PARTS = 8  # at most, if there is only one slice
LEAST = 16  # tiles of a group, at least
PAIRS = 128  # of a filter and a map for each tile of a group, at most: else the sums of the groups would take longer
MAPS = 8  # of a part of `winograd_sum_groups`


class ToFiltersLayout(NamedTuple):
    """How the work is divided.

    Attributes
    ----------
    high, wide : int
        Rows and columns of tiles of an image.
    each, groups : int
        Rows of tiles per group, and number of groups.
    slice, slices : int
        Filters per slice, a multiple of the lanes, and number of slices.
    together : int
        Rows of tiles that are transformed at a time.
    found : int
        Length of the sums of all groups.
    """

    high: int
    wide: int
    each: int
    groups: int
    slice: int
    slices: int
    together: int
    found: int


def winograd_to_filters_layout(
    dtype: str, taps: int, images: int, maps: int, filters: int, rows: int, columns: int
) -> ToFiltersLayout:
    """Return the layout for gradients of `rows` x `columns`."""
    tile, lanes = tile_of(taps), lanes_of(dtype)
    high, wide = -(-rows // tile), -(-columns // tile)
    padded, blocks = -(-filters // lanes) * lanes, -(-maps // lanes)
    slices = -(-padded // SLICE)
    of_slice = -(-padded // (slices * lanes)) * lanes
    slices = -(-padded // of_slice)
    of_image = images * high
    least = max(LEAST, maps * filters // PAIRS)
    groups = max(1, min(of_image * wide // least, -(-PARTS // slices)))
    each = max(1, -(-of_image // groups))
    together = max(1, min(TILES, WORK // (SQUARE * (blocks * lanes + of_slice)) - 1) // wide)
    groups = -(-of_image // each)
    found = groups * slices * SQUARE * (maps * of_slice + lanes)
    return ToFiltersLayout(high, wide, each, groups, of_slice, slices, together, found)


def winograd_to_filters_fits(dtype: str, taps: int, maps: int, filters: int, width: int, columns: int) -> bool:
    """Return whether the kernels support these numbers of maps and filters, and widths of images and gradients."""
    lanes = lanes_of(dtype)
    if min(maps, filters) < lanes or max(width, columns) > COLUMNS:
        return False
    layout = winograd_to_filters_layout(dtype, taps, 1, maps, filters, tile_of(taps), columns)
    row = SQUARE * (layout.wide + 1) * (-(-maps // lanes) * lanes + layout.slice)
    return row <= WORK and filters - (layout.slices - 1) * layout.slice >= lanes


@kernel
def winograd_to_filters(dtype: str, taps: int) -> Callable[..., None]:
    """Sum the products of transformed pixels and gradients, for a group of rows of tiles and a slice of filters.

    x : (images, maps, height, width); g : (images, filters, oh, ow); won (int32) : not accessed; found : (groups,
    slices, 36, maps * slice + lanes). The rest: sizes, the border at the top and left, and the layout. Parts: groups
    times slices.

    Loops: rows of tiles, some at a time; points of the transform; filters and maps, one block at a time; tiles, for
    which the sums of a block stay in registers.
    """
    lanes, number = lanes_of(dtype), np.dtype(dtype).type
    tile, beyond = tile_of(taps), taps - 1  # pixels of a tile beyond its gradients
    pixels, gradients = Transform(of_pixels, POINTS, dtype, lanes), Transform(of_gradients, tile, dtype, lanes)
    read, multiply = make_read(dtype, "image"), make_outer(dtype)

    def winograd_to_filters(
        part, x: Array(dtype), g: Array(dtype), won: Array("int32"), found: Array(dtype), images: Int, maps: Int,
        height: Int, width: Int, filters: Int, oh: Int, ow: Int, top: Int, left: Int, high: Int, wide: Int, each: Int,
        of_slice: Int, slices: Int, together: Int,
    ):  # fmt: skip
        work, rows = scratch(WORK, dtype), scratch(ROWS * lanes, dtype)
        group, slice = part // slices, part % slices
        end, outs = min(images * high, (group + 1) * each), min(of_slice, filters - slice * of_slice)
        blocks, pitch, narrow = (maps + lanes - 1) // lanes, tile * wide + beyond, tile * wide
        point = blocks * (together * wide + 1) * lanes
        after, apart = SQUARE * point, (together * wide + 1) * of_slice
        lines = max(1, (STRIP // pitch - beyond) // tile)
        if outs < of_slice:
            fill(work, after, SQUARE * apart, number(0))  # beyond the filters
        start = group * each
        while start < end:
            stop = min(end, start + together)
            tiles = (stop - start) * wide
            fill(rows, 0, (tile * lines + beyond) * pitch * lanes, number(0))
            for block in range(blocks):
                base, row = min(block * lanes, maps - lanes), start
                while row < stop:
                    image, down = row // high, row % high
                    strip = min(lines, min(stop - row, high - down))
                    first = tile * down - top
                    read(rows, 0, tile * strip + beyond, x, won, image * maps + base, first, height, width, left, pitch)
                    for t in range(strip * wide):
                        at = (t // wide * pitch + t % wide) * tile * lanes
                        to = (block * tiles + (row - start) * wide + t) * lanes
                        pixels.apply(work, to, POINTS * point, point, rows, at, pitch * lanes, lanes)
                    row += strip
            fill(rows, 0, tile * lines * narrow * lanes, number(0))
            for block in range(0, outs, lanes):
                base, row = min(block, outs - lanes), start
                while row < stop:
                    image, down = row // high, row % high
                    strip = min(lines, min(stop - row, high - down))
                    map = image * filters + slice * of_slice + base
                    read(rows, 0, tile * strip, g, won, map, tile * down, oh, ow, 0, narrow)
                    for t in range(strip * wide):
                        at, to = (t // wide * narrow + t % wide) * tile * lanes, (row - start) * wide + t
                        to = after + to * of_slice + base
                        gradients.apply(work, to, POINTS * apart, apart, rows, at, narrow * lanes, lanes)
                    row += strip
            for k in range(SQUARE):
                # Without the additional elements, all points would compete for the same lines of the cache.
                to, fresh = (part * SQUARE + k) * (maps * of_slice + lanes), start == group * each
                multiply(work, k * point, after + k * apart, tiles, maps, of_slice, found, to, fresh)
            start = stop

    return winograd_to_filters


def make_outer(dtype: str) -> Callable[..., None]:
    """Return ``multiply(work, i, j, tiles, maps, of_slice, found, to, fresh)``.

    It sums the products of pixels, work[i:], (blocks of maps, tiles, lanes), and gradients, work[j:], (tiles,
    of_slice), over the tiles, and stores them at found[to:], (maps, of_slice), or adds them unless `fresh`.
    """
    lanes, span = lanes_of(dtype), span_of(dtype)
    tall, low, single = heights()
    of_tall, of_low, of_single = (_make_block(dtype, high, span) for high in (tall, low, single))
    narrow_tall, narrow_low, narrow_single = (_make_block(dtype, high, lanes) for high in (tall, low, single))

    def multiply(work, i, j, tiles, maps, of_slice, found, to, fresh):
        for panel in range(0, of_slice, span):
            done = 0
            while done < maps:
                block = done // lanes
                base = min(block * lanes, maps - lanes)  # the last block of maps may overlap the one before
                a, b, out = i + block * tiles * lanes + done - base, j + panel, to + done * of_slice + panel
                rest = min(maps, (block + 1) * lanes) - done
                if of_slice - panel >= span:
                    if rest >= tall:
                        of_tall(work, a, b, tiles, of_slice, found, out, fresh)
                    elif rest >= low:
                        of_low(work, a, b, tiles, of_slice, found, out, fresh)
                    else:
                        of_single(work, a, b, tiles, of_slice, found, out, fresh)
                elif rest >= tall:
                    narrow_tall(work, a, b, tiles, of_slice, found, out, fresh)
                elif rest >= low:
                    narrow_low(work, a, b, tiles, of_slice, found, out, fresh)
                else:
                    narrow_single(work, a, b, tiles, of_slice, found, out, fresh)
                done += tall if rest >= tall else low if rest >= low else single

    return multiply


def _make_block(dtype: str, high: int, columns: int) -> Callable[..., None]:
    """Return the function with which `multiply` processes `high` maps."""
    lanes, one = lanes_of(dtype), np.dtype(dtype).type(1)
    tile = Tile(dtype, lanes, tuple(range(high)), tuple(range(0, columns, lanes)))

    def block(work, a, b, tiles, of_slice, found, to, fresh):
        total = tile.zero()
        for t in range(tiles):
            tile.accumulate(total, work, a + t * lanes, work, b + t * of_slice)
        if fresh:
            tile.store(total, found, to, of_slice)
        else:
            tile.blend(total, found, to, of_slice, one, one)

    return block


@kernel
def winograd_sum_groups(dtype: str, taps: int) -> Callable[..., None]:
    """Sum the results of the groups for some maps, in the order of the groups, and transform the sums.

    found : from `winograd_to_filters`; dw : (filters, maps, taps, taps), rotated by 180 degrees for true convolution
    (`flip`, 0 or 1). Parts: `MAPS` maps.
    """
    lanes, count = lanes_of(dtype), taps * taps
    vector, transform = Tile(dtype, lanes, (0,), (0,)), Transform(of_products(taps), POINTS, dtype, lanes)
    taps_last, beyond = make_taps_last(dtype, count), max(0, lanes - count)
    line = MAPS * count + beyond

    def winograd_sum_groups(
        part, found: Array(dtype), dw: Array(dtype), groups: Int, maps: Int, filters: Int, of_slice: Int, slices: Int,
        flip: Int,
    ):  # fmt: skip
        sums, found_taps = scratch(SQUARE * lanes, dtype), scratch(taps_length(count, lanes), dtype)
        lines = scratch(lanes * line, dtype)
        point = maps * of_slice + lanes
        apart, first = slices * SQUARE * point, part * MAPS
        several = min(MAPS, maps - first)
        for o in range(0, filters, lanes):
            base = min(o, filters - lanes)
            slice = base // of_slice
            for c in range(several):
                at = slice * SQUARE * point + (first + c) * of_slice + base - slice * of_slice
                for k in range(SQUARE):
                    total = vector.load(found, at + k * point)
                    for group in range(1, groups):
                        vector.add(total, vector.load(found, at + group * apart + k * point))
                    vector.store(total, sums, k * lanes, 0)
                transform.apply(found_taps, beyond * lanes, taps * lanes, lanes, sums, 0, POINTS * lanes, lanes)
                taps_last(lines, c * count, line, found_taps, flip)
            for m in range(lanes):
                to = ((base + m) * maps + first) * count
                if several == MAPS:
                    copy(dw, to, lines, m * line, MAPS * count)
                else:
                    move(dw, to, 1, lines, m * line, 1, several * count)

    return winograd_sum_groups
