"""Dropout masks: one pass over the generator's blocks, two elements from each."""

from collections.abc import Callable

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, kernel, scratch
from network3.layers.ops.dropout_mask import PARITY, ROTATIONS

PART = 2048  # blocks per part
TOGETHER = 256  # blocks whose words are generated before they are compared


@kernel
def dropout_mask(dtype: str) -> Callable[..., None]:
    """Compute 1 where a draw is below `threshold`, else 0: bit for bit the result of the Op's `perform`.

    state, int32 : seed, stream and step; y : (size,). Parts: `per` blocks, of which there are half of size, rounded up.
    """
    one, zero = np.dtype(dtype).type(1), np.dtype(dtype).type(0)

    def dropout_mask(part, state: Array("int32"), y: Array(dtype), size: Int, threshold: Int, per: Int):
        words, other_words = scratch(TOGETHER, "uint32"), scratch(TOGETHER, "uint32")
        half, kept = (size + 1) // 2, np.uint32(threshold)
        seed, stream, step = np.uint32(state[0]), np.uint32(state[1]), np.uint32(state[2])
        end = min(half, (part + 1) * per)
        for first in range(part * per, end, TOGETHER):
            count = min(TOGETHER, end - first)
            for i in range(count):
                words[i], other_words[i] = threefry2x32(seed, stream, step, np.uint32(first + i))
            for i in range(count):
                y[first + i] = one if words[i] >> 8 < kept else zero
            for i in range(min(count, size - half - first)):  # if size is odd, the last block gives one element
                y[half + first + i] = one if other_words[i] >> 8 < kept else zero

    return dropout_mask


def threefry2x32(key0, key1, counter0, counter1):
    """Return two random words: `network3.layers.ops.dropout_mask.threefry2x32` with its loops unrolled."""
    key2 = key0 ^ key1 ^ np.uint32(PARITY)
    a, b = counter0 + key0, counter1 + key1
    a, b = _rounds(a, b, ROTATIONS[0], key1, key2, np.uint32(1))
    a, b = _rounds(a, b, ROTATIONS[1], key2, key0, np.uint32(2))
    a, b = _rounds(a, b, ROTATIONS[0], key0, key1, np.uint32(3))
    a, b = _rounds(a, b, ROTATIONS[1], key1, key2, np.uint32(4))
    return _rounds(a, b, ROTATIONS[0], key2, key0, np.uint32(5))


def _rounds(a, b, rotations, one_key, other_key, count):
    """Return two words after four rounds and the addition of the keys."""
    a, b = _round(a, b, rotations[0])
    a, b = _round(a, b, rotations[1])
    a, b = _round(a, b, rotations[2])
    a, b = _round(a, b, rotations[3])
    return a + one_key, b + other_key + count


def _round(a, b, rotation):
    total = a + b
    return total, ((b << rotation) | (b >> (32 - rotation))) ^ total
