"""The gradients of convolution with max-pooling, from the planes of the images and the bits of the winners.

First each window's gradient is laid out by place: full for the places that won, 0 for the others, so that ties are
paid as everywhere else. Then both gradients are sums over whole planes, as the forward pass is, and cost as much:
2 * filters * places * windows * maps * kh * kw floating-point operations an image each.
"""

import numpy as np

from ..kernel import kernel
from .geometry import Geometry, aligned
from .simd import tile


def make_spread(g: Geometry):
    """Return ``spread(bits, gradient) -> spread``, flat of (n, filters, places, padded)."""
    filters, windows, padded, places = g.filters, g.windows, g.padded, len(g.places)

    @kernel
    def spread(bits, gradient):
        n = bits.shape[0]
        won, paid = bits.reshape(-1), np.ascontiguousarray(gradient).reshape(-1)
        result = aligned(n * filters * places * padded, gradient)
        zero = gradient.dtype.type(0)
        for k in range(n * filters):
            for f in range(places):
                to = (k * places + f) * padded
                bit = np.int32(1 << f)
                for q in range(windows):
                    result[to + q] = paid[k * windows + q] if won[k * windows + q] & bit else zero
                for q in range(windows, padded):
                    result[to + q] = zero
        return result

    return spread


def make_gradient_to_weight(g: Geometry):
    """Return ``gradient(planes, spread, w) -> dw``, with the shape of w: (filters, maps, kh, kw).

    Loops: filters, some at a time; maps and rows of taps; images, places and windows, over which the sums of a row of
    taps for each filter stay in registers.
    """
    filters, flip = g.filters, g.flip
    (rows, columns), padded, lanes, image = g.reach, g.padded, g.lanes, g.planes
    (down, right), places = g.stride, g.size
    row = min(g.kw, 8)  # taps at a time
    share = g.share(filters, row, row + 4)
    of_filter = len(g.places) * padded
    sums = tile(
        g.dtype, lanes, tuple(t * of_filter for t in range(share)), tuple(j * padded for j in range(row)), spread=False
    )
    zero, accumulate, totals = sums.zero, sums.accumulate, sums.totals

    @kernel
    def gradient_to_weight(planes, spread, w):
        n = planes.size // image
        _, maps, kh, kw = w.shape  # as the array has them: loops of constant length would be written out by LLVM
        dw = np.empty(w.shape, planes.dtype)
        found = np.empty(share * row, planes.dtype)
        for block in range(0, filters, share):
            first = min(block, filters - share)  # the last share may do some filters again
            for c in range(maps):
                for i in range(kh):
                    for block_of_taps in range(0, kw, row):
                        left = min(block_of_taps, kw - row)
                        total = zero()
                        for k in range(n):
                            for a in range(places[0]):
                                for b in range(places[1]):
                                    e = (k * filters + first) * of_filter + (a * places[1] + b) * padded
                                    p = (c * rows + down * a + i) * columns + right * b + left
                                    p = k * image + p * padded
                                    for q in range(0, padded, lanes):
                                        total = accumulate(total, spread, e + q, planes, p + q)
                        totals(total, found)
                        for t in range(share):
                            for j in range(row):
                                tap = (kh - 1 - i, kw - 1 - left - j) if flip else (i, left + j)
                                dw[first + t, c, tap[0], tap[1]] = found[t * row + j]
        return dw

    return gradient_to_weight


def make_gradient_to_input(g: Geometry):
    """Return ``gradient(w, spread) -> dx``, (n, maps, height, width).

    Loops: images; planes; maps, some at a time; windows, a vector at a time; places and filters, over which the sums
    of the maps stay in registers. Then the planes are added back to the pixels that they were taken from.
    """
    flip, height, width = g.flip, g.height, g.width
    (rows, columns), padded, lanes = g.reach, g.padded, g.lanes
    (down, right), places = g.stride, g.size
    share = g.share(g.maps, 1, 2)
    shares = -(-g.maps // share)
    of_filter = len(g.places) * padded
    sums = tile(g.dtype, lanes, tuple(range(share)), (0,), spread=True)
    zero, accumulate, store = sums.zero, sums.accumulate, sums.store
    unpack = _make_unpacker(g)

    @kernel
    def image(w, sizes, spread, at, planes):
        filters, _, kh, kw = sizes
        for r in range(rows):
            for s in range(columns):
                for block in range(shares):
                    for q in range(0, padded, lanes):
                        total = zero()
                        for a in range(max(0, -((kh - 1 - r) // down)), min(places[0], r // down + 1)):
                            i = r - down * a
                            for b in range(max(0, -((kw - 1 - s) // right)), min(places[1], s // right + 1)):
                                j = s - right * b
                                e = at + (a * places[1] + b) * padded + q
                                k = ((block * kh + i) * kw + j) * filters * share
                                for o in range(filters):
                                    total = accumulate(total, w, k + o * share, spread, e + o * of_filter)
                        to = ((block * share * rows + r) * columns + s) * padded + q
                        store(total, planes, to, rows * columns * padded)

    @kernel
    def gradient_to_input(w, spread):
        filters, maps, kh, kw = w.shape
        n = spread.size // (filters * of_filter)
        packed = np.zeros(shares * kh * kw * filters * share, w.dtype)
        for c in range(maps):
            for i in range(kh):
                for j in range(kw):
                    to = (((c // share) * kh + i) * kw + j) * filters * share + c % share
                    for o in range(filters):
                        packed[to] = w[o, c, kh - 1 - i, kw - 1 - j] if flip else w[o, c, i, j]
                        to += share
        dx = np.zeros((n, maps, height, width), w.dtype)
        planes = aligned(shares * share * rows * columns * padded, w)
        for k in range(n):
            image(packed, w.shape, spread, k * filters * of_filter, planes)
            unpack(planes, dx.reshape(-1), k)
        return dx

    return gradient_to_input


def _make_unpacker(g: Geometry):
    """Return ``unpack(planes, x, n)``, which adds the planes to image n of the flat array x."""
    maps, height, width = g.maps, g.height, g.width
    (rows, columns), (ph, pw), (down, right), (top, left) = g.reach, g.pooled, g.step, g.pad
    padded = g.padded

    @kernel
    def unpack(planes, x, n):
        at = 0
        for c in range(maps):
            image = (n * maps + c) * height * width
            for r in range(rows):
                for s in range(columns):
                    for py in range(ph):
                        y = py * down + r - top
                        if 0 <= y < height:
                            for px in range(pw):
                                z = s + px * right - left
                                if left == 0 or 0 <= z < width:
                                    x[image + y * width + z] += planes[at + py * pw + px]
                    at += padded

    return unpack
