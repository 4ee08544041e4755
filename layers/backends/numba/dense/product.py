"""The weighted sums of a layer, x w.

Loops: columns of w, some vectors at a time, and examples, both shared out to threads; inputs, over which the sums
stay in registers. 2 * batch * n_in * n_out floating-point operations; the weights are read once for each block of
examples.
"""

import numpy as np

from ..kernel import kernel
from ..sharing import shared_out
from ..simd import aligned, tile
from .sizes import TERMS, Sizes, offsets


def make_product(s: Sizes):
    """Return ``product(x, w)``, of shape (batch, n_out)."""
    n, n_in, n_out, lanes = s.batch, s.n_in, s.n_out, s.lanes
    vectors = -(-n_out // lanes)

    def cost(wide):
        """Vectors worked on in all, more where few sums share what is read."""
        high = min(n, s.rows(wide))
        return -(-vectors // wide) * wide * -(-n // high) * high * (1 + 1 / wide + 1 / high)

    wide = min(range(1, min(vectors, 8) + 1), key=cost)
    high = min(n, s.rows(wide))
    right = offsets(n_out, lanes) if wide == vectors else tuple(range(0, wide * lanes, lanes))
    blocks, panels = -(-n // high), -(-vectors // wide)
    last = max(0, n_out - wide * lanes)  # where the last panel begins, even if it does some columns again
    sums = tile(s.dtype, lanes, tuple(t * n_in for t in range(high)), right, spread=True)
    zero, accumulate, add, store = sums.zero, sums.accumulate, sums.add, sums.store

    @kernel
    def block(part, x, w, out):
        column, row = min(part // blocks * wide * lanes, last), min(part % blocks * high, n - high)
        total = zero()
        for some in range(0, n_in, TERMS):
            of_some = zero()
            for k in range(some, min(n_in, some + TERMS)):
                of_some = accumulate(of_some, x, row * n_in + k, w, k * n_out + column)
            total = add(total, of_some)
        store(total, out, row * n_out + column, n_out)

    blocks_done = shared_out(block)

    @kernel
    def product(x, w):
        out = np.empty((n, n_out), w.dtype)
        flat = np.ascontiguousarray(x).reshape(-1), np.ascontiguousarray(w).reshape(-1)
        blocks_done(blocks * panels, (flat[0], flat[1], out.reshape(-1)))
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
