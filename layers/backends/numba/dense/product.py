"""The weighted sums of a layer, x w.

Loops: inputs, `TERMS` at a time; columns of w, some vectors at a time; examples, some at a time; inputs, over which
the sums stay in registers. Threads share out the inputs of a small batch, so that each always reads the same weights,
and the columns and examples of a large one. 2 * batch * n_in * n_out floating-point operations; the weights are read
once for each block of examples.
"""

import numpy as np

from ..kernel import kernel
from ..sharing import shared_out
from ..simd import aligned, tile
from .sizes import TERMS, Sizes, cycles, offsets

SMALL = 1 << 17  # numbers at most that are sums of some inputs only


def make_product(s: Sizes):
    """Return ``product(x, w)``, of shape (batch, n_out)."""
    n, n_in, n_out, lanes = s.batch, s.n_in, s.n_out, s.lanes
    vectors = -(-n_out // lanes)

    def cost(wide):
        high = min(n, s.rows(wide))
        return -(-vectors // wide) * -(-n // high) * cycles(wide, high)

    wide = min(range(1, vectors + 1), key=cost)
    high = min(n, s.rows(wide))
    right = offsets(n_out, lanes) if wide == vectors else tuple(range(0, wide * lanes, lanes))
    blocks, panels = -(-n // high), -(-vectors // wide)
    last = max(0, n_out - wide * lanes)  # where the last panel begins, even if it does some columns again
    sums = tile(s.dtype, lanes, tuple(t * n_in for t in range(high)), right, spread=True)
    zero, accumulate, add, store = sums.zero, sums.accumulate, sums.add, sums.store
    spans, size = -(-n_in // TERMS), n * n_out

    @kernel
    def some_inputs(span, x, w, found):
        """The sums of TERMS inputs, for all examples and columns, into a place of their own."""
        for column in range(0, panels * wide * lanes, wide * lanes):
            column = min(column, last)
            for row in range(0, blocks * high, high):
                row = min(row, n - high)
                total = zero()
                for k in range(span * TERMS, min(n_in, (span + 1) * TERMS)):
                    total = accumulate(total, x, row * n_in + k, w, k * n_out + column)
                store(total, found, span * size + row * n_out + column, n_out)

    @kernel
    def block(part, x, w, out):
        """The sums of all inputs, for some examples and columns."""
        column, row = min(part // blocks * wide * lanes, last), min(part % blocks * high, n - high)
        total = zero()
        for some in range(0, n_in, TERMS):
            of_some = zero()
            for k in range(some, min(n_in, some + TERMS)):
                of_some = accumulate(of_some, x, row * n_in + k, w, k * n_out + column)
            total = add(total, of_some)
        store(total, out, row * n_out + column, n_out)

    inputs_done, blocks_done = shared_out(some_inputs), shared_out(block)

    @kernel
    def by_inputs(x, w):
        found = np.empty((spans, size), w.dtype)
        flat = np.ascontiguousarray(x).reshape(-1), np.ascontiguousarray(w).reshape(-1)
        inputs_done(spans, (flat[0], flat[1], found.reshape(-1)))
        total = found[0]
        for k in range(1, spans):
            total += found[k]
        return total.copy().reshape(n, n_out)

    @kernel
    def by_blocks(x, w):
        out = np.empty((n, n_out), w.dtype)
        flat = np.ascontiguousarray(x).reshape(-1), np.ascontiguousarray(w).reshape(-1)
        blocks_done(blocks * panels, (flat[0], flat[1], out.reshape(-1)))
        return out

    return by_inputs if spans * size <= SMALL else by_blocks


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
