"""The weighted sums of a layer, x w, in 2 * batch * n_in * n_out floating-point operations.

For a small batch, the inputs are divided among threads, so that each always finds the same weights in its cache:
`product_by_inputs`, and `sum_of_parts` sums the results of the parts. For a larger one, blocks of examples and columns
are divided: `product_by_blocks`. Large weights are packed first, by `pack_weights`, in the order in which blocks read
them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, kernel, prefetch

from .moves import fill
from .sizes import PART, TERMS, Panels, Sizes, even_share, rows_in_registers

CACHE = 1 << 20  # bytes of weights that stay in the L2 cache
OFTEN = 128  # batch size above which packing the weights pays off
UNALIGNED = 1.5  # cycles to read a vector that may cross cache lines
# Reading a panel of all rows, each in another page of memory, would wait for most of them: a few rows are read side by
# side, which the processor foresees.
CHUNK = 16
AHEAD = 256  # bytes of a row from the weights in use to those that are prefetched


@dataclass(frozen=True)
class ProductTile:
    """Compile-time parameters: sums of `high` rows of x, of `n_in` elements each, by the columns of a panel.

    The last block has `rest` rows; 0 if it has as many as the others, or overlaps the one before.
    """

    dtype: str
    n_in: int
    high: int
    panels: Panels
    rest: int = 0


@dataclass(frozen=True)
class ByInputs:
    """The division of a product by inputs.

    Attributes
    ----------
    tile : ProductTile
    parts : int
    sizes : tuple of int
        Arguments of `product_by_inputs` after its arrays.
    """

    tile: ProductTile
    parts: int
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class ByBlocks:
    """The division of a product by blocks.

    Attributes
    ----------
    tile : ProductTile
    parts : int
    sizes : tuple of int
        Arguments of `product_by_blocks` after its arrays.
    packed : int
        Length of the packed weights; 0 if the blocks read them unpacked.
    packing_parts : int
        Parts of `pack_weights`.
    """

    tile: ProductTile
    parts: int
    sizes: tuple[int, ...]
    packed: int
    packing_parts: int


def is_small(s: Sizes) -> bool:
    """Return whether a product is divided by inputs: one vector of each example's sums fits into registers."""
    return s.batch <= rows_in_registers(1)


