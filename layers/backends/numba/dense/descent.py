"""A step of gradient descent for a layer's weights, w <- old w + new x' d, of which the gradient x' d is never kept.

Loops: rows of w, shared out to threads; examples, so many that their deltas stay in the cache; columns; examples,
over which the sums of some rows stay in registers. 2 * batch * n_in * n_out floating-point operations; the weights
are read and written once for each `TERMS` / 2 examples.
"""

import numpy as np

from ..kernel import kernel, written_out
from ..memory import aligned
from ..sharing import shared_out
from ..simd import offsets, processor, tile
from .sizes import TERMS, Sizes, cycles

PARTS = 24  # at least, where there are as many rows
EXAMPLES = TERMS // 2


def make_descent(s: Sizes, inplace: bool):
    """Return ``descend(w, x, d, old, new)``, the next w, (n_in, n_out); in its place, where that is contiguous."""
    n, n_in, n_out, lanes = s.batch, s.n_in, s.n_out, s.lanes
    starts = offsets(n_out, lanes)
    # No number is added to twice: the last vector may overlap the one before, but only within its panel.
    count = len(starts)
    fitting = [
        (wide, high)
        for wide in range(1, min(count, processor()[1] - 3) + 1)
        if (count - 1) % wide + 1 >= min(2, count)
        for high in range(1, s.rows(wide) + 1)
        if n_in % high == 0
    ]
    wide, high = min(fitting, key=lambda sizes: -(-count // sizes[0]) * cycles(*sizes) / sizes[1])
    blocks = n_in // high
    together = max(1, blocks // PARTS)
    pitch = count * lanes
    span, last_column = wide * lanes, starts[(count - 1) // wide * wide]
    regular = _make_columns(s, high, tuple(range(0, span, lanes)), pitch)
    last = _make_columns(s, high, tuple(start - last_column for start in starts if start >= last_column), pitch)

    @kernel
    def some_rows(part, w, x, deltas, old, new):
        for first in range(0, n, EXAMPLES):
            keep = old if first == 0 else w.dtype.type(1)
            for b in range(part * together, min(blocks, (part + 1) * together)):
                for column in range(0, last_column, span):
                    regular(w, x, deltas, keep, new, b * high, column, first)
                last(w, x, deltas, keep, new, b * high, last_column, first)

    rows_done = shared_out(some_rows)
    row_of = tile(s.dtype, lanes, (0,), starts, spread=True)
    load_row, add_row = row_of.load, row_of.add_to

    @kernel
    def descend(w, x, d, old, new):
        changed = np.ascontiguousarray(w) if inplace else w.copy()
        flat = np.ascontiguousarray(x).reshape(-1), np.ascontiguousarray(d).reshape(-1)
        deltas = aligned(n * pitch, w)  # whole vectors, none across two lines of the cache
        deltas[:] = 0
        for k in range(n):
            add_row(load_row(flat[1], k * n_out), deltas, k * pitch)
        rows_done(-(-blocks // together), (changed.reshape(-1), flat[0], deltas, old.item(), new.item()))
        return changed

    return descend


def _make_columns(s: Sizes, high: int, onto: tuple[int, ...], pitch: int):
    """Return what is done for `high` rows of some columns, at `onto` in w, and the examples from `first` on."""
    n, n_in, n_out = s.batch, s.n_in, s.n_out
    right = tuple(range(0, len(onto) * s.lanes, s.lanes))
    sums = tile(s.dtype, s.lanes, tuple(range(high)), right, spread=True, onto=onto)
    zero, accumulate, blend = sums.zero, sums.accumulate, sums.blend

    @written_out
    def columns(w, x, deltas, keep, new, row, column, first):
        total = zero()
        for k in range(first, min(n, first + EXAMPLES)):
            total = accumulate(total, x, k * n_in + row, deltas, k * pitch + column)
        blend(total, w, row * n_out + column, n_out, keep, new)

    return columns
