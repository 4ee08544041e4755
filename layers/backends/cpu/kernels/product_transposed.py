"""The gradient to a layer's input, d w', in 2 * batch * n_in * n_out floating-point operations.

The examples lie side by side in vectors, as `turn_deltas` lays them out; each weight is read once for all of a vector's
examples. `product_transposed` does some rows of w a part.
"""

from dataclasses import dataclass

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, kernel, scratch

from .moves import fill, move
from .sizes import PART, Sizes, even_share, fitting_lanes, rows_in_registers

WIDE = 4  # vectors of examples, at most, whose sums are in registers together


@dataclass(frozen=True)
class TransposedTile:
    """What `product_transposed` is compiled for: sums of `high` rows of w, each of `n_out` numbers, by some vectors."""

    dtype: str
    n_out: int
    high: int
    lanes: int
    wide: int

    @property
    def span(self) -> int:
        """Examples of a panel."""
        return self.wide * self.lanes


@dataclass(frozen=True)
class TransposedLayout:
    """How the rows of w and the examples are shared out.

    Attributes
    ----------
    tile : TransposedTile
    parts : int
    sizes : tuple of int
        What `product_transposed` takes after its arrays.
    turned : int
        Length of the deltas as `turn_deltas` lays them out.
    pitch : int
        Numbers from one column of the deltas to the next.
    """

    tile: TransposedTile
    parts: int
    sizes: tuple[int, ...]
    turned: int
    pitch: int


def transposed_layout(s: Sizes) -> TransposedLayout:
    """Return how a product with transposed weights is shared out."""
    lanes = fitting_lanes(s.dtype, 2 * s.batch - 1)  # half a vector at least is filled
    vectors = -(-s.batch // lanes)
    wide = even_share(vectors, WIDE)
    panels = -(-vectors // wide)
    high = even_share(s.n_in, rows_in_registers(wide))
    blocks = -(-s.n_in // high)
    together = min(blocks, max(1, PART // (high * wide * lanes * s.n_out)))
    groups = -(-blocks // together)
    pitch = panels * wide * lanes
    tile = TransposedTile(s.dtype, s.n_out, high, lanes, wide)
    return TransposedLayout(tile, groups * panels, (s.batch, s.n_in, blocks, together, pitch), s.n_out * pitch, pitch)


@kernel
def turn_deltas(dtype: str):
    """Lay the deltas out with the examples side by side, and zeros up to whole vectors.

    d : (n, n_out), turned : (n_out, pitch). One part.
    """
    zero, columns = np.dtype(dtype).type(0), 16  # columns of d that are read together: a line of the cache

    def turn_deltas(part, d: Array(dtype), turned: Array(dtype), n: Int, n_out: Int, pitch: Int):
        for first in range(0, n_out, columns):
            for example in range(n):
                count = min(columns, n_out - first)
                move(turned, first * pitch + example, pitch, d, example * n_out + first, 1, count)
        for k in range(n_out):
            fill(turned, k * pitch + n, pitch - n, zero)

    return turn_deltas


@kernel
def product_transposed(tile: TransposedTile):
    """The gradient to some inputs for some examples.

    turned : from `turn_deltas`, w : (n_in, n_out), out : (n, n_in). Parts: panels of examples, and blocks of rows of w,
    some together.

    Loops: blocks of rows; columns of w, over which the sums stay in registers.
    """
    dtype, n_out, high, span = tile.dtype, tile.n_out, tile.high, tile.span
    sums = Tile(dtype, tile.lanes, tuple(row * n_out for row in range(high)), tuple(range(0, span, tile.lanes)))

    def product_transposed(
        part, turned: Array(dtype), w: Array(dtype), out: Array(dtype),
        n: Int, n_in: Int, blocks: Int, together: Int, pitch: Int,
    ):  # fmt: skip
        groups = (blocks + together - 1) // together
        first, example = part % groups * together, part // groups * span
        found = scratch(high * span, dtype)
        for b in range(first, min(blocks, first + together)):
            row = min(b * high, n_in - high)  # the last block may have some rows again
            total = sums.zero()
            for k in range(n_out):
                sums.accumulate(total, w, row * n_out + k, turned, k * pitch + example)
            sums.store(total, found, 0, span)
            for k in range(min(span, n - example)):
                move(out, (example + k) * n_in + row, 1, found, k, span, high)

    return product_transposed
