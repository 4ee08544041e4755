"""Copies with strides, and fills, as functions that are inlined into kernels.

LLVM's loop unrolling is off, and in short loops the loop overhead would cost as much as the copies: so they are
unrolled by hand, by four.
"""


def move(to, i, to_step, source, j, source_step, count):
    """Set to[i + k * to_step] to source[j + k * source_step], for k below `count`. Inlined into kernels."""
    if source_step == 1 and to_step == 1:
        for k in range(count):
            to[i + k] = source[j + k]
        return
    unrolled = count - count % 4
    for k in range(0, unrolled, 4):
        p, q = i + k * to_step, j + k * source_step
        to[p] = source[q]
        to[p + to_step] = source[q + source_step]
        to[p + 2 * to_step] = source[q + 2 * source_step]
        to[p + 3 * to_step] = source[q + 3 * source_step]
    for k in range(unrolled, count):
        to[i + k * to_step] = source[j + k * source_step]


def fill(to, i, count, value):
    """Set `count` elements from to[i] on to `value`. Inlined into kernels."""
    for k in range(i, i + count):
        to[k] = value
