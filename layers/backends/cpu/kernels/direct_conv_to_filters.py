"""The gradient of a convolution to its filters without packed patches: filters side by side in vectors.

The gradients of a slice of filters are transposed, some positions at a time; then the sums of a few taps by a slice
stay in registers over these positions, and each tap reads the image itself. Images with padding are copied with their
border first. Two kernels: `direct_conv_to_filters`, in 2 * filters * positions * maps * kh * kw floating-point
operations per image, and `sum_direct_chunks`, which sums the results of the chunks of images.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, kernel, scratch
from network3.layers.backends.cpu.processor import lanes_of, vector_registers

from .moves import fill, move
from .patch_tile import PatchTile
from .patches import extent, make_bordered
from .transposed import Block

POSITIONS = 128  # number of positions in a partial sum, with their gradients in the L1 cache
PARTS = 16  # minimum number, reached by chunks of images if there are few slices of filters
MAPS = 8  # most maps of a tile, and maps of a part of `sum_direct_chunks`


@dataclass(frozen=True)
class DirectTile:
    """Compile-time parameters: the sums in registers are those of `maps` x `rows` x `kw` taps by `vectors` vectors.

    Attributes
    ----------
    dtype : str
    kh, kw : int
        Rows and columns of a filter.
    maps, rows : int
        Divisors of the number of maps and of `kh`; `maps` is 1 unless `rows` is `kh`.
    vectors : int
        A slice of filters.
    bordered : bool
        Whether images are copied with a border.
    """

    dtype: str
    kh: int
    kw: int
    maps: int
    rows: int
    vectors: int
    bordered: bool

    @property
    def slice(self) -> int:
        """Filters of a slice."""
        return self.vectors * lanes_of(self.dtype)


@dataclass(frozen=True)
class DirectLayout:
    """How the work is divided.

    Attributes
    ----------
    tile : DirectTile
    together : int
        Images whose positions are in one partial sum.
    images, chunks : int
        Images per chunk, and number of chunks.
    slices, parts : int
        Slices of filters, and parts of `direct_conv_to_filters`: chunks times slices.
    found : int
        Length of the result of `direct_conv_to_filters`.
    """

    tile: DirectTile
    together: int
    images: int
    chunks: int
    slices: int
    parts: int
    found: int


def direct_layout(
    dtype: str, images: int, maps: int, filters: int, kh: int, kw: int, positions: int, bordered: bool
) -> DirectLayout | None:
    """Return the layout, or None if the kernel does not suit these sizes."""
    lanes = lanes_of(dtype)
    vectors = -(-filters // lanes)
    if min(images, maps, filters, positions) < 1 or 4 * filters < 3 * vectors * lanes:
        return None
    tiles = [
        DirectTile(dtype, kh, kw, m, r, v, bordered)
        for v in _divisors(vectors)
        for r in _divisors(kh)
        for m in (_divisors(maps) if r == kh else [1])
        if m <= MAPS and m * r * kw * v + v + 1 <= vector_registers()
    ]
    if not tiles:
        return None
    tile = min(tiles, key=_cost)
    slices = -(-filters // tile.slice)
    of_chunk = -(-images // max(1, PARTS // slices))
    chunks = -(-images // of_chunk)
    together = min(of_chunk, max(1, POSITIONS // positions))
    found = chunks * slices * maps * kh * kw * tile.slice
    return DirectLayout(tile, together, of_chunk, chunks, slices, chunks * slices, found)


def _divisors(n: int) -> list[int]:
    return [d for d in range(1, n + 1) if n % d == 0]


def _cost(tile: DirectTile) -> float:
    """Return the cycles per product of vectors of the innermost loop; of equal ones, the narrowest slice's is less."""
    taps = tile.maps * tile.rows * tile.kw
    products, loads = taps * tile.vectors, taps + tile.vectors
    # Two products or loads begin in a cycle; a sum must wait for the one before, four cycles.
    cycles = max(products / 2, loads / 2, 4.0) + 1.0 + tile.maps * tile.rows / 8
    return cycles / products + tile.vectors / 1000


