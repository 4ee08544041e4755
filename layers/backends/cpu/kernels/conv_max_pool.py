"""Convolution and max-pooling in one pass over an image's planes.

Two kernels: `pack_taps` packs the filters once per step; `conv_max_pool` processes one image per part. An image costs
2 * filters * places * windows * maps * kh * kw floating-point operations, all of them in fused multiply-adds.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, copy, kernel, scratch

from .geometry import Geometry
from .moves import move

TAPS = 128  # terms of a partial sum: short sums lose less precision


@dataclass(frozen=True)
class ForwardLayout:
    """How the filters are divided, and their packed length.

    Attributes
    ----------
    share, shares : int
        Filters whose sums are in registers together, and the number of such shares: parts of `pack_taps`.
    packed : int
        Length of the packed filters.
    """

    share: int
    shares: int
    packed: int


def forward_layout(g: Geometry) -> ForwardLayout:
    """Return the layout for a geometry."""
    share = g.share(g.filters, len(g.places), len(g.places) + 1)
    shares = -(-g.filters // share)
    return ForwardLayout(share, shares, shares * share * g.taps)


@kernel
def pack_taps(dtype: str, flip: bool) -> Callable[..., None]:
    """Pack a share of the filters tap by tap, so that it is read sequentially.

    w : (filters, maps, kh, kw), packed : (shares, maps, kh, kw, share). Parts: shares.
    """

    def pack_taps(part, w: Array(dtype), packed: Array(dtype), filters: Int, maps: Int, kh: Int, kw: Int, share: Int):
        taps = kh * kw
        of_filter = maps * taps
        # The last share may overlap the one before.
        first, to = min(part * share, filters - share) * of_filter, part * share * of_filter
        for f in range(share):
            for c in range(maps):
                tap, place = first + f * of_filter + c * taps, to + c * taps * share + f
                for k in range(taps):
                    packed[place + k * share] = w[tap + (taps - 1 - k if flip else k)]

    return pack_taps


@kernel
def conv_max_pool(g: Geometry) -> Callable[..., None]:
    """Compute the maximum of the convolved values in each window, and a bit for each position that attains it.

    x : (n, maps, height, width), w : filters packed by `pack_taps`; maps, kh, kw : as in the geometry, but at run time,
    so that the loops over them are not unrolled; out and bits (int32) : (n, filters, rows, columns). Parts: images.
    A window that contains NaN gives NaN and no bits.

    Loops: filters, one share at a time; windows, one vector at a time; maps and taps, for which the sums of all
    positions in the window stay in registers.
    """
    dtype, filters, windows, padded, lanes, planes_length = g.dtype, g.filters, g.windows, g.padded, g.lanes, g.planes
    (rows, columns), layout = g.reach, forward_layout(g)
    share, shares = layout.share, layout.shares
    together = max(1, TAPS // (g.kh * g.kw))
    tile = Tile(dtype, lanes, tuple(range(share)), tuple(g.offset(a, b) for a, b in g.places))
    pack = make_packer(g)

    def conv_max_pool(
        part, x: Array(dtype), w: Array(dtype), maps: Int, kh: Int, kw: Int, out: Array(dtype), bits: Array("int32")
    ):
        planes = scratch(planes_length, dtype)
        best, won = scratch(share * lanes, dtype), scratch(share * lanes, "int32")
        pack(x, part, planes)
        for block in range(shares):
            to = (part * filters + min(block * share, filters - share)) * windows
            for q in range(0, padded, lanes):
                total = tile.zero()
                k = block * share * maps * kh * kw
                for some in range(0, maps, together):
                    of_maps = tile.zero()
                    for c in range(some, min(maps, some + together)):
                        for i in range(kh):
                            p = (c * rows + i) * columns * padded + q
                            for j in range(kw):
                                tile.accumulate(of_maps, w, k, planes, p + j * padded)
                                k += share
                    tile.add(total, of_maps)
                if q + lanes <= windows:
                    tile.largest(total, out, bits, to + q, windows)
                else:
                    tile.largest(total, best, won, 0, lanes)
                    for f in range(share):
                        for z in range(windows - q):
                            out[to + f * windows + q + z] = best[f * lanes + z]
                            bits[to + f * windows + q + z] = won[f * lanes + z]

    return conv_max_pool


def make_packer(g: Geometry) -> Callable[..., None]:
    """Return ``pack(x, n, planes)``: computes the planes of image n of the flat array x.

    First the columns of each row are sorted by their remainder modulo the step between windows, so that a plane reads
    adjacent elements of a row. Borders are 0.
    """
    dtype, maps, height, width = g.dtype, g.maps, g.height, g.width
    (rows, columns), (ph, pw), (down, right), (top, left) = g.reach, g.pooled, g.step, g.pad
    windows, padded, tall = g.windows, g.padded, g.extent[0]
    apart = pw + (columns - 1) // right  # columns with one remainder
    wide = right * apart
    apart_down, unrolled = down * wide, ph - ph % 4
    number = np.dtype(dtype).type

    def pack(x, n, planes):
        by_place = scratch(tall * wide, dtype)
        for k in range(tall * wide):
            by_place[k] = number(0)
        at = 0
        for c in range(maps):
            image = (n * maps + c) * height * width
            for y in range(max(0, top), min(tall, top + height)):
                row = image + (y - top) * width - left
                for s in range(right):
                    first = (max(left - s, 0) + right - 1) // right
                    last = min(apart, (left + width - s + right - 1) // right)
                    to = y * wide + s * apart + first
                    move(by_place, to, 1, x, row + s + first * right, right, last - first)
            for r in range(rows):
                for s in range(columns):
                    source = r * wide + (s % right) * apart + s // right
                    for py in range(0, unrolled, 4):  # unrolled by hand: LLVM's loop unrolling is off
                        to, here = at + py * pw, source + py * apart_down
                        copy(planes, to, by_place, here, pw)
                        copy(planes, to + pw, by_place, here + apart_down, pw)
                        copy(planes, to + 2 * pw, by_place, here + 2 * apart_down, pw)
                        copy(planes, to + 3 * pw, by_place, here + 3 * apart_down, pw)
                    for py in range(unrolled, ph):
                        copy(planes, at + py * pw, by_place, source + py * apart_down, pw)
                    for q in range(windows, padded):
                        planes[at + q] = number(0)
                    at += padded

    return pack
