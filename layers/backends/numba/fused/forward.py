"""Convolution and max-pooling in one pass over an image's planes.

Loops: images, shared out to threads; filters, some at a time; windows, a vector at a time; maps and taps, for which
the sums of every place in the window stay in registers. Of those the largest is stored, and a bit for each place that
has it. An image costs 2 * filters * places * windows * maps * kh * kw floating-point operations, all of them in fused
multiply-adds.
"""

import numpy as np

from ..kernel import kernel, written_out
from ..memory import aligned, copy, get, put
from ..sharing import shared_out
from ..simd import tile
from .geometry import Geometry

TAPS = 128  # products that are added up one by one: the fewer terms a sum has, the fewer digits it loses


def make_packer(g: Geometry):
    """Return ``pack(x, n, planes)``: the planes of image n of the flat array x.

    The columns of a row are sorted first, by their place in the step from a window to the next, so that what a plane
    takes of a row lies in a row. Borders are 0.
    """
    maps, height, width = g.maps, g.height, g.width
    (rows, columns), (ph, pw), (down, right), (top, left) = g.reach, g.pooled, g.step, g.pad
    windows, padded, tall = g.windows, g.padded, g.extent[0]
    apart = pw + (columns - 1) // right  # of the columns in one place of the step
    wide = right * apart

    @written_out
    def pack(x, n, planes):
        sorted_ = np.zeros(tall * wide, x.dtype)
        at = 0
        for c in range(maps):
            image = (n * maps + c) * height * width
            for y in range(max(0, top), min(tall, top + height)):
                row = image + (y - top) * width - left
                for s in range(right):
                    first = (max(left - s, 0) + right - 1) // right
                    last = min(apart, (left + width - s + right - 1) // right)
                    for px in range(first, last):
                        put(sorted_, y * wide + s * apart + px, get(x, row + s + px * right))
            for r in range(rows):
                for s in range(columns):
                    source = r * wide + (s % right) * apart + s // right
                    for py in range(ph):
                        copy(planes, at + py * pw, sorted_, source + py * down * wide, pw)
                    for q in range(windows, padded):
                        planes[at + q] = 0
                    at += padded

    return pack


def make_forward(g: Geometry):
    """Return ``forward(x, w) -> pooled, bits``.

    x : (n, maps, height, width), w : (filters, maps, kh, kw); pooled and bits (int32) : (n, filters, rows, columns).
    """
    filters, flip = g.filters, g.flip
    (ph, pw), windows, padded, lanes, planes_each = g.pooled, g.windows, g.padded, g.lanes, g.planes
    rows, columns = g.reach
    share = g.share(filters, len(g.places), len(g.places) + 1)
    shares = -(-filters // share)
    together = max(1, TAPS // (g.kh * g.kw))
    pack = make_packer(g)
    sums = tile(g.dtype, lanes, tuple(range(share)), tuple(g.offset(a, b) for a, b in g.places), spread=True)
    zero, accumulate, add, largest = sums.zero, sums.accumulate, sums.add, sums.largest

    @kernel
    def image(n, x, w, sizes, out, bits):
        _, maps, kh, kw = sizes  # as the array has them: loops of constant length would be written out by LLVM
        planes = aligned(planes_each, w)
        best, won = np.empty(share * lanes, w.dtype), np.empty(share * lanes, np.int32)
        pack(x, n, planes)
        for block in range(shares):
            first = min(block * share, filters - share)  # the last share may do some filters again
            to = (n * filters + first) * windows
            for q in range(0, padded, lanes):
                total = zero()
                k = block * share * maps * kh * kw
                for some in range(0, maps, together):
                    of_maps = zero()
                    for c in range(some, min(maps, some + together)):
                        for i in range(kh):
                            p = (c * rows + i) * columns * padded + q
                            for j in range(kw):
                                of_maps = accumulate(of_maps, w, k, planes, p + j * padded)
                                k += share
                    total = add(total, of_maps)
                if q + lanes <= windows:
                    largest(total, out, bits, to + q, windows)
                else:
                    largest(total, best, won, 0, lanes)
                    for t in range(share):
                        for z in range(windows - q):
                            out[to + t * windows + q + z] = best[t * lanes + z]
                            bits[to + t * windows + q + z] = won[t * lanes + z]

    @kernel
    def pack_taps(block, w, sizes, packed):
        """Lay out tap by tap what a share of the filters needs, so that it is read in a row."""
        _, maps, kh, kw = sizes
        of_filter = maps * kh * kw
        first, to = min(block * share, filters - share) * of_filter, block * share * of_filter
        for c in range(0, of_filter, kh * kw):
            for k in range(kh * kw):
                tap = first + c + (kh * kw - 1 - k if flip else k)
                for t in range(share):
                    put(packed, to + t, get(w, tap + t * of_filter))
                to += share

    images, taps_packed = shared_out(image), shared_out(pack_taps)

    @kernel
    def forward(x, w):
        n, (_, maps, kh, kw) = x.shape[0], w.shape
        packed = np.empty(shares * share * maps * kh * kw, x.dtype)
        taps_packed(shares, (np.ascontiguousarray(w).reshape(-1), w.shape, packed))
        pooled = np.empty((n, filters, ph, pw), x.dtype)
        bits = np.empty((n, filters, ph, pw), np.int32)
        flat = np.ascontiguousarray(x).reshape(-1)
        images(n, (flat, packed, w.shape, pooled.reshape(-1), bits.reshape(-1)))
        return pooled, bits

    return forward
