"""The gradient to the filters of a convolution with max-pooling, one maximum at a time.

Two kernels: `lay_out_images` stores an image with its maps last, so that the patch under a filter is a few long rows,
and lists its windows that are not blank; `gradient_to_weight` processes some filters per part. A maximum costs
2 * maps * kh * kw floating-point operations.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, kernel, scratch
from network3.layers.backends.cpu.processor import vector_registers

from .geometry import Geometry
from .moves import move
from .transposed import Block
from .winners import make_finder

NUMBERS = 6000  # elements of the images in one loop over the filters: they stay in the L1 cache
PARTS = 10  # number of parts into which the filters are divided


@dataclass(frozen=True)
class WeightLayout:
    """The layout of images, and the division of the sums.

    Attributes
    ----------
    lanes : int
        Elements in a vector of sums.
    vectors, chunks : int
        Vectors of a row of a patch that are summed together, and number of such chunks in a row.
    together : int
        Rows of a patch that are summed together.
    image : int
        Length of an image in the buffer, including the elements read beyond its end. `lay_out_images` needs for n
        images ``n * image`` elements, ``n * (windows + 1)`` int64 for the windows and n for their counts.
    filters : int
        Filters per part.
    parts : int
        Parts of `gradient_to_weight`.
    """

    lanes: int
    vectors: int
    chunks: int
    together: int
    image: int
    filters: int
    parts: int

    @property
    def chunk(self) -> int:
        """Elements of a row that are summed together."""
        return self.vectors * self.lanes

    @property
    def row(self) -> int:
        """Length of a row's sums."""
        return self.chunks * self.chunk


