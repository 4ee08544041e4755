"""The gradients of convolution with max-pooling, from the bits of the winners.

Only the places that won have a gradient, and of those only the ones whose window's gradient is not 0: with rectified
linear neurons one in eight or fewer. So both gradients go through the winners one by one. Images lie with their maps
last, where the patch under a filter is a few long rows: 2 * maps * kh * kw floating-point operations a winner.
"""

import numpy as np

from ..kernel import kernel, written_out
from ..sharing import shared_out
from ..simd import aligned, get, processor, put, tile
from .geometry import Geometry

WINNERS = 2048  # at a time: their places and gradients stay in the first cache


def make_finder(g: Geometry, deep: int):
    """Return ``find(bits, gradient, at, windows, begin, end, image, where, paid, count)``: the count with
    its winners added.

    Of windows[begin:end], of the map that begins at `at` in the flat arrays bits and gradient: where each place that
    won lies in an image with `deep` numbers a pixel that begins at `image`, and its gradient, unless that is 0.
    """
    (ph, pw), (down, right), wide = g.pooled, g.step, g.extent[1]
    base = np.array([(py * down * wide + px * right) * deep for py in range(ph) for px in range(pw)])
    offsets = [(g.stride[0] * a * wide + g.stride[1] * b) * deep for a, b in g.places]
    # For each set of winners the first of them; most sets have one.
    first = np.array([0] + [offsets[(bits & -bits).bit_length() - 1] for bits in range(1, 1 << len(offsets))])
    single = len(g.places) == 1

    @written_out
    def find(bits, gradient, at, windows, begin, end, image, where, paid, count):
        for t in range(begin, end):
            q = get(windows, t)
            value = get(gradient, at + q)
            won = np.int32(1) if single else get(bits, at + q)
            here = image + get(base, q)
            put(where, count, here + get(first, won))
            put(paid, count, value)
            count += (value != 0) & (won != 0)  # a branch here would be mispredicted every other time
            won &= won - np.int32(1)
            if won != 0 and value != 0:
                while won != 0:
                    put(where, count, here + get(first, won))
                    put(paid, count, value)
                    count += 1
                    won &= won - np.int32(1)
        return count

    return find


