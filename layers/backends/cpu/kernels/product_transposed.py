"""The gradient to a layer's input, d w', in 2 * batch * n_in * n_out floating-point operations.

The examples are side by side in vectors, as packed by `transpose_deltas`, some vectors to a panel. `product_transposed`
processes some rows of w per part, which stay in the cache for all panels.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, kernel, prefetch, scratch

from .moves import fill, move
from .sizes import PART, Sizes, cycles, even_share, fitting_lanes, rows_in_registers

WIDE = 4  # maximum of vectors of examples whose sums are in registers together
FROM_CACHE = 1.5  # cycles to read a vector of deltas from the L2 cache
PARTS = 24  # minimum, if there is enough work
WEIGHTS = 1 << 17  # bytes of the weights of a part, which stay in the cache


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
    panels : int
        Panels of examples.
    """

    tile: TransposedTile
    parts: int
    sizes: tuple[int, ...]
    transposed: int
    panels: int


def transposed_layout(s: Sizes) -> TransposedLayout:
    """Return the division of a product with transposed weights."""
    lanes = fitting_lanes(s.dtype, 2 * s.batch - 1)  # at least half of a vector is used
    vectors = -(-s.batch // lanes)

    def shape(wide: int) -> tuple[int, int, int]:  # panels, blocks, rows of a block
        high = even_share(s.n_in, rows_in_registers(wide))
        return -(-vectors // wide), -(-s.n_in // high), high

    def estimate(wide: int) -> float:
        panels, blocks, high = shape(wide)
        return panels * blocks * cycles(wide, high, FROM_CACHE)

    wide = min(range(1, min(vectors, WIDE) + 1), key=estimate)
    panels, blocks, high = shape(wide)
    products = high * panels * wide * lanes * s.n_out
    weights = high * s.n_out * np.dtype(s.dtype).itemsize
    together = min(blocks, max(1, PART // products, min(blocks // PARTS, WEIGHTS // weights)))
    tile = TransposedTile(s.dtype, s.n_out, high, lanes, wide)
    sizes = s.batch, s.n_in, blocks, together, panels
    return TransposedLayout(tile, -(-blocks // together), sizes, s.n_out * panels * tile.span, panels)


@kernel
def transpose_deltas(dtype: str) -> Callable[..., None]:
    """Transpose the deltas, so that the examples are side by side, padded with zeros to full vectors.

    d : (n, n_out), transposed : (panels, n_out, span). Parts: panels of `span` examples.
    """
    zero, columns = np.dtype(dtype).type(0), 16  # columns of d that are read together: a cache line

    def transpose_deltas(part, d: Array(dtype), transposed: Array(dtype), n: Int, n_out: Int, span: Int):
        top, to = part * span, part * span * n_out
        examples = min(span, n - top)
        for first in range(0, n_out, columns):
            for k in range(examples):
                count = min(columns, n_out - first)
                move(transposed, to + first * span + k, span, d, (top + k) * n_out + first, 1, count)
        for c in range(n_out):
            fill(transposed, to + c * span + examples, span - examples, zero)

    return transpose_deltas


@kernel
def product_transposed(tile: TransposedTile) -> Callable[..., None]:
    """Compute the gradient to some inputs.

    transposed : from `transpose_deltas`, w : (n_in, n_out), out : (n, n_in). Parts: blocks of rows of w, some together.

    Loops: panels of examples, for which the rows of w stay in the cache; blocks of rows; columns of w, for which the
    sums stay in registers.
    """
    dtype, n_out, high, span = tile.dtype, tile.n_out, tile.high, tile.span
    sums = Tile(dtype, tile.lanes, tuple(row * n_out for row in range(high)), tuple(range(0, span, tile.lanes)))

    def product_transposed(
        part, transposed: Array(dtype), w: Array(dtype), out: Array(dtype),
        n: Int, n_in: Int, blocks: Int, together: Int, panels: Int,
    ):  # fmt: skip
        found = scratch(high * span, dtype)
        for panel in range(panels):
            example = panel * span
            for b in range(part * together, min(blocks, (part + 1) * together)):
                row = min(b * high, n_in - high)  # the last block may overlap the one before
                total = sums.zero()
                for k in range(n_out):
                    prefetch(w, (row + high) * n_out + k * high)  # the next block, as fast as this one is read
                    sums.accumulate(total, w, row * n_out + k, transposed, example * n_out + k * span)
                sums.store(total, found, 0, span)
                for k in range(min(span, n - example)):
                    move(out, (example + k) * n_in + row, 1, found, k, span, high)

    return product_transposed