def weight_layout(g: Geometry) -> WeightLayout:
    """Return the layout for a geometry."""
    lanes, row = g.lanes, g.kw * g.maps
    while 2 * row <= lanes > 4:
        lanes //= 2  # a row fills at most half a vector
    most = (vector_registers() - 4) // 2  # two sums are in progress
    chunks = -(-row // (lanes * most))
    vectors = -(-row // (lanes * chunks))
    fitting = (r for r in range(1, g.kh + 1) if g.kh % r == 0 and (r == 1 or (r * vectors <= most and chunks == 1)))
    beyond = chunks * vectors * lanes
    image = -(-(g.extent[0] * g.extent[1] * g.maps + beyond) // lanes) * lanes
    filters = max(1, g.filters // PARTS)
    return WeightLayout(lanes, vectors, chunks, max(fitting), image, filters, -(-g.filters // filters))


@kernel
def lay_out_images(g: Geometry) -> Callable[..., None]:
    """Store an image with its maps last, and list its windows that are not blank: blank ones add nothing to a filter.

    x : (n, maps, height, width), images : (n, image), seen (int64) : (n, windows + 1), with count[n] windows. Parts:
    images.
    """
    maps, height, width, windows, image = g.maps, g.height, g.width, g.windows, weight_layout(g).image
    (tall, wide), (top, left), dtype = g.extent, g.pad, g.dtype
    number, columns = np.dtype(dtype).type, max(0, min(width, wide - left))
    is_blank, block = make_blank(g), Block(dtype, g.lanes)
    blocks, squares = (length - length % g.lanes for length in (maps, columns))

    def lay_out_images(part, x: Array(dtype), images: Array(dtype), seen: Array("int64"), count: Array("int64")):
        for k in range(part * image, (part + 1) * image):
            images[k] = number(0)
        for y in range(max(0, top), min(tall, top + height)):
            source, to = (part * maps * height + y - top) * width, part * image + (y * wide + left) * maps
            if blocks > 0 and squares > 0:
                for c in range(0, blocks, g.lanes):
                    for z in range(0, squares, g.lanes):
                        at = source + c * height * width + z
                        block.transpose(images, to + z * maps + c, maps, x, at, height * width)
            for c in range(blocks):
                at = source + c * height * width + squares
                move(images, to + squares * maps + c, maps, x, at, 1, columns - squares)
            for c in range(blocks, maps):
                move(images, to + c, maps, x, source + c * height * width, 1, columns)
        found = 0
        for q in range(windows):
            seen[part * (windows + 1) + found] = q
            found += not is_blank(x, part, q)
        count[part] = found

    return lay_out_images


def make_blank(g: Geometry) -> Callable[..., bool]:
    """Return ``is_blank(x, n, q)``: whether all pixels that window q of image n reads are 0."""
    maps, height, width, pw = g.maps, g.height, g.width, g.pooled[1]
    (rows, columns), (down, right), (top, left) = g.reach, g.step, g.pad

    def is_blank(x, n, q):
        y, z = q // pw * down - top, q % pw * right - left
        for c in range(maps):
            for r in range(max(y, 0), min(y + rows, height)):
                for s in range(max(z, 0), min(z + columns, width)):
                    if x[((n * maps + c) * height + r) * width + s] != 0:
                        return False
        return True

    return is_blank


@kernel
def gradient_to_weight(g: Geometry) -> Callable[..., None]:
    """Compute the gradient to some filters.

    images, seen, count : from `lay_out_images`; bits (int32; not read if windows are single positions) and gradient :
    (n, filters, rows, columns); dw : (filters, maps, kh, kw). Parts: as in the layout.

    Loops: images, as many as stay in the L1 cache; filters; rows of a patch, some at a time; maxima, for which the sums
    of those rows' taps stay in registers.
    """
    layout, dtype, filters, kh, windows, wide = weight_layout(g), g.dtype, g.filters, g.kh, g.windows, g.extent[1]
    image, block, together, chunk, row = layout.image, layout.filters, layout.together, layout.chunk, layout.row
    some = max(1, NUMBERS // image)
    pitch, of_filter = together * chunk, kh * row
    capacity, line = some * windows * len(g.places) + 1, wide * g.maps
    offsets = tuple(r * line + v for r in range(together) for v in range(0, chunk, layout.lanes))
    tile = Tile(dtype, layout.lanes, (0,), offsets)
    number = np.dtype(dtype).type
    find, write = make_finder(g), make_writer(g)

    def gradient_to_weight(
        part, images: Array(dtype), seen: Array("int64"), count: Array("int64"), bits: Array("int32"),
        gradient: Array(dtype), dw: Array(dtype), n: Int,
    ):  # fmt: skip
        begin, end = part * block, min(filters, (part + 1) * block)
        where, received = scratch(capacity, "int64"), scratch(capacity, dtype)
        total = scratch(block * of_filter, dtype)
        for k in range(block * of_filter):
            total[k] = number(0)
        for start in range(0, n, some):
            for o in range(begin, end):
                winners = 0
                for m in range(start, min(n, start + some)):
                    at, first = (m * filters + o) * windows, m * (windows + 1)
                    last = first + count[m]
                    winners = find(bits, gradient, at, seen, first, last, m * image, where, received, winners)
                to = (o - begin) * of_filter
                for i in range(0, kh, together):
                    for shift in range(i * line, i * line + row, chunk):
                        one, other = tile.zero(), tile.zero()  # two independent sums, to hide latency
                        for e in range(0, winners - 1, 2):
                            tile.accumulate(one, received, e, images, where[e] + shift)
                            tile.accumulate(other, received, e + 1, images, where[e + 1] + shift)
                        if winners % 2 != 0:
                            tile.accumulate(one, received, winners - 1, images, where[winners - 1] + shift)
                        tile.add(one, other)
                        tile.add_to(one, total, to)
                        to += pitch
        write(total, dw, begin, end)

    return gradient_to_weight


def make_writer(g: Geometry) -> Callable[..., None]:
    """Return ``write(total, dw, begin, end)``: stores the sums of filters [begin, end) in the order of the taps."""
    maps, kh, kw, flip, layout = g.maps, g.kh, g.kw, g.flip, weight_layout(g)
    chunk, row, together = layout.chunk, layout.row, layout.together
    taps = kh * kw

    def write(total, dw, begin, end):
        for o in range(begin, end):
            for i in range(kh):
                source = ((o - begin) * kh + i // together * together) * row + i % together * chunk
                for j in range(kw):
                    tap = taps - 1 - (i * kw + j) if flip else i * kw + j
                    move(dw, o * maps * taps + tap, taps, total, source + j * maps, 1, maps)

    return write
