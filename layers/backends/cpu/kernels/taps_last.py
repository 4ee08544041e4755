"""Gradients of filters, one tap after the other in vectors, as they are stored: a filter's taps adjacent."""

from collections.abc import Callable

from network3.layers.backends.cpu.processor import lanes_of, offsets

from .transposed import Block


def taps_length(count: int, lanes: int) -> int:
    """Return the elements of the arrays of `taps_last`, which reads and writes whole blocks of vectors."""
    return (count + 2 * max(0, lanes - count)) * lanes


def make_taps_last(dtype: str, count: int) -> Callable[..., None]:
    """Return ``taps_last(to, i, stride, taps, flip)``.

    It sets to[i + m * stride + k] to element m of the k-th of `count` vectors, or of the k-th from the end if `flip` is
    not 0. The vectors are in the middle of `taps`. Of the elements after to[i + m * stride + count - 1], some are
    overwritten: those up to to[i + m * stride + lanes - 1].
    """
    lanes = lanes_of(dtype)
    block, beyond = Block(dtype, lanes), max(0, lanes - count)
    starts = offsets(count, lanes) if lanes <= count else (0,)

    def taps_last(to, i, stride, taps, flip):
        first, step = beyond * lanes, lanes
        if flip != 0:
            first, step = first + (count - 1) * lanes, -lanes
        for k in range(len(starts)):
            block.transpose(to, i + starts[k], stride, taps, first + starts[k] * step, step)

    return taps_last
