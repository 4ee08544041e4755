"""The winners of max-pooling: the places of windows that receive a gradient, found from the bits of the forward pass.

Only the places that have the largest value receive a gradient, and of those only the ones whose window's gradient is
not 0: with rectified linear neurons one in eight or fewer. Both gradients of a convolution go through them one by one.
"""

from collections.abc import Callable

import numpy as np

from .geometry import Geometry


def make_finder(g: Geometry) -> Callable[..., int]:
    """Return ``find(bits, gradient, at, windows, begin, end, image, where, received, count) -> count``.

    It adds, of windows[begin:end] of the map that begins at `at` in the flat arrays bits and gradient: where each
    winner lies in the image that begins at `image`, its maps last, and the gradient that it receives, unless that is 0.
    Both arrays must have room for one more than there are.
    """
    (ph, pw), (down, right), wide, maps = g.pooled, g.step, g.extent[1], g.maps
    base = np.array([(py * down * wide + px * right) * maps for py in range(ph) for px in range(pw)])
    offsets = [(g.stride[0] * a * wide + g.stride[1] * b) * maps for a, b in g.places]
    # For each set of winners the first of them; most sets have one.
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
            # Whether the gradient is 0 is counted, not asked: a branch would be mispredicted every other time.
            count += (value != 0) & (won != 0)
            won &= won - one
            while won != 0:
                where[count] = here + first[won]
                received[count] = value
                count += value != 0
                won &= won - one
        return count

    return find