def by_inputs(s: Sizes) -> ByInputs:
    """Return the division of a product by inputs."""
    tile = _best_tile(s)[0]
    tile = replace(tile, rest=s.batch % tile.high)
    parts = -(-s.n_in // (2 * TERMS))
    parts += parts % 2 if parts > 1 else 0  # equal work for two threads
    sizes = s.batch, s.n_out, -(-s.n_in // parts), tile.panels.count(s.n_out), s.batch // tile.high
    return ByInputs(tile, parts, sizes)


def by_blocks(s: Sizes) -> ByBlocks:
    """Return the division of a product by blocks."""
    tile, blocks = _best_tile(s)
    panels = tile.panels
    large = s.n_in * s.n_out * np.dtype(s.dtype).itemsize > CACHE
    columns = s.n_out + (-s.n_out % panels.lanes if panels.overlap else 0)
    packed = s.n_in * columns if large and s.batch > OFTEN else 0
    together = min(blocks, max(1, PART // (s.n_in * tile.high * panels.span)))
    groups, count = -(-blocks // together), panels.parts(s.n_out)
    # A thread processes all panels for the same examples, or, if the weights exceed its cache, all examples for one
    # panel.
    steps = (groups, 1) if large else (1, count)
    sizes = s.batch, s.n_out, panels.count(s.n_out), blocks, together, count, *steps
    return ByBlocks(tile, groups * count, sizes, packed, -(-s.n_in // TERMS))


def _best_tile(s: Sizes) -> tuple[ProductTile, int]:
    """Return the fastest tile, and the number of its blocks of rows."""

    def blocks(panels: Panels) -> int:
        return -(-s.batch // rows_in_registers(panels.widest))

    def cycles(panels: Panels) -> float:
        return blocks(panels) * panels.cycles(s.n_out, -(-s.batch // blocks(panels)), UNALIGNED)

    panels = min(s.panels, key=cycles)
    high = even_share(s.batch, rows_in_registers(panels.widest))
    return ProductTile(s.dtype, s.n_in, high, panels), blocks(panels)


@kernel
def product_by_inputs(tile: ProductTile) -> Callable[..., None]:
    """Multiply some inputs with their weights.

    x : (batch, n_in), w : (n_in, n_out), found : (parts, batch, n_out). Parts: inputs.

    Loops: inputs, `CHUNK` at a time; blocks of examples; panels of columns; inputs, for which the sums stay in
    registers.
    """
    dtype, n_in, high, rest, panels, chunk = tile.dtype, tile.n_in, tile.high, tile.rest, tile.panels, CHUNK
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

    def product_by_inputs(
        part, x: Array(dtype), w: Array(dtype), found: Array(dtype),
        n: Int, n_out: Int, terms: Int, count: Int, blocks: Int,
    ):  # fmt: skip
        to, stop = part * n * n_out, min(n_in, (part + 1) * terms)
        fill(found, to, n * n_out, zero)
        for first in range(part * terms, stop, chunk):
            end = min(stop, first + chunk)
            for b in range(blocks):
                add(x, w, found, b * high, to, n_out, first, end, count)
            if rest:  # not a block that overlaps the one before: what is added twice would be wrong
                add_rest(x, w, found, n - rest, to, n_out, first, end, count)

    return product_by_inputs


@kernel
def sum_of_parts(dtype: str) -> Callable[..., None]:
    """Sum the results of an even number of parts, each `size` elements.

    found : (parts, size), out : (size). One part.
    """

    def sum_of_parts(part, found: Array(dtype), out: Array(dtype), size: Int, parts: Int):
        for i in range(size):
            out[i] = found[i] + found[size + i]
        for p in range(2, parts, 2):
            for i in range(size):
                out[i] += found[p * size + i] + found[p * size + size + i]

    return sum_of_parts


@kernel
def product_by_blocks(tile: ProductTile, packed: bool) -> Callable[..., None]:
    """Multiply a block of examples with a panel of weights, packed by `pack_weights` or not.

    x : (batch, n_in), w : (n_in, n_out) or packed, out : (batch, n_out). Parts: panels, and some blocks of examples.

    Loops: inputs, `TERMS` at a time; inputs, for which the sums stay in registers.
    """
    dtype, n_in, high, panels = tile.dtype, tile.n_in, tile.high, tile.panels
    span, last, tail = panels.span, len(panels.last) * panels.lanes, panels.tail
    left, terms = tuple(row * n_in for row in range(high)), TERMS

    def make_block(lanes: int, onto: tuple[int, ...]) -> Callable[..., None]:
        pitch = len(onto) * lanes
        sums = Tile(dtype, lanes, left, tuple(range(0, pitch, lanes)) if packed else onto, onto=onto)

        def block(x, w, out, row, column, n_out, at):
            step = pitch if packed else n_out
            start = at * n_in if packed else column
            total = sums.zero()
            for some in range(0, n_in, terms):
                of_some = sums.zero()
                for k in range(some, min(n_in, some + terms)):
                    sums.accumulate(of_some, x, row * n_in + k, w, start + k * step)
                sums.add(total, of_some)
            sums.store(total, out, row * n_out + column, n_out)

        return block

    of_panel, of_last, of_tail = panels.each(make_block)

    def product_by_blocks(
        part, x: Array(dtype), w: Array(dtype), out: Array(dtype),
        n: Int, n_out: Int, count: Int, blocks: Int, together: Int, all_panels: Int, panel_step: Int, group_step: Int,
    ):  # fmt: skip
        groups = (blocks + together - 1) // together
        panel, first = part // panel_step % all_panels, part // group_step % groups * together
        for b in range(first, min(blocks, first + together)):
            row = min(b * high, n - high)  # the last block may overlap the one before
            if panel < count:
                of_panel(x, w, out, row, panel * span, n_out, panel * span)
            elif last and panel == count:
                of_last(x, w, out, row, count * span, n_out, count * span)
            elif tail:
                of_tail(x, w, out, row, n_out - tail, n_out, count * span + last)

    return product_by_blocks


@kernel
def pack_weights(dtype: str, panels: Panels) -> Callable[..., None]:
    """Pack the weights panel by panel, so that a block reads them sequentially.

    w : (n_in, n_out), packed : (columns, n_in), with the columns of a panel adjacent. Parts: `TERMS` inputs.
    """
    span, last, tail, terms = panels.span, len(panels.last) * panels.lanes, panels.tail, TERMS

    def make_move(lanes: int, onto: tuple[int, ...]) -> Callable[..., None]:
        pitch = len(onto) * lanes
        source = Tile(dtype, lanes, (0,), onto)
        target = Tile(dtype, lanes, (0,), tuple(range(0, pitch, lanes)))

        def move(w, packed, first, end, column, n_in, n_out, at):
            for k in range(first, end):
                row = source.load(w, k * n_out + column)
                target.store(row, packed, at * n_in + k * pitch, 0)

        return move

    of_panel, of_last, of_tail = panels.each(make_move)

    def pack_weights(part, w: Array(dtype), packed: Array(dtype), n_in: Int, n_out: Int, count: Int):
        first = part * terms
        end = min(n_in, first + terms)
        for p in range(count):
            of_panel(w, packed, first, end, p * span, n_in, n_out, p * span)
        if last:
            of_last(w, packed, first, end, count * span, n_in, n_out, count * span)
        if tail:
            of_tail(w, packed, first, end, n_out - tail, n_in, n_out, count * span + last)

    return pack_weights
