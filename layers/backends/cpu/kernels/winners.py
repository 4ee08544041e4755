"""The winners of max-pooling: the positions in windows that receive a gradient, from the bits of the forward pass.

Only the positions with the maximum receive a gradient, and of those only the ones whose window's gradient is not 0:
with rectified linear neurons one in eight or fewer. Both gradients of a convolution process them one by one.
"""

from collections.abc import Callable

import numpy as np

from .geometry import Geometry


def make_finder(g: Geometry) -> Callable[..., int]:
    """Return ``find(bits, gradient, at, windows, begin, end, image, where, received, count) -> count``.

    For windows[begin:end] of the map that begins at `at` in the flat arrays bits and gradient, it appends to `where`
    the index of each winner in the image that begins at `image`, maps last, and to `received` its gradient, unless it
    is 0. Both arrays need room for one more element.
    """
    (ph, pw), (down, right), wide, maps = g.pooled, g.step, g.extent[1], g.maps
    base = np.array([(py * down * wide + px * right) * maps for py in range(ph) for px in range(pw)])
    offsets = [(g.stride[0] * a * wide + g.stride[1] * b) * maps for a, b in g.places]
    # The first winner of each set of bits; most sets have one winner.
    first = np.array([0] + [offsets[(bits & -bits).bit_length() - 1] for bits in range(1, 1 << len(offsets))])
    single = len(g.places) == 1
    one = np.int32(1)

    def find(bits, gradient, at, windows, begin, end, image, where, received, count):
        for t in range(begin, end):
            q = windows[t]
            value = gradient[at + q]
            won = one if single else bits[at + q]
            here = image + base[q]
            where[count] = here + first[won]
            received[count] = value
            # The comparison is added, without a branch, which would be mispredicted every other time.
            count += (value != 0) & (won != 0)
            won &= won - one
            while won != 0:
                where[count] = here + first[won]
                received[count] = value
                count += value != 0
                won &= won - one
        return count

    return find
