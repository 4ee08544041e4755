"""Rows of images with their maps last, as Winograd's convolution processes them: reading and writing.

Images are stored with their maps first; blocks of `lanes` maps and pixels are transposed in registers. Between 2 x 2
max-pooling and a convolution, only windows are in memory: their maxima, or gradients, and the bits of the maxima.
"""

from collections.abc import Callable

import numpy as np

from network3.layers.backends.cpu.compiler import Tile, scratch
from network3.layers.backends.cpu.processor import lanes_of

from .moves import fill
from .rounded_maxima import RoundedMaxima
from .transposed import Block
from .winograd_transforms import POINTS

COLUMNS = 128  # of an image, at most
WINDOW = 2  # rows and columns of a window
ERROR = 8.0  # rounding errors of a tile's results, at most, in units of the type's precision, relative to the terms
STRIP = 352  # pixels of a map whose rows are read together, about: they stay in the L1 cache
ROWS = max(STRIP, POINTS * (COLUMNS + POINTS))  # pixels read together, at most


def make_read(dtype: str, source: str) -> Callable[..., None]:
    """Return ``read(rows, at, count, x, won, map, first, height, width, left, pitch)``.

    It sets the inside of rows[at:], (count, pitch, lanes), to `count` rows from `first` on of `lanes` maps, from column
    `left` on, and rows outside of the image to 0.
    """
    return _make_read_image(dtype) if source == "image" else _make_read_windows(dtype)


def make_write(dtype: str, result: str, tile: int) -> Callable[..., None]:
    """Return ``write(rows, wide, y, best, map, first, oh, ow)``.

    It stores a row of `wide` tiles in the rows from `first` on of `lanes` maps. A tile is (`tile`, `tile`, lanes),
    followed, for windows, by the sums of the absolute values of the terms, `lanes` too.
    """
    return _make_write_image(dtype, tile) if result == "image" else _make_write_windows(dtype, tile)


def _make_read_image(dtype: str) -> Callable[..., None]:
    lanes, number = lanes_of(dtype), np.dtype(dtype).type
    maps_last, vector = make_maps_last(dtype), Tile(dtype, lanes, (0,), (0,))

    def read(rows, at, count, x, won, map, first, height, width, left, pitch):
        flat = scratch(ROWS * lanes, dtype)
        size, begin, end = height * width, max(0, first), min(height, first + count)
        columns = min(width, pitch - left)
        for r in range(begin - first):
            fill(rows, at + (r * pitch + left) * lanes, columns * lanes, number(0))
        for r in range(max(0, end - first), count):
            fill(rows, at + (r * pitch + left) * lanes, columns * lanes, number(0))
        if columns >= lanes:
            for y in range(begin, end):
                to, source = at + ((y - first) * pitch + left) * lanes, map * size + y * width
                maps_last(rows, to, x, source, size, columns)
            return
        maps_last(flat, 0, x, map * size + begin * width, size, (end - begin) * width)
        for y in range(begin, end):
            to, source = at + ((y - first) * pitch + left) * lanes, (y - begin) * width * lanes
            for k in range(0, columns * lanes, lanes):
                vector.store(vector.load(flat, source + k), rows, to + k, 0)

    return read


