"""The weighted sums of a layer, x w, in 2 * batch * n_in * n_out floating-point operations.

A few rows of weights are multiplied with the inputs of some examples, then the next ones, and the products are added to
the sums. For a small batch, the inputs are divided among threads, so that each always finds the same weights in its
cache, and `sum_of_slices` adds the sums of the threads; for a larger one, the examples are divided.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, kernel, prefetch

from .moves import fill
from .sizes import TERMS, Panels, Sizes, even_share, rows_in_registers

# Reading a panel of all rows of weights, each in another page of memory, would wait for most of them: a few rows are
# read side by side, which the processor foresees.
CHUNK = 16
AHEAD = 256  # bytes of a row from the weights in use to those that are prefetched
SUMS, WEIGHTS = 1 << 17, 1 << 15  # bytes that stay in the cache together
GROUP = 32  # minimum of examples in a group, which reads all weights
LONGEST = 2048  # terms that are added by one thread: longer sums lose precision
UNALIGNED = 1.5  # cycles to read a vector that may cross cache lines


@dataclass(frozen=True)
class ProductTile:
    """Compile-time parameters: sums of `high` rows of x, of `n_in` elements each, by the columns of a panel.

    The last block has `rest` rows; 0 if it has as many as the others.
    """

    dtype: str
    n_in: int
    high: int
    panels: Panels
    rest: int


@dataclass(frozen=True)
class ProductLayout:
    """The division of a product.

    Attributes
    ----------
    tile : ProductTile
    slices : int
        Ranges of inputs, whose products `sum_of_slices` adds: 1, or an even number.
    parts : int
    sizes : tuple of int
        Arguments of `product` after its arrays.
    """

    tile: ProductTile
    slices: int
    parts: int
    sizes: tuple[int, ...]


def product_layout(s: Sizes) -> ProductLayout:
    """Return the division of a product."""
    tile = _best_tile(s)
    blocks = -(-s.batch // tile.high)
    row = s.n_out * np.dtype(s.dtype).itemsize
    groups = -(-blocks // max(1, max(GROUP, SUMS // row) // tile.high))
    if groups == 1:
        slices = _even(-(-s.n_in // (2 * TERMS)))
    else:
        groups, slices = _even(groups), _even(-(-s.n_in // LONGEST))
    together = -(-blocks // groups)
    groups = -(-blocks // together)
    # More blocks find the rows in the cache, and gain from adding to the sums less often.
    chunk = CHUNK if blocks <= 2 else max(CHUNK, min(TERMS, WEIGHTS // row))
    sizes = s.batch, s.n_out, -(-s.n_in // slices), tile.panels.count(s.n_out), slices, together, chunk
    return ProductLayout(tile, slices, groups * slices, sizes)


def _even(count: int) -> int:
    """Return an even number of parts, which two threads can share equally; or 1."""
    return count + count % 2 if count > 1 else 1


def _best_tile(s: Sizes) -> ProductTile:
    """Return the fastest tile."""

    def blocks(panels: Panels) -> int:
        return -(-s.batch // rows_in_registers(panels.widest))

    def cycles(panels: Panels) -> float:
        return blocks(panels) * panels.cycles(s.n_out, -(-s.batch // blocks(panels)), UNALIGNED)

    panels = min(s.panels, key=cycles)
    high = even_share(s.batch, rows_in_registers(panels.widest))
    return ProductTile(s.dtype, s.n_in, high, panels, s.batch % high)


@kernel
def product(tile: ProductTile) -> Callable[..., None]:
    """Multiply some inputs of some examples with their weights.

    x : (batch, n_in), w : (n_in, n_out), found : (slices, batch, n_out). Parts: groups of examples, slices of inputs.

    Loops: inputs, `chunk` at a time; blocks of examples; panels of columns; inputs, for which the sums stay in
    registers.
    """
    dtype, n_in, high, rest, panels = tile.dtype, tile.n_in, tile.high, tile.rest, tile.panels
    ahead, zero, one = AHEAD // np.dtype(dtype).itemsize, np.dtype(dtype).type(0), np.dtype(dtype).type(1)

    def make_add(rows: int) -> Callable[..., None]:
        left = tuple(row * n_in for row in range(rows))

        def make_block(lanes: int, right: tuple[int, ...]) -> Callable[..., None]:
            sums = Tile(dtype, lanes, left, right)

            def block(x, w, found, i, column, j, n_out, first, end):
                total = sums.zero()
                for k in range(first, end):
                    prefetch(w, k * n_out + column + ahead)
                    sums.accumulate(total, x, i + k, w, k * n_out + column)
                sums.blend(total, found, j + column, n_out, one, one)

            return block

        of_panel, of_last, of_tail = panels.each(make_block)
        span, last, tail = panels.span, panels.last, panels.tail

        def add(x, w, found, row, to, n_out, first, end, count):
            i, j = row * n_in, to + row * n_out
            for p in range(count):
                of_panel(x, w, found, i, p * span, j, n_out, first, end)
            if last:
                of_last(x, w, found, i, count * span, j, n_out, first, end)
            if tail:
                of_tail(x, w, found, i, n_out - tail, j, n_out, first, end)

        return add

    add, add_rest = make_add(high), make_add(max(1, rest))

    def product(
        part, x: Array(dtype), w: Array(dtype), found: Array(dtype),
        n: Int, n_out: Int, terms: Int, count: Int, slices: Int, together: Int, chunk: Int,
    ):  # fmt: skip
        some, top = part % slices, part // slices * together * high
        bottom, to, stop = min(n, top + together * high), some * n * n_out, min(n_in, (some + 1) * terms)
        fill(found, to + top * n_out, (bottom - top) * n_out, zero)
        for c in range((terms + chunk - 1) // chunk):
            first = some * terms + c * chunk
            end = min(stop, first + chunk)
            for row in range(top, bottom - high + 1, high):
                add(x, w, found, row, to, n_out, first, end, count)
            if rest and bottom == n:
                # Not a block that overlaps the one before: what is added twice would be wrong.
                add_rest(x, w, found, n - rest, to, n_out, first, end, count)

    return product


@kernel
def sum_of_slices(dtype: str) -> Callable[..., None]:
    """Add up the sums of an even number of slices, each `size` elements.

    found : (slices, size), out : (size). One part.
    """

    def sum_of_slices(part, found: Array(dtype), out: Array(dtype), size: Int, slices: Int):
        for i in range(size):
            out[i] = found[i] + found[size + i]
        for s in range(2, slices, 2):
            for i in range(size):
                out[i] += found[s * size + i] + found[s * size + size + i]

    return sum_of_slices
