"""Convolution and max-pooling in one pass over an image's planes.

Loops: filters, some at a time; windows, a vector at a time; maps and taps, for which the sums of every place in the
window stay in registers. Of those the largest is stored, and a bit for each place that has it. An image costs
2 * filters * places * windows * maps * kh * kw floating-point operations, all of them in fused multiply-adds.
"""

import numpy as np

from ..kernel import kernel
from .geometry import Geometry, aligned
from .simd import tile


def make_packer(g: Geometry):
    """Return ``pack(x, n, planes, at)``: the planes of image n of the flat array x, from planes[at] on."""
    maps, height, width = g.maps, g.height, g.width
    (rows, columns), (ph, pw), (down, right), (top, left) = g.reach, g.pooled, g.step, g.pad
    windows, padded = g.windows, g.padded

    @kernel
    def pack(x, n, planes, at):
        for c in range(maps):
            image = (n * maps + c) * height * width
            for r in range(rows):
                for s in range(columns):
                    for py in range(ph):
                        y = py * down + r - top
                        to = at + py * pw
                        if y < 0 or y >= height:
                            for px in range(pw):
                                planes[to + px] = 0
                        elif left == 0:
                            for px in range(pw):
                                planes[to + px] = x[image + y * width + s + px * right]
                        else:
                            for px in range(pw):
                                z = s + px * right - left
                                planes[to + px] = x[image + y * width + z] if 0 <= z < width else 0
                    for q in range(windows, padded):
                        planes[at + q] = 0
                    at += padded

    return pack


def make_forward(g: Geometry):
    """Return ``forward(x, w, keep) -> pooled, bits, planes``: the last two of no use without `keep`.

    x : (n, maps, height, width), w : (filters, maps, kh, kw); pooled and bits (int32) : (n, filters, rows, columns);
    planes : flat, (n, maps, rows, columns, padded).
    """
    filters, flip = g.filters, g.flip
    (ph, pw), windows, padded, lanes, planes_each = g.pooled, g.windows, g.padded, g.lanes, g.planes
    rows, columns = g.reach
    share = g.share(filters, len(g.places), len(g.places) + 1)
    shares = -(-filters // share)
    pack = make_packer(g)
    sums = tile(g.dtype, lanes, tuple(range(share)), tuple(g.offset(a, b) for a, b in g.places), spread=True)
    zero, accumulate, add, largest = sums.zero, sums.accumulate, sums.add, sums.largest

    @kernel
    def image(planes, at, w, sizes, out, bits, to, best, won):
        _, maps, kh, kw = sizes  # as the array has them: loops of constant length would be written out by LLVM
        for block in range(shares):
            for q in range(0, padded, lanes):
                total = zero()
                k = block * share * maps * kh * kw
                for c in range(maps):
                    of_map = zero()  # sums of sums: the fewer terms a sum has, the fewer digits it loses
                    for i in range(kh):
                        p = at + (c * rows + i) * columns * padded + q
                        for j in range(kw):
                            of_map = accumulate(of_map, w, k, planes, p + j * padded)
                            k += share
                    total = add(total, of_map)
                largest(total, best, won)
                for t in range(min(share, filters - block * share)):
                    here = to + (block * share + t) * windows + q
                    for z in range(min(lanes, windows - q)):
                        out[here + z] = best[t * lanes + z]
                        bits[here + z] = won[t * lanes + z]

    @kernel
    def forward(x, w, keep):
        n, (_, maps, kh, kw) = x.shape[0], w.shape
        flat = np.ascontiguousarray(x).reshape(-1)
        # Tap by tap what a share of the filters needs, so that it is read in a row.
        packed = np.zeros(shares * share * maps * kh * kw, x.dtype)
        for o in range(filters):
            to = (o // share) * share * maps * kh * kw + o % share
            for c in range(maps):
                for i in range(kh):
                    for j in range(kw):
                        packed[to] = w[o, c, kh - 1 - i, kw - 1 - j] if flip else w[o, c, i, j]
                        to += share
        pooled = np.empty((n, filters, ph, pw), x.dtype)
        bits = np.empty((n, filters, ph, pw), np.int32)
        planes = aligned((n if keep else 1) * planes_each, x)
        best, won = np.empty(share * lanes, x.dtype), np.empty(share * lanes, np.int32)
        for k in range(n):
            at = k * planes_each if keep else 0
            pack(flat, k, planes, at)
            image(planes, at, packed, w.shape, pooled.reshape(-1), bits.reshape(-1), k * filters * windows, best, won)
        return pooled, bits, planes

    return forward