def _make_read_windows(dtype: str) -> Callable[..., None]:
    lanes, number = lanes_of(dtype), np.dtype(dtype).type
    masks = np.array([1 << place for place in range(WINDOW * WINDOW)], np.int32)
    maps_last, bits_last = make_maps_last(dtype), make_maps_last("int32", lanes)
    most = (ROWS // WINDOW // WINDOW + COLUMNS) * lanes

    def read(rows, at, count, x, won, map, first, height, width, left, pitch):
        flat, bits, zero = scratch(most, dtype), scratch(most, "int32"), number(0)
        high, across = height // WINDOW, width // WINDOW
        begin, end = max(0, first) // WINDOW, min(high, (first + count + WINDOW - 1) // WINDOW)
        source, found = (map * high + begin) * across, max(0, end - begin) * across
        maps_last(flat, 0, x, source, high * across, found)
        bits_last(bits, 0, won, source, high * across, found)
        columns = min(across * WINDOW, pitch - left)
        for r in range(count):
            to, y = at + (r * pitch + left) * lanes, first + r
            if y < 0 or y >= high * WINDOW:
                fill(rows, to, columns * lanes, zero)
            else:
                for c in range(columns):
                    here = ((y // WINDOW - begin) * across + c // WINDOW) * lanes
                    bit = masks[y % WINDOW * WINDOW + c % WINDOW]
                    for z in range(lanes):
                        value, is_maximum = flat[here + z], bits[here + z] & bit != 0
                        rows[to + c * lanes + z] = value if is_maximum else zero

    return read


def _make_write_image(dtype: str, tile: int) -> Callable[..., None]:
    lanes = lanes_of(dtype)
    maps_first, vector = make_maps_first(dtype), Tile(dtype, lanes, (0,), (0,))

    def write(rows, wide, y, best, map, first, oh, ow):
        flat = scratch(tile * COLUMNS * lanes, dtype)
        high = min(tile, oh - first)
        for r in range(high):
            for c in range(ow):
                source = ((c // tile * tile + r) * tile + c % tile) * lanes
                vector.store(vector.load(rows, source), flat, (r * ow + c) * lanes, 0)
        maps_first(y, map * oh * ow + first * ow, oh * ow, flat, 0, lanes, high * ow)

    return write


def _make_write_windows(dtype: str, tile: int) -> Callable[..., None]:
    lanes = lanes_of(dtype)
    maps_first, bits_first = make_maps_first(dtype), make_maps_first("int32", lanes)
    offsets = tuple(k * lanes for k in (0, 1, tile, tile + 1))
    maxima = RoundedMaxima(dtype, lanes, offsets, ERROR * np.finfo(dtype).eps)
    of_row = tile // WINDOW  # windows of a row of a tile
    most = of_row * COLUMNS // WINDOW * lanes

    def write(rows, wide, y, best, map, first, oh, ow):
        flat, bits = scratch(most, dtype), scratch(most, "int32")
        high, across, start = oh // WINDOW, ow // WINDOW, first // WINDOW
        count = min(of_row, high - start)
        for r in range(count):
            for c in range(across):
                of_tile = c // of_row * (tile * tile + 1)
                source = (of_tile + r * WINDOW * tile + c % of_row * WINDOW) * lanes
                maxima.find(flat, bits, (r * across + c) * lanes, rows, source, (of_tile + tile * tile) * lanes)
        at = (map * high + start) * across
        maps_first(y, at, high * across, flat, 0, lanes, count * across)
        bits_first(best, at, high * across, bits, 0, lanes, count * across)

    return write


def make_maps_last(dtype: str, lanes: int = 0) -> Callable[..., None]:
    """Return ``maps_last(to, at, x, i, size, count)``: sets to[at + k * lanes + m] to x[i + m * size + k].

    k is below `count`, and m below `lanes`, by default those of `dtype`.
    """
    lanes = lanes or lanes_of(dtype)
    block = Block(dtype, lanes)

    def maps_last(to, at, x, i, size, count):
        if count >= lanes:
            for k in range(0, count, lanes):
                here = min(k, count - lanes)  # the last block may overlap the one before
                block.transpose(to, at + here * lanes, lanes, x, i + here, size)
        else:
            for k in range(count):
                for m in range(lanes):
                    to[at + k * lanes + m] = x[i + m * size + k]

    return maps_last


def make_maps_first(dtype: str, lanes: int = 0) -> Callable[..., None]:
    """Return ``maps_first(y, i, size, source, j, line, count)``: the inverse of `make_maps_last`'s.

    It sets y[i + m * size + k] to source[j + k * line + m].
    """
    lanes = lanes or lanes_of(dtype)
    block = Block(dtype, lanes)

    def maps_first(y, i, size, source, j, line, count):
        if count >= lanes:
            for k in range(0, count, lanes):
                here = min(k, count - lanes)
                block.transpose(y, i + here, size, source, j + here * line, line)
        else:
            for m in range(lanes):
                for k in range(count):
                    y[i + m * size + k] = source[j + k * line + m]

    return maps_first
