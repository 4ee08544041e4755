"""The gradient of a convolution of any size and stride to its images, as sums in registers without packed patches.

Two kernels for each type: `pack_taps_last` packs the filters once per step; `direct_conv_to_images` processes some rows
of an image per part. The lanes of a vector are maps. With strides, the pixels of an image that the same taps reach form
a phase: there are as many phases as positions in a stride, and in each the taps read adjacent positions.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, kernel, scratch
from network3.layers.backends.cpu.processor import lanes_of

from .moves import fill
from .panels import heights, span_of
from .winograd_rows import COLUMNS, ROWS, make_maps_first, make_read

GRADIENTS = 1 << 17  # elements of a thread's gradients, with their border
PIXELS = 1 << 15  # elements of a thread's results
TAPS = 128  # of a filter, at most


class ToImagesLayout(NamedTuple):
    """How the work is divided.

    Attributes
    ----------
    strip, strips : int
        Rows of an image per part, and number of parts of an image.
    packed : int
        Length of the packed filters.
    filter_parts : int
        Parts of `pack_taps_last`.
    """

    strip: int
    strips: int
    packed: int
    filter_parts: int


def to_images_layout(
    dtype: str, filters: int, oh: int, ow: int, maps: int, height: int, width: int, kh: int, kw: int, down: int,
    right: int, left: int,
) -> ToImagesLayout | None:  # fmt: skip
    """Return the layout; None for sizes that the kernels do not support."""
    lanes = lanes_of(dtype)
    pitch = (width - 1 + left) // right - (left - kw + 1) // right + 1
    rows = GRADIENTS // (pitch * -(-filters // lanes) * lanes)
    strip = min(height, (rows - 2) * down - kh, PIXELS // (width * span_of(dtype)))
    if min(filters, maps) < lanes or strip < 1 or max(ow, width) > COLUMNS or kh * kw > TAPS or left >= kw:
        return None
    strips = -(-height // strip)
    parts = -(-maps // lanes)
    return ToImagesLayout(-(-height // strips), strips, kh * kw * filters * parts * lanes, parts)


@kernel
def pack_taps_last(dtype: str) -> Callable[..., None]:
    """Pack filters tap by tap, for `lanes` maps per part; the last vector of maps may overlap the one before.

    w : filters of `taps` taps, of which filter o and map c use the one that begins at w[o * of_filter + c * of_map],
    rotated by 180 degrees for true convolution (`flip`, 0 or 1); packed : (taps, panels of maps, filters, columns of a
    panel). Parts: vectors of maps.
    """
    lanes, span = lanes_of(dtype), span_of(dtype)

    def pack_taps_last(
        part, w: Array(dtype), packed: Array(dtype), filters: Int, maps: Int, taps: Int, of_filter: Int, of_map: Int,
        flip: Int,
    ):  # fmt: skip
        place, first, padded = part * lanes, min(part * lanes, maps - lanes), (maps + lanes - 1) // lanes * lanes
        panel = place // span * span
        columns = min(span, padded - panel)
        for k in range(taps):
            tap, at = taps - 1 - k if flip != 0 else k, (k * padded + panel) * filters + place - panel
            for o in range(filters):
                source, to = o * of_filter + first * of_map + tap, at + o * columns
                for c in range(lanes):
                    packed[to + c] = w[source + c * of_map]

    return pack_taps_last


@kernel
def direct_conv_to_images(dtype: str) -> Callable[..., None]:
    """Compute the gradient to some rows of an image.

    g : (images, filters, oh, ow); packed : from `pack_taps_last`; dx : (images, maps, height, width); down, right :
    strides; top, left : border. Parts: images times strips.

    Loops: maps, one panel at a time; phases; rows; columns, some at a time; taps and filters, for which the sums stay
    in registers.
    """
    lanes, span, number = lanes_of(dtype), span_of(dtype), np.dtype(dtype).type
    read, maps_first, multiply = make_read(dtype, "image"), make_maps_first(dtype), make_sums_of_taps(dtype)
    none = np.zeros(1, np.int32)

    def direct_conv_to_images(
        part, g: Array(dtype), packed: Array(dtype), dx: Array(dtype), strip: Int, strips: Int, filters: Int, oh: Int,
        ow: Int, maps: Int, height: Int, width: Int, kh: Int, kw: Int, down: Int, right: Int, top: Int, left: Int,
    ):  # fmt: skip
        rows, out = scratch(GRADIENTS, dtype), scratch(PIXELS, dtype)
        bases, points = scratch(TAPS, "int64"), scratch(TAPS, "int64")
        image, start = part // strips, part % strips * strip
        end = min(height, start + strip)
        first, edge = (start + top - kh + 1) // down, (left - kw + 1) // right
        count, pitch = (end - 1 + top) // down - first + 1, (width - 1 + left) // right - edge + 1
        apart, padded = count * pitch * lanes, (maps + lanes - 1) // lanes * lanes
        fill(rows, 0, (filters + lanes - 1) // lanes * apart, number(0))
        for block in range(0, filters, lanes):
            map, done = image * filters + min(block, filters - lanes), 0
            while done < count:
                some, to = min(ROWS // ow, count - done), block // lanes * apart + done * pitch * lanes
                read(rows, to, some, g, none, map, first + done, oh, ow, 0 - edge, pitch)
                done += some
        for panel in range(0, padded, span):
            columns = min(span, padded - panel)
            for a in range(down):
                for b in range(right):
                    across = (kw - b + right - 1) // right  # taps of a row in this phase
                    taps = (kh - a + down - 1) // down * across
                    for t in range(taps):
                        i, j = t // across, t % across
                        bases[t] = 0 - (i * pitch + j) * lanes
                        points[t] = (((a + i * down) * kw + b + j * right) * padded + panel) * filters
                    x = (b - left) % right
                    many = (width - x + right - 1) // right
                    skipped = start + (a - start - top) % down
                    for r in range((end - skipped + down - 1) // down):
                        y = skipped + r * down
                        row = (y + top) // down  # of the gradient, for the filters' first row of the phase
                        begin, stop = max(0, row - oh + 1) * across, min(taps, (row + 1) * across)  # others read zeros
                        at = ((row - first) * pitch + (x + left) // right - edge) * lanes
                        to = ((y - start) * width + x) * columns
                        multiply(
                            rows, at, apart, filters, bases, points, begin, stop, packed, out, to, right, many, columns
                        )
            for o in range(0, columns, lanes):
                base = min(panel + o, maps - lanes)
                to = ((image * maps + base) * height + start) * width
                maps_first(dx, to, height * width, out, o, columns, (end - start) * width)

    return direct_conv_to_images


def make_sums_of_taps(dtype: str) -> Callable[..., None]:
    """Return ``multiply(rows, at, apart, filters, bases, points, begin, stop, packed, out, to, right, many, columns)``.

    For `many` adjacent positions from rows[at] on, it multiplies the gradients at a distance of bases[t] with the
    filters packed at points[t], and stores the sums over the taps t in range(begin, stop) at out[to:], every `right`-th
    pixel.
    """
    lanes, span = lanes_of(dtype), span_of(dtype)
    tall, low, single = heights()
    of_tall, of_low, of_single = (_make_block(dtype, high, span) for high in (tall, low, single))
    narrow_tall, narrow_low, narrow_single = (_make_block(dtype, high, lanes) for high in (tall, low, single))

    def multiply(rows, at, apart, filters, bases, points, begin, stop, packed, out, to, right, many, columns):
        done, step = 0, right * columns
        while done < many:
            a, b, rest = at + done * lanes, to + done * step, many - done
            if columns == span:
                if rest >= tall:
                    of_tall(rows, a, apart, filters, bases, points, begin, stop, packed, out, b, step)
                elif rest >= low:
                    of_low(rows, a, apart, filters, bases, points, begin, stop, packed, out, b, step)
                else:
                    of_single(rows, a, apart, filters, bases, points, begin, stop, packed, out, b, step)
            elif rest >= tall:
                narrow_tall(rows, a, apart, filters, bases, points, begin, stop, packed, out, b, step)
            elif rest >= low:
                narrow_low(rows, a, apart, filters, bases, points, begin, stop, packed, out, b, step)
            else:
                narrow_single(rows, a, apart, filters, bases, points, begin, stop, packed, out, b, step)
            done += tall if rest >= tall else low if rest >= low else single

    return multiply


def _make_block(dtype: str, high: int, columns: int) -> Callable[..., None]:
    """Return the function with which `multiply` processes `high` positions."""
    lanes = lanes_of(dtype)
    tile = Tile(dtype, lanes, tuple(range(0, high * lanes, lanes)), tuple(range(0, columns, lanes)))

    def block(rows, at, apart, filters, bases, points, begin, stop, packed, out, to, step):
        total = tile.zero()
        for t in range(begin, stop):
            of_tap = tile.zero()  # short sums lose less precision
            done, a, b = 0, at + bases[t], points[t]
            while done < filters:
                base = min(done, filters - lanes)  # the last vector of filters may overlap the one before
                for k in range(done - base, lanes):
                    tile.accumulate(of_tap, rows, a + k, packed, b + (base + k) * columns)
                done += lanes
                a += apart
            tile.add(total, of_tap)
        tile.store(total, out, to, step)

    return block
