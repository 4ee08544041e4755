"""Numbers moved from one layout to another, as part of a kernel.

LLVM is told to unroll no loops, and in so short ones counting would cost as much as moving: four at a time.
"""


def move(to, i, to_step, source, j, source_step, count):
    """Set to[i + k * to_step] to source[j + k * source_step], for k up to `count`. Written out in kernels."""
    if source_step == 1 and to_step == 1:
        for k in range(count):
            to[i + k] = source[j + k]
        return
    whole = count - count % 4
    for k in range(0, whole, 4):
        p, q = i + k * to_step, j + k * source_step
        to[p] = source[q]
        to[p + to_step] = source[q + source_step]
        to[p + 2 * to_step] = source[q + 2 * source_step]
        to[p + 3 * to_step] = source[q + 3 * source_step]
    for k in range(whole, count):
        to[i + k * to_step] = source[j + k * source_step]


def fill(to, i, count, value):
    """Set `count` numbers from to[i] on to `value`. Written out in kernels."""
    for k in range(i, i + count):
        to[k] = value
