"""The gradient to the images of a convolution with max-pooling, one maximum at a time.

Two kernels: `pack_rows` packs the filters once per step; `gradient_to_input` processes one image per part. The image is
stored with its maps last, so that the patch under a filter is a few long rows: 2 * maps * kh * kw floating-point
operations per maximum.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, kernel, scratch
from network3.layers.backends.cpu.processor import vector_registers

from .geometry import Geometry
from .moves import fill, move
from .winners import make_finder


@dataclass(frozen=True)
class InputLayout:
    """The layout of the rows of a filter.

    Attributes
    ----------
    chunk, chunks : int
        Elements of a row that are in registers together, and number of such chunks in a row.
    packed : int
        Length of the packed filters. The parts of `pack_rows` are the filters.
    """

    chunk: int
    chunks: int
    packed: int

    @property
    def row(self) -> int:
        """Length of a packed row."""
        return self.chunks * self.chunk


def input_layout(g: Geometry) -> InputLayout:
    """Return the layout for a geometry."""
    vectors = -(-g.kw * g.maps // g.lanes)
    chunks = -(-vectors // (vector_registers() // 2))
    chunk = -(-vectors // chunks) * g.lanes
    return InputLayout(chunk, chunks, g.filters * g.kh * chunks * chunk)


@kernel
def pack_rows(dtype: str, flip: bool) -> Callable[..., None]:
    """Put the maps of a filter last and pad its rows with zeros to `row` elements.

    w : (filters, maps, kh, kw), packed : (filters, kh, row). Parts: filters.
    """
    number = np.dtype(dtype).type

    def pack_rows(part, w: Array(dtype), packed: Array(dtype), maps: Int, kh: Int, kw: Int, row: Int):
        fill(packed, part * kh * row, kh * row, number(0))
        for i in range(kh):
            to = (part * kh + i) * row
            for j in range(kw):
                tap = kh * kw - 1 - (i * kw + j) if flip else i * kw + j
                for c in range(maps):
                    packed[to + j * maps + c] = w[(part * maps + c) * kh * kw + tap]

    return pack_rows


@kernel
def gradient_to_input(g: Geometry) -> Callable[..., None]:
    """Compute the gradient to an image.

    packed : filters from `pack_rows`; bits (int32; not read if windows are single positions) and gradient :
    (n, filters, rows, columns); dx : (n, maps, height, width). Parts: images.

    Loops: filters; rows of a patch, for which the filter's taps stay in registers; maxima, to whose patches they are
    added.
    """
    layout, dtype, filters, kh, windows, maps = input_layout(g), g.dtype, g.filters, g.kh, g.windows, g.maps
    (tall, wide), (ph, pw), taps = g.extent, g.pooled, g.kw * g.maps
    chunk, row = layout.chunk, layout.row
    size, capacity, line = tall * wide * maps + row, windows * len(g.places) + 1, wide * maps
    # Column by column, so that consecutive additions do not depend on each other through memory.
    order = np.array([py * pw + px for px in range(pw) for py in range(ph)], np.int64)
    tile = Tile(dtype, g.lanes, (0,), tuple(range(0, chunk, g.lanes)))
    number = np.dtype(dtype).type
    find, write = make_finder(g), make_writer(g)

    def gradient_to_input(part, packed: Array(dtype), bits: Array("int32"), gradient: Array(dtype), dx: Array(dtype)):
        where, received, image = scratch(capacity, "int64"), scratch(capacity, dtype), scratch(size, dtype)
        for k in range(size):
            image[k] = number(0)
        for o in range(filters):
            at = (part * filters + o) * windows
            winners = find(bits, gradient, at, order, 0, windows, 0, where, received, 0)
            for e in range(winners):
                value = received[e]
                if value - value != 0:  # NaN or infinite: times the zero padding, it would be NaN beyond the row
                    for i in range(kh):
                        for k in range(taps):
                            image[where[e] + i * line + k] += value * packed[(o * kh + i) * row + k]
                    received[e] = number(0)
            for i in range(kh):
                for some in range(0, row, chunk):
                    of_row = tile.load(packed, (o * kh + i) * row + some)
                    for e in range(winners):
                        tile.scatter(of_row, received, e, image, where[e] + i * line + some)
        write(image, dx, part)

    return gradient_to_input


def make_writer(g: Geometry) -> Callable[..., None]:
    """Return ``write(image, dx, n)``: stores an image without its border, maps first; 0 where no window reaches."""
    maps, height, width = g.maps, g.height, g.width
    (tall, wide), (top, left) = g.extent, g.pad
    number = np.dtype(g.dtype).type
    columns = max(0, min(width, wide - left))

    def write(image, dx, n):
        for c in range(maps):
            for y in range(height):
                to = ((n * maps + c) * height + y) * width
                if y + top < tall:
                    move(dx, to, 1, image, ((y + top) * wide + left) * maps + c, maps, columns)
                    fill(dx, to + columns, width - columns, number(0))
                else:
                    fill(dx, to, width, number(0))

    return write
