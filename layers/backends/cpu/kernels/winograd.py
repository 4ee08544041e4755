"""Winograd's convolution with filters of 3 x 3 or 5 x 5 at stride 1, forward and to images; see `winograd_transforms`.

Two kernels for each type: `winograd_filters` transforms the filters once per step; `winograd` processes some rows of
tiles per part. The lanes of a vector are maps, so that images of any size fill them. Per tile there are 36 products for
each filter and map, and the transforms.

A result that depends on a value that is NaN is NaN, and on one that is infinite, infinite or NaN; so are the other
results of the same tiles. Equal results may differ in their last digits; `RoundedMaxima` takes that into account.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, kernel, scratch
from network3.layers.backends.cpu.processor import lanes_of, offsets

from .moves import fill
from .panels import heights, span_of
from .transposed import Block
from .winograd_rows import COLUMNS, ROWS, STRIP, make_read, make_write
from .winograd_transforms import POINTS, Transform, of_pixels, of_sums, of_taps, tile_of

WORK = 1 << 19  # elements of a thread's transformed pixels and sums
TILES = 64  # of a part, about: with as many, the filters are read rarely enough
PARTS = 4  # at least, if there are enough tiles
PAIRS = 512  # of a map and a result map, whose filters are transformed in a part of `winograd_filters`
SQUARE = POINTS * POINTS


class WinogradLayout(NamedTuple):
    """How the work is divided.

    Attributes
    ----------
    high, wide : int
        Rows and columns of tiles of an image.
    each, parts : int
        Rows of tiles per part, and number of parts.
    packed : int
        Length of the transformed filters.
    per, filter_parts : int
        Maps per part of `winograd_filters`, and number of its parts.
    """

    high: int
    wide: int
    each: int
    parts: int
    packed: int
    per: int
    filter_parts: int


def winograd_fits(dtype: str, taps: int, maps: int, filters: int, width: int, columns: int) -> bool:
    """Return whether the kernels support these numbers of maps and filters, and widths of images and results."""
    lanes = lanes_of(dtype)
    row = -(-columns // tile_of(taps)) * _per_tile(dtype, maps, filters)
    return min(maps, filters) >= lanes and max(width, columns) <= COLUMNS and 2 * row <= WORK


def winograd_layout(
    dtype: str, taps: int, images: int, maps: int, filters: int, rows: int, columns: int
) -> WinogradLayout:
    """Return the layout for results of `rows` x `columns`."""
    tile, lanes = tile_of(taps), lanes_of(dtype)
    high, wide = -(-rows // tile), -(-columns // tile)
    most = min(TILES, WORK // _per_tile(dtype, maps, filters) - 1)
    of_image = images * high
    each = max(1, min(most // wide, -(-of_image // PARTS)))
    parts = -(-of_image // each)
    parts = max(1, min(of_image, parts + parts % 2))
    each = max(1, -(-of_image // parts))
    packed = SQUARE * (maps * -(-filters // lanes) + 1) * lanes
    per = min(maps, max(1, PAIRS // filters))
    return WinogradLayout(high, wide, each, -(-of_image // each), packed, per, -(-maps // per))


def _per_tile(dtype: str, maps: int, filters: int) -> int:
    """Return the elements of a tile's transformed pixels and sums."""
    lanes = lanes_of(dtype)
    return SQUARE * (-(-maps // lanes) + -(-filters // lanes)) * lanes


@kernel
def winograd_filters(dtype: str, taps: int) -> Callable[..., None]:
    """Transform filters of taps x taps, for some maps of the images per part.

    w : filters, of which result map o and map c use the one that begins at w[o * of_out + c * of_in], rotated
    by 180 degrees if `flip` is 1; packed : for each of 36 points (panels of results, maps, columns of a panel) and
    `lanes` more elements. Parts: `per` maps.
    """
    lanes, span, number = lanes_of(dtype), span_of(dtype), np.dtype(dtype).type
    transform, count = Transform(of_taps, taps, dtype, lanes), taps * taps
    block, starts = Block(dtype, lanes), offsets(count, lanes) if lanes <= count else (0,)
    beyond = max(0, lanes - count)  # elements of a vector that are not taps of the filter

    def winograd_filters(
        part, w: Array(dtype), packed: Array(dtype), maps: Int, outs: Int, of_in: Int, of_out: Int, flip: Int, per: Int
    ):
        square, padded = scratch((count + lanes) * lanes, dtype), (outs + lanes - 1) // lanes * lanes
        point = maps * padded + lanes
        for first in range(0, padded, lanes):
            panel, whole = first // span * span, first + lanes <= outs
            columns = min(span, padded - panel)
            if not whole:
                fill(square, 0, count * lanes, number(0))
            for c in range(part * per, min(maps, (part + 1) * per)):
                source, before = first * of_out + c * of_in, 0
                if whole:
                    end = source + (lanes - 1) * of_out + count
                    before = beyond if end + beyond > maps * outs * count else 0
                    for b in range(len(starts)):
                        block.transpose(square, starts[b] * lanes, lanes, w, source - before + starts[b], of_out)
                else:
                    for o in range(outs - first):
                        for k in range(count):
                            square[k * lanes + o] = w[source + o * of_out + k]
                to = panel * maps + c * columns + first - panel
                at, step = before * lanes, lanes
                if flip != 0:
                    at, step = at + (count - 1) * lanes, -lanes
                transform.apply(packed, to, POINTS * point, point, square, at, taps * step, step)

    return winograd_filters


@kernel
def winograd(dtype: str, source: str, result: str, taps: int) -> Callable[..., None]:
    """Convolve images with filters of taps x taps at stride 1.

    x : (images, maps, height, width), if `source` is "image"; if it is "windows", the gradient of 2 x 2 windows of
    these, (images, maps, height // 2, width // 2), with `won` (int32) as from `conv_max_pool`. packed : from
    `winograd_filters`; y : (images, outs, oh, ow), if `result` is "image"; if it is "windows", the maxima of 2 x 2
    windows of these, and their positions in `best`. `won` and `best` are not accessed for images. The rest: sizes, the
    border at the top and left, and the layout. Parts: the layout's.

    Loops: maps, one vector at a time, whose pixels are transformed; points of the transform, for each of which there is
    a product of matrices; results, one vector at a time.
    """
    lanes, number = lanes_of(dtype), np.dtype(dtype).type
    tile, beyond, windows = tile_of(taps), taps - 1, result == "windows"  # pixels of a tile beyond its results
    pixels, sums = (Transform(of, POINTS, dtype, lanes) for of in (of_pixels, of_sums(tile)))
    of_tile = tile * tile + windows
    read, write, multiply = make_read(dtype, source), make_write(dtype, result, tile), make_product(dtype)

    def winograd(
        part, x: Array(dtype), won: Array("int32"), packed: Array(dtype), y: Array(dtype), best: Array("int32"),
        images: Int, maps: Int, height: Int, width: Int, outs: Int, oh: Int, ow: Int, top: Int, left: Int,
        high: Int, wide: Int, each: Int,
    ):  # fmt: skip
        work, rows = scratch(WORK, dtype), scratch(ROWS * lanes, dtype)
        first, last = part * each, min(images * high, (part + 1) * each)
        blocks, padded, pitch = (maps + lanes - 1) // lanes, (outs + lanes - 1) // lanes * lanes, tile * wide + beyond
        tiles = (last - first) * wide
        odd = tiles + 1 - tiles % 2  # else all points of a tile would compete for the same lines of the cache
        point, after = blocks * odd * lanes, SQUARE * blocks * odd * lanes
        together = max(1, (STRIP // pitch - beyond) // tile)
        fill(rows, 0, (tile * together + beyond) * pitch * lanes, number(0))
        for block in range(blocks):
            base = min(block * lanes, maps - lanes)
            row = first
            while row < last:
                image, down = row // high, row % high
                strip = min(together, min(last - row, high - down))
                map = image * maps + base
                read(rows, 0, tile * strip + beyond, x, won, map, tile * down - top, height, width, left, pitch)
                for s in range(strip):
                    for t in range(wide):
                        to, at = (block * odd + (row - first + s) * wide + t) * lanes, (s * pitch + t) * tile * lanes
                        pixels.apply(work, to, POINTS * point, point, rows, at, pitch * lanes, lanes)
                row += strip
        for k in range(SQUARE):
            of_point = k * (maps * padded + lanes)
            multiply(work, k * point, odd, tiles, maps, packed, of_point, padded, after + k * odd * padded)
        for o in range(0, padded, lanes):
            base = min(o, outs - lanes)
            for row in range(first, last):
                image, down = row // high, row % high
                for t in range(wide):
                    to, at = t * of_tile * lanes, after + ((row - first) * wide + t) * padded + base
                    down_one, right_one = POINTS * odd * padded, odd * padded
                    if windows:
                        after_tile = to + tile * tile * lanes
                        sums.apply_and_measure(rows, to, tile * lanes, lanes, work, at, down_one, right_one, after_tile)
                    else:
                        sums.apply(rows, to, tile * lanes, lanes, work, at, down_one, right_one)
                write(rows, wide, y, best, image * outs + base, tile * down, oh, ow)

    return winograd


def make_product(dtype: str) -> Callable[..., None]:
    """Return ``multiply(work, i, tiles_apart, tiles, maps, packed, j, padded, to)``.

    It multiplies the pixels of some tiles at one point of the transform, work[i:], (blocks of maps, tiles, lanes), with
    the filters at that point, packed[j:], and stores the sums at work[to:], (tiles, padded).
    """
    lanes, span = lanes_of(dtype), span_of(dtype)
    tall, low, single = heights()
    full = [_make_block(dtype, high, span) for high in (tall, low, single)]
    narrow = [_make_block(dtype, high, lanes) for high in (tall, low, single)]
    of_tall, of_low, of_single = full
    narrow_tall, narrow_low, narrow_single = narrow

    def multiply(work, i, tiles_apart, tiles, maps, packed, j, padded, to):
        apart = tiles_apart * lanes
        for panel in range(0, padded, span):
            at, done = j + panel * maps, 0
            while done < tiles:
                a, out, rest = i + done * lanes, to + done * padded + panel, tiles - done
                if padded - panel >= span:
                    if rest >= tall:
                        of_tall(work, a, apart, maps, packed, at, out, padded)
                    elif rest >= low:
                        of_low(work, a, apart, maps, packed, at, out, padded)
                    else:
                        of_single(work, a, apart, maps, packed, at, out, padded)
                elif rest >= tall:
                    narrow_tall(work, a, apart, maps, packed, at, out, padded)
                elif rest >= low:
                    narrow_low(work, a, apart, maps, packed, at, out, padded)
                else:
                    narrow_single(work, a, apart, maps, packed, at, out, padded)
                done += tall if rest >= tall else low if rest >= low else single

    return multiply


def _make_block(dtype: str, high: int, columns: int) -> Callable[..., None]:
    """Return the function with which `multiply` processes `high` tiles."""
    lanes = lanes_of(dtype)
    tile = Tile(dtype, lanes, tuple(range(0, high * lanes, lanes)), tuple(range(0, columns, lanes)))

    def block(work, i, apart, maps, packed, j, to, padded):
        total = tile.zero()
        done, a = 0, i
        while done < maps:
            base = min(done, maps - lanes)  # the last block of maps may overlap the one before
            for k in range(done - base, lanes):
                tile.accumulate(total, work, a + k, packed, j + (base + k) * columns)
            done += lanes
            a += apart
        tile.store(total, work, to, padded)

    return block
