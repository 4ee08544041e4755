"""The weighted sums of a layer, x w, and the gradient to its input, d w'.

2 * batch * n_in * n_out floating-point operations each.
"""

import numpy as np

from ..kernel import kernel
from ..memory import aligned, get, put
from ..sharing import shared_out
from ..simd import offsets, tile
from .sizes import TERMS, Sizes, cycles

CACHE = 1 << 20  # bytes of weights that stay in a processor's second cache


def make_product(s: Sizes):
    """Return ``product(x, w)``, of shape (batch, n_out)."""
    return _make_by_inputs(s) if s.batch <= s.rows(1) else _make_by_blocks(s)


def _best_tile(s: Sizes, widest: int) -> tuple[int, int]:
    """Return how many vectors of how many examples are summed up at a time."""
    vectors = -(-s.n_out // s.lanes)

    def cost(wide):
        high = min(s.batch, s.rows(wide))
        return -(-vectors // wide) * -(-s.batch // high) * cycles(wide, high)

    wide = min(range(1, widest + 1), key=cost)
    return wide, min(s.batch, s.rows(wide))


def _make_by_inputs(s: Sizes):
    """For a small batch: threads share out the inputs, so that each always finds the same weights in its cache.

    Loops: inputs, 2 * `TERMS` at a time at most; columns of w, some vectors at a time; examples, some at a time;
    inputs, over which the sums stay in registers. The sums of all inputs are added up at the end.
    """
    n, n_in, n_out, lanes = s.batch, s.n_in, s.n_out, s.lanes
    vectors = -(-n_out // lanes)
    wide, high = _best_tile(s, vectors)
    right = offsets(n_out, lanes) if wide == vectors else tuple(range(0, wide * lanes, lanes))
    span, last = wide * lanes, max(0, n_out - wide * lanes)  # the last panel may do some columns again
    panels, blocks, size = -(-vectors // wide), -(-n // high), n * n_out
    parts = -(-n_in // (2 * TERMS))
    parts += parts % 2 if parts > 1 else 0  # two threads have the same to do
    terms = -(-n_in // parts)
    sums = tile(s.dtype, lanes, tuple(t * n_in for t in range(high)), right, spread=True)
    zero, accumulate, store = sums.zero, sums.accumulate, sums.store

    @kernel
    def some_inputs(part, x, w, found):
        for panel in range(panels):
            column = min(panel * span, last)
            for block in range(blocks):
                row = min(block * high, n - high)
                total = zero()
                for k in range(part * terms, min(n_in, (part + 1) * terms)):
                    total = accumulate(total, x, row * n_in + k, w, k * n_out + column)
                store(total, found, part * size + row * n_out + column, n_out)

    inputs_done = shared_out(some_inputs)

    @kernel
    def product(x, w):
        found = np.empty(parts * size, w.dtype)
        inputs_done(parts, (np.ascontiguousarray(x).reshape(-1), np.ascontiguousarray(w).reshape(-1), found))
        out = np.empty((n, n_out), w.dtype)
        flat = out.reshape(-1)
        for i in range(size):
            put(flat, i, get(found, i))
        for at in range(size, parts * size, size):
            for i in range(size):
                put(flat, i, get(flat, i) + get(found, at + i))
        return out

    return product


def _make_by_blocks(s: Sizes):
    """For a large batch: threads share out blocks of examples and columns, with the weights laid out for them.

    Loops: columns of w, some vectors at a time, and examples, some at a time; inputs, over which the sums stay in
    registers. The weights are read once for each block of examples, in whole lines of the cache.
    """
    n, n_in, n_out, lanes = s.batch, s.n_in, s.n_out, s.lanes
    vectors = -(-n_out // lanes)
    wide, high = _best_tile(s, vectors if n_out % lanes == 0 else max(1, vectors - 1))
    span, last = wide * lanes, n_out - wide * lanes  # the last panel may do some columns again
    panels, blocks, parts = -(-vectors // wide), -(-n // high), -(-n_in // TERMS)
    columns_first = n_in * n_out * np.dtype(s.dtype).itemsize > CACHE
    sums = tile(s.dtype, lanes, tuple(t * n_in for t in range(high)), tuple(range(0, span, lanes)), spread=True)
    zero, accumulate, add, store = sums.zero, sums.accumulate, sums.add, sums.store
    row_of = tile(s.dtype, lanes, (0,), tuple(range(0, span, lanes)), spread=True)
    load_row, store_row = row_of.load, row_of.store

    @kernel
    def lay_out(part, w, packed):
        for panel in range(panels):
            column = min(panel * span, last)
            for k in range(part * TERMS, min(n_in, (part + 1) * TERMS)):
                store_row(load_row(w, k * n_out + column), packed, (panel * n_in + k) * span, 0)

    @kernel
    def block(part, x, packed, out):
        panel, row = (part // blocks, part % blocks) if columns_first else (part % panels, part // panels)
        row = min(row * high, n - high)
        total = zero()
        for some in range(0, n_in, TERMS):
            of_some = zero()
            for k in range(some, min(n_in, some + TERMS)):
                of_some = accumulate(of_some, x, row * n_in + k, packed, (panel * n_in + k) * span)
            total = add(total, of_some)
        store(total, out, row * n_out + min(panel * span, last), n_out)

    laid_out, blocks_done = shared_out(lay_out), shared_out(block)

    @kernel
    def product(x, w):
        packed = aligned(panels * n_in * span, w)
        laid_out(parts, (np.ascontiguousarray(w).reshape(-1), packed))
        out = np.empty((n, n_out), w.dtype)
        blocks_done(blocks * panels, (np.ascontiguousarray(x).reshape(-1), packed, out.reshape(-1)))
        return out

    return product


def make_product_with_transposed(s: Sizes):
    """Return ``product(d, w)``, d times w transposed, of shape (batch, n_in): the gradient to a layer's input.

    The examples lie side by side in vectors; each weight is read once for all of them.
    """
    n, n_in, n_out, lanes = s.batch, s.n_in, s.n_out, s.lanes
    vectors = -(-n // lanes)
    wide = min(vectors, 4)
    panels = -(-vectors // wide)
    high = min(n_in, s.rows(wide))
    blocks = -(-n_in // high)
    together = max(1, 256 // high)  # blocks that are one part
    parts = -(-blocks // together)
    pitch, span = panels * wide * lanes, wide * lanes
    sums = tile(s.dtype, lanes, tuple(t * n_out for t in range(high)), tuple(range(0, span, lanes)), spread=True)
    zero, accumulate, store = sums.zero, sums.accumulate, sums.store

    @kernel
    def some_blocks(part, d, w, out):
        first, example = part % parts * together, part // parts * span
        found = np.empty(high * span, out.dtype)
        for b in range(first, min(blocks, first + together)):
            row = min(b * high, n_in - high)
            total = zero()
            for k in range(n_out):
                total = accumulate(total, w, row * n_out + k, d, k * pitch + example)
            store(total, found, 0, span)
            for k in range(min(span, n - example)):
                for t in range(high):
                    out[(example + k) * n_in + row + t] = found[t * span + k]

    blocks_done = shared_out(some_blocks)

    @kernel
    def product(d, w):
        out = np.empty((n, n_in), w.dtype)
        turned = aligned(n_out * pitch, w)
        for k in range(n_out):
            for example in range(n):
                turned[k * pitch + example] = d[example, k]
            turned[k * pitch + n : (k + 1) * pitch] = 0
        blocks_done(parts * panels, (turned, np.ascontiguousarray(w).reshape(-1), out.reshape(-1)))
        return out

    return product
