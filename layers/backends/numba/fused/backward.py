"""The gradients of convolution with max-pooling, from the bits of the winners.

Only the places that won have a gradient, and of those only the ones whose window's gradient is not 0: with rectified
linear neurons one in eight or fewer. So both gradients go through the winners one by one. Images lie with their maps
last, where the patch under a filter is a few long rows: 2 * maps * kh * kw floating-point operations a winner.
"""

import numpy as np

from ..kernel import kernel, written_out
from ..memory import aligned, get, put
from ..sharing import shared_out
from ..simd import processor, tile
from .geometry import Geometry

NUMBERS = 6000  # of images that are gone through filter by filter: they stay in the first cache
PARTS = 10  # that the filters are shared out in


def make_finder(g: Geometry):
    """Return ``find(bits, gradient, at, windows, begin, end, image, where, paid, count) -> count``.

    It adds, of windows[begin:end], of the map that begins at `at` in the flat arrays bits and gradient: where each
    place that won lies in the image that begins at `image`, its maps last, and its gradient, unless that is 0.
    """
    (ph, pw), (down, right), wide, maps = g.pooled, g.step, g.extent[1], g.maps
    base = np.array([(py * down * wide + px * right) * maps for py in range(ph) for px in range(pw)])
    offsets = [(g.stride[0] * a * wide + g.stride[1] * b) * maps for a, b in g.places]
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

    Loops: filters, shared out to threads some at a time; images, so many that they stay in the first cache; filters;
    rows of a patch, some at a time; winners, over which the sums of those rows' taps stay in registers.
    """
    maps, height, width, filters, kh, kw, flip = g.maps, g.height, g.width, g.filters, g.kh, g.kw, g.flip
    (tall, wide), (top, left), pw, (down, right) = g.extent, g.pad, g.pooled[1], g.step
    (rows, columns), windows, places, lanes = g.reach, g.windows, len(g.places), g.lanes
    while 2 * kw * maps <= lanes > 4:
        lanes //= 2  # a row fills no more than half a vector
    most = (processor()[1] - 4) // 2  # two sums are under way
    vectors = -(-kw * maps // lanes)
    chunks = -(-vectors // most)
    vectors = -(-vectors // chunks)
    together = max(r for r in range(1, kh + 1) if kh % r == 0 and (r == 1 or (r * vectors <= most and chunks == 1)))
    chunk = vectors * lanes
    pitch = together * chunk  # of the sums that are in registers at once
    each = -(-(tall * wide * maps + chunks * chunk) // lanes) * lanes  # an image, and how far beyond it a row is read
    some = max(1, NUMBERS // each)
    of_filter = kh // together * chunks * pitch
    block = max(1, filters // PARTS)
    find = make_finder(g)
    offsets = tuple(r * wide * maps + v for r in range(together) for v in range(0, chunk, lanes))
    sums = tile(g.dtype, lanes, (0,), offsets, spread=True)
    zero, accumulate, add, add_to = sums.zero, sums.accumulate, sums.add, sums.add_to

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
            for y in range(max(0, top), min(tall, top + height)):
                source = ((n * maps + c) * height + y - top) * width
                to = n * each + (y * wide + left) * maps + c
                for z in range(min(width, wide - left)):
                    put(images, to + z * maps, get(x, source + z))
        found = 0
        for q in range(windows):
            put(seen, n * (windows + 1) + found, q)
            found += not blank(x, n, q)
        count[n] = found

    @kernel
    def some_filters(part, images, seen, count, bits, gradient, dw):
        n, begin, end = len(count), part * block, min(filters, (part + 1) * block)
        where, paid = np.empty(some * windows * places + 1, np.int64), np.empty(some * windows * places + 1, dw.dtype)
        total = np.zeros(block * of_filter, dw.dtype)
        for start in range(0, n, some):
            for o in range(begin, end):
                winners = 0
                for m in range(start, min(n, start + some)):
                    at, first = (m * filters + o) * windows, m * (windows + 1)
                    winners = find(bits, gradient, at, seen, first, first + count[m], m * each, where, paid, winners)
                to = (o - begin) * of_filter
                for i in range(0, kh, together):
                    for shift in range(i * wide * maps, i * wide * maps + chunks * chunk, chunk):
                        one, other = zero(), zero()  # two sums under way, so that none waits for the other
                        for e in range(0, winners - 1, 2):
                            one = accumulate(one, paid, e, images, get(where, e) + shift)
                            other = accumulate(other, paid, e + 1, images, get(where, e + 1) + shift)
                        if winners % 2:
                            one = accumulate(one, paid, winners - 1, images, get(where, winners - 1) + shift)
                        add_to(add(one, other), total, to)
                        to += pitch
        for o in range(begin, end):
            for i in range(kh):
                row = (o - begin) * of_filter + i // together * chunks * pitch + i % together * chunk
                for j in range(kw):
                    tap = (kh - 1 - i) * kw + kw - 1 - j if flip else i * kw + j
                    for c in range(maps):
                        put(dw, (o * maps + c) * kh * kw + tap, get(total, row + j * maps + c))

    images_laid_out, filters_done = shared_out(lay_out), shared_out(some_filters)

    @kernel
    def gradient_to_weight(x, bits, gradient, w):
        n = len(x)
        dw = np.empty(w.shape, w.dtype)
        images = aligned(n * each, w)
        seen, count = np.empty(n * (windows + 1), np.int64), np.empty(n, np.int64)
        images_laid_out(n, (np.ascontiguousarray(x).reshape(-1), images, seen, count))
        won, paid = bits.reshape(-1), np.ascontiguousarray(gradient).reshape(-1)
        filters_done(-(-filters // block), (images, seen, count, won, paid, dw.reshape(-1)))
        return dw

    return gradient_to_weight


def make_gradient_to_input(g: Geometry):
    """Return ``gradient(w, bits, gradient, x) -> dx``, (n, maps, height, width).

    Loops: images, shared out to threads; filters; rows of a patch, of which the filter's taps stay in registers;
    winners, to whose patch they are added.
    """
    maps, height, width, filters, kh, kw, flip = g.maps, g.height, g.width, g.filters, g.kh, g.kw, g.flip
    (tall, wide), (top, left), (ph, pw), windows, lanes = g.extent, g.pad, g.pooled, g.windows, g.lanes
    places = len(g.places)
    vectors = -(-kw * maps // lanes)
    chunks = -(-vectors // (processor()[1] // 2))
    chunk = -(-vectors // chunks) * lanes
    # Down the columns: what is added to a row of the image was stored a while ago.
    order = np.array([py * pw + px for px in range(pw) for py in range(ph)])
    find = make_finder(g)
    taps = tile(g.dtype, lanes, (0,), tuple(range(0, chunk, lanes)), spread=True)
    load, scatter = taps.load, taps.scatter

    @kernel
    def of_image(n, packed, bits, gradient, dx):
        where, paid = np.empty(windows * places + 1, np.int64), np.empty(windows * places + 1, dx.dtype)
        image = aligned(tall * wide * maps + chunks * chunk, packed)
        image[:] = 0
        for o in range(filters):
            winners = find(bits, gradient, (n * filters + o) * windows, order, 0, windows, 0, where, paid, 0)
            for e in range(winners):
                value = get(paid, e)
                if value - value != 0:  # NaN or infinite: a vector would carry it beyond the row, as NaN times 0
                    for i in range(kh):
                        for k in range(kw * maps):
                            tap = get(packed, (o * kh + i) * chunks * chunk + k)
                            image[get(where, e) + i * wide * maps + k] += value * tap
                    put(paid, e, paid.dtype.type(0))
            for i in range(kh):
                for part in range(chunks):
                    row = load(packed, ((o * kh + i) * chunks + part) * chunk)
                    shift = i * wide * maps + part * chunk
                    for e in range(winners):
                        scatter(row, paid, e, image, get(where, e) + shift)
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