def make_gradient_to_weight(g: Geometry):
    """Return ``gradient(x, bits, gradient, w) -> dw``, with the shape of w: (filters, maps, kh, kw).

    Loops: filters, shared out to threads; images, some at a time; rows of a patch; winners, over which the sums of
    the row's taps stay in registers.
    """
    maps, height, width, filters, kh, kw, flip = g.maps, g.height, g.width, g.filters, g.kh, g.kw, g.flip
    (tall, wide), (top, left), pw, (down, right) = g.extent, g.pad, g.pooled[1], g.step
    (rows, columns), windows, lanes = g.reach, g.windows, g.lanes
    # Few maps make short rows: then every pixel has with it those below it that a filter meets at once.
    below = kh if kw * maps <= 2 * lanes else 1
    deep = below * maps
    segments, length = kh // below, kw * deep
    vectors = -(-length // lanes)
    chunks = -(-2 * vectors // (processor()[1] - 4))
    vectors = -(-vectors // chunks)
    chunk = vectors * lanes
    size = (tall - below + 1) * wide * deep
    each = size + chunks * chunk  # numbers of an image, and how far a row may be read beyond it
    some, places = max(1, WINNERS // windows), len(g.places)
    find = make_finder(g, deep)
    sums = tile(g.dtype, lanes, (0,), tuple(v * lanes for v in range(vectors)), spread=True)
    zero, accumulate, add, load, store = sums.zero, sums.accumulate, sums.add, sums.load, sums.store

    @written_out
    def blank(x, n, q):
        """Return whether the pixels that window q sees are all 0."""
        y, z = q // pw * down - top, q % pw * right - left
        for c in range(maps):
            for r in range(max(y, 0), min(y + rows, height)):
                for s in range(max(z, 0), min(z + columns, width)):
                    if get(x, ((n * maps + c) * height + r) * width + s) != 0:
                        return False
        return True

    @kernel
    def lay_out(n, x, images, seen, count):
        """Put the maps of image n last, and list its windows that are not blank: those pay nothing to a filter."""
        images[n * each : (n + 1) * each] = 0
        for c in range(maps):
            for i in range(below):
                for y in range(max(0, top - i), min(tall - below + 1, top - i + height)):
                    source = ((n * maps + c) * height + y + i - top) * width
                    to = n * each + ((y * wide + left) * below + i) * maps + c
                    for z in range(min(width, wide - left)):
                        put(images, to + z * deep, get(x, source + z))
        found = 0
        for q in range(windows):
            put(seen, n * (windows + 1) + found, q)
            found += not blank(x, n, q)
        count[n] = found

    @kernel
    def of_filter(o, images, seen, count, bits, gradient, dw):
        n = len(count)
        where, paid = np.empty(some * windows * places + 1, np.int64), np.empty(some * windows * places + 1, dw.dtype)
        total = np.zeros(segments * chunks * chunk, dw.dtype)
        for start in range(0, n, some):
            winners = 0
            for m in range(start, min(n, start + some)):
                at = (m * filters + o) * windows
                winners = find(bits, gradient, at, seen, m * (windows + 1), m * (windows + 1) + count[m], m * each, where, paid, winners)
            for segment in range(segments):
                for at in range(segment * chunks * chunk, (segment + 1) * chunks * chunk, chunk):
                    shift = at + segment * (wide * deep - chunks * chunk)
                    one, other = zero(), zero()  # two sums under way, so that none waits for the other
                    for e in range(0, winners - 1, 2):
                        one = accumulate(one, paid, e, images, where[e] + shift)
                        other = accumulate(other, paid, e + 1, images, where[e + 1] + shift)
                    if winners % 2:
                        one = accumulate(one, paid, winners - 1, images, where[winners - 1] + shift)
                    store(add(load(total, at), add(one, other)), total, at, 0)
        for i in range(kh):
            row = i // below * chunks * chunk + i % below * maps
            for j in range(kw):
                tap = (kh - 1 - i) * kw + kw - 1 - j if flip else i * kw + j
                for c in range(maps):
                    put(dw, (o * maps + c) * kh * kw + tap, get(total, row + j * deep + c))

    images_laid_out, filters_done = shared_out(lay_out), shared_out(of_filter)

    @kernel
    def gradient_to_weight(x, bits, gradient, w):
        n = len(x)
        dw = np.empty(w.shape, w.dtype)
        images = aligned(n * each, w)
        seen, count = np.empty(n * (windows + 1), np.int64), np.empty(n, np.int64)
        images_laid_out(n, (np.ascontiguousarray(x).reshape(-1), images, seen, count))
        won, paid = bits.reshape(-1), np.ascontiguousarray(gradient).reshape(-1)
        filters_done(filters, (images, seen, count, won, paid, dw.reshape(-1)))
        return dw

    return gradient_to_weight


def make_gradient_to_input(g: Geometry):
    """Return ``gradient(w, bits, gradient, x) -> dx``, (n, maps, height, width).

    Loops: images, shared out to threads; filters; rows of a patch, of which the filter's taps stay in registers;
    winners, to whose patch they are added.
    """
    maps, height, width, filters, kh, kw, flip = g.maps, g.height, g.width, g.filters, g.kh, g.kw, g.flip
    (tall, wide), (top, left), (ph, pw), windows, lanes = g.extent, g.pad, g.pooled, g.windows, g.lanes
    vectors = -(-kw * maps // lanes)
    chunks = -(-vectors // (processor()[1] // 2))
    chunk = -(-vectors // chunks) * lanes
    # Down the columns: what is added to a row of the image was stored a while ago.
    order = np.array([py * pw + px for px in range(pw) for py in range(ph)])
    places = len(g.places)
    find = make_finder(g, maps)
    taps = tile(g.dtype, lanes, (0,), tuple(range(0, chunk, lanes)), spread=True)
    load, scatter = taps.load, taps.scatter

    @kernel
    def of_image(n, packed, bits, gradient, dx):
        where, paid = np.empty(windows * places + 1, np.int64), np.empty(windows * places + 1, dx.dtype)
        image = aligned(tall * wide * maps + chunks * chunk, packed)
        image[:] = 0
        for o in range(filters):
            winners = find(bits, gradient, (n * filters + o) * windows, order, 0, windows, 0, where, paid, 0)
            for i in range(kh):
                for part in range(chunks):
                    row = load(packed, ((o * kh + i) * chunks + part) * chunk)
                    shift = i * wide * maps + part * chunk
                    for e in range(winners):
                        scatter(row, paid, e, image, where[e] + shift)
        for c in range(maps):
            for y in range(height):
                to = ((n * maps + c) * height + y) * width
                if 0 <= y + top < tall:
                    for z in range(min(width, wide - left)):
                        put(dx, to + z, get(image, ((y + top) * wide + z + left) * maps + c))
                    for z in range(min(width, wide - left), width):
                        dx[to + z] = 0
                else:
                    dx[to : to + width] = 0

    @kernel
    def pack_taps(o, w, packed):
        for i in range(kh):
            to = (o * kh + i) * chunks * chunk
            packed[to : to + chunks * chunk] = 0
            for j in range(kw):
                tap = (kh - 1 - i) * kw + kw - 1 - j if flip else i * kw + j
                for c in range(maps):
                    put(packed, to + j * maps + c, get(w, (o * maps + c) * kh * kw + tap))

    images_done, taps_packed = shared_out(of_image), shared_out(pack_taps)

    @kernel
    def gradient_to_input(w, bits, gradient, x):
        packed = aligned(filters * kh * chunks * chunk, w)
        taps_packed(filters, (np.ascontiguousarray(w).reshape(-1), packed))
        dx = np.empty(x.shape, w.dtype)
        images_done(len(x), (packed, bits.reshape(-1), np.ascontiguousarray(gradient).reshape(-1), dx.reshape(-1)))
        return dx

    return gradient_to_input
