"""Gradients of 3 x 3 filters, one tap after the other in vectors, as they are stored: the taps of a filter adjacent."""

from collections.abc import Callable

from network3.layers.backends.cpu.processor import lanes_of, offsets

from .transposed import Block
from .winograd_transforms import TAPS

COUNT = TAPS * TAPS


def taps_length(lanes: int) -> int:
    """Return the elements of the arrays of `taps_last`, which reads and writes whole blocks of vectors."""
    return (COUNT + 2 * max(0, lanes - COUNT)) * lanes


def make_taps_last(dtype: str) -> Callable[..., None]:
    """Return ``taps_last(to, i, stride, taps, flip)``.

    It sets to[i + m * stride + k] to element m of the k-th of nine vectors, or of the (8 - k)-th if `flip` is not 0.
    The vectors are in the middle of `taps`. Of the elements after to[i + m * stride + 8], some are overwritten: those
    up to to[i + m * stride + lanes - 1].
    """
    lanes = lanes_of(dtype)
    block, beyond = Block(dtype, lanes), max(0, lanes - COUNT)
    starts = offsets(COUNT, lanes) if lanes <= COUNT else (0,)

    def taps_last(to, i, stride, taps, flip):
        first, step = beyond * lanes, lanes
        if flip != 0:
            first, step = first + (COUNT - 1) * lanes, -lanes
        for k in range(len(starts)):
            block.transpose(to, i + starts[k], stride, taps, first + starts[k] * step, step)

    return taps_last
