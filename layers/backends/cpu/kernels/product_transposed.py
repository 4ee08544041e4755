"""The gradient to a layer's input, d w', in 2 * batch * n_in * n_out floating-point operations.

The examples are side by side in vectors, as packed by `transpose_deltas`; each weight is read once for all examples of
a vector. `product_transposed` processes some rows of w per part.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, kernel, prefetch, scratch

from .moves import fill, move
from .sizes import PART, Sizes, even_share, fitting_lanes, rows_in_registers

WIDE = 4  # maximum of vectors of examples whose sums are in registers together


@dataclass(frozen=True)
class TransposedTile:
    """Compile-time parameters: sums of `high` rows of w, each of `n_out` elements, by some vectors of examples."""

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
    """The division of the rows of w and of the examples.

    Attributes
    ----------
    tile : TransposedTile
    parts : int
    sizes : tuple of int
        Arguments of `product_transposed` after its arrays.
    transposed : int
        Length of the packed deltas.
    pitch : int
        Elements from one column of the deltas to the next.
    """

    tile: TransposedTile
    parts: int
    sizes: tuple[int, ...]
    transposed: int
    pitch: int


def transposed_layout(s: Sizes) -> TransposedLayout:
    """Return the division of a product with transposed weights."""
    lanes = fitting_lanes(s.dtype, 2 * s.batch - 1)  # at least half of a vector is used
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
def transpose_deltas(dtype: str) -> Callable[..., None]:
    """Transpose the deltas, so that the examples are side by side, padded with zeros to full vectors.

    d : (n, n_out), transposed : (n_out, pitch). One part.
    """
    zero, columns = np.dtype(dtype).type(0), 16  # columns of d that are read together: a cache line

    def transpose_deltas(part, d: Array(dtype), transposed: Array(dtype), n: Int, n_out: Int, pitch: Int):
        for first in range(0, n_out, columns):
            for example in range(n):
                count = min(columns, n_out - first)
                move(transposed, first * pitch + example, pitch, d, example * n_out + first, 1, count)
        for k in range(n_out):
            fill(transposed, k * pitch + n, pitch - n, zero)

    return transpose_deltas


@kernel
def product_transposed(tile: TransposedTile) -> Callable[..., None]:
    """Compute the gradient to some inputs for some examples.

    transposed : from `transpose_deltas`, w : (n_in, n_out), out : (n, n_in). Parts: panels of examples, and blocks of
    rows of w, some together.

    Loops: blocks of rows; columns of w, for which the sums stay in registers.
    """
    dtype, n_out, high, span = tile.dtype, tile.n_out, tile.high, tile.span
    sums = Tile(dtype, tile.lanes, tuple(row * n_out for row in range(high)), tuple(range(0, span, tile.lanes)))

    def product_transposed(
        part, transposed: Array(dtype), w: Array(dtype), out: Array(dtype),
        n: Int, n_in: Int, blocks: Int, together: Int, pitch: Int,
    ):  # fmt: skip
        groups = (blocks + together - 1) // together
        first, example = part % groups * together, part // groups * span
        found = scratch(high * span, dtype)
        for b in range(first, min(blocks, first + together)):
            row = min(b * high, n_in - high)  # the last block may overlap the one before
            total = sums.zero()
            for k in range(n_out):
                prefetch(w, (row + high) * n_out + k * high)  # the next block, as fast as this one is read
                sums.accumulate(total, w, row * n_out + k, transposed, k * pitch + example)
            sums.store(total, found, 0, span)
            for k in range(min(span, n - example)):
                move(out, (example + k) * n_in + row, 1, found, k, span, high)

    return product_transposed