@kernel
def direct_conv_to_filters(tile: DirectTile) -> Callable[..., None]:
    """Compute the gradient to a slice of filters over a chunk of images.

    x : (images, maps, height, width); g : (images, filters, oh, ow); found : (chunks, slices, maps, kh, kw, slice);
    work : (parts, together, maps, tall, wide), with tall and wide from `patches.extent`, or any array if images are
    not bordered; of_chunk : images per chunk; down, right : strides; top, left : border. Parts: chunks times slices.

    Loops: images, some together if they are small; positions, as many as keep their gradients in the L1 cache; taps,
    one tile at a time; positions, for which the sums of a tile stay in registers.
    """
    dtype, kh, kw, span = tile.dtype, tile.kh, tile.kw, tile.slice
    number, lanes, bordered_image = np.dtype(dtype).type, lanes_of(dtype), make_bordered(dtype)
    maps_together, rows, bordered = tile.maps, tile.rows, tile.bordered
    sums = PatchTile(dtype, lanes, tile.maps, tile.rows, kw, tile.vectors)
    pack = make_packed_gradients(dtype, span)

    def direct_conv_to_filters(
        part, x: Array(dtype), g: Array(dtype), found: Array(dtype), work: Array(dtype), images: Int, of_chunk: Int,
        together: Int, maps: Int, height: Int, width: Int, filters: Int, oh: Int, ow: Int, down: Int, right: Int,
        top: Int, left: Int,
    ):  # fmt: skip
        packed = scratch(POSITIONS * span, dtype)
        tall = extent(oh, kh, down, 1) if bordered else height
        wide = extent(ow, kw, right, 1) if bordered else width
        slices, positions, image_length = (filters + span - 1) // span, oh * ow, maps * tall * wide
        chunk, first_filter = part // slices, part % slices * span
        some_filters = min(span, filters - first_filter)
        to = part * maps * kh * kw * span
        fill(found, to, maps * kh * kw * span, number(0))
        fill(packed, 0, POSITIONS * span, number(0))
        if bordered:
            fill(work, part * together * image_length, together * image_length, number(0))
            seen = work
        else:
            seen = x
        start, end = chunk * of_chunk, min(images, (chunk + 1) * of_chunk)
        for group in range((end - start + together - 1) // together):
            image = start + group * together
            several = min(together, end - image)
            if bordered:
                for n in range(several):
                    at = (part * together + n) * image_length
                    source = (image + n) * maps * height * width
                    bordered_image(work, at, x, source, maps, height, width, tall, wide, top, left)
            here = part * together * image_length if bordered else image * image_length
            for first in range(0, positions, POSITIONS):
                count = min(POSITIONS, positions - first)
                for n in range(several):
                    source = ((image + n) * filters + first_filter) * positions + first
                    pack(packed, n * count * span, g, source, some_filters, positions, count)
                row = first // ow
                column = first - row * ow
                for c in range(0, maps, maps_together):
                    for i in range(0, kh, rows):
                        total = sums.zero()
                        for n in range(several):
                            y, z, done = row, column, 0
                            while done < count:
                                source = here + n * image_length + (c * tall + y * down + i) * wide + z * right
                                length = min(ow - z, count - done)
                                at = (n * count + done) * span
                                for p in range(length):
                                    at_tap, at_g = source + p * right, at + p * span
                                    sums.accumulate_patch(total, seen, at_tap, tall * wide, wide, packed, at_g)
                                done += length
                                y += 1
                                z = 0
                        sums.add_to(total, found, to + (c * kh + i) * kw * span)

    return direct_conv_to_filters


@kernel
def sum_direct_chunks(dtype: str, taps: int, vectors: int) -> Callable[..., None]:
    """Sum the results of the chunks for some maps of a slice of filters, in the order of the chunks.

    found : from `direct_conv_to_filters`; dw : (filters, maps, kh, kw), rotated by 180 degrees for true convolution
    (`flip`, 0 or 1). Parts: slices times groups of `MAPS` maps.
    """
    lanes = lanes_of(dtype)
    span = vectors * lanes
    row = Tile(dtype, lanes, (0,), tuple(range(0, span, lanes)))

    def sum_direct_chunks(part, found: Array(dtype), dw: Array(dtype), chunks: Int, maps: Int, filters: Int, flip: Int):
        sums = scratch(MAPS * taps * span, dtype)
        groups, slices = (maps + MAPS - 1) // MAPS, (filters + span - 1) // span
        index, first_map = part // groups, part % groups * MAPS
        several = min(MAPS, maps - first_map) * taps
        here, length = (index * maps + first_map) * taps * span, slices * maps * taps * span
        for k in range(several):
            total = row.load(found, here + k * span)
            for chunk in range(1, chunks):
                row.add(total, row.load(found, here + k * span + chunk * length))
            row.store(total, sums, k * span, 0)
        for f in range(min(span, filters - index * span)):
            to = ((index * span + f) * maps + first_map) * taps
            if flip == 0:
                move(dw, to, 1, sums, f, span, several)
            else:
                for first in range(0, several, taps):
                    for k in range(taps):
                        dw[to + first + taps - 1 - k] = sums[(first + k) * span + f]

    return sum_direct_chunks


def sum_parts(layout: DirectLayout, maps: int) -> int:
    """Return the parts of `sum_direct_chunks`."""
    return layout.slices * -(-maps // MAPS)


def make_packed_gradients(dtype: str, span: int) -> Callable[..., None]:
    """Return ``pack(packed, at, g, source, filters, stride, count)``.

    It sets packed[at + p * span + f] to g[source + f * stride + p], for p < count and f < filters, at most `span`.
    """
    lanes = lanes_of(dtype)
    block = Block(dtype, lanes)

    def pack(packed, at, g, source, filters, stride, count):
        for f in range(0, filters, lanes):
            some = min(lanes, filters - f)
            blocks = count - count % lanes if some == lanes else 0
            for p in range(0, blocks, lanes):
                block.transpose(packed, at + p * span + f, span, g, source + f * stride + p, stride)
            for p in range(blocks, count):
                for one in range(some):
                    packed[at + p * span + f + one] = g[source + (f + one) * stride + p]

    return pack
