"""An update of a layer's weights, w <- old w + new x' d, without storing the gradient x' d; or x' d itself.

2 * batch * n_in * n_out floating-point operations; the weights are read and written once per `EXAMPLES` examples.
`scale_deltas` packs the deltas as full vectors, times `new`; `descent` processes some rows of w per part.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, kernel, prefetch
from network3.layers.backends.cpu.processor import LINE

from .sizes import PART, TERMS, Panels, Sizes, rows_in_registers

EXAMPLES = TERMS // 2  # number of examples whose deltas stay in the cache
PARTS = 24  # minimum, if there is enough work
# Sums in progress. A tile's result is written while the next one is computed, unless the tile is larger than the
# processor's out-of-order window: a sum over few examples is short.
SUMS = 15
ALIGNED = 1.0  # cycles to read a vector within one cache line


@dataclass(frozen=True)
class DescentTile:
    """Compile-time parameters of `descent`: sums of `high` rows of w by the columns of a panel."""

    dtype: str
    high: int
    panels: Panels


@dataclass(frozen=True)
class DescentLayout:
    """How the rows of w are divided, and the layout of the deltas.

    Attributes
    ----------
    tile : DescentTile
    parts : int
    sizes : tuple of int
        Arguments of `descent` after its arrays.
    deltas : int
        Length of the packed deltas.
    delta_sizes : tuple of int
        Arguments of `scale_deltas` after its arrays.
    """

    tile: DescentTile
    parts: int
    sizes: tuple[int, ...]
    deltas: int
    delta_sizes: tuple[int, ...]


def descent_layout(s: Sizes) -> DescentLayout:
    """Return the layout of an update."""
    fitting = [
        DescentTile(s.dtype, high, panels)
        for panels in s.panels
        for high in range(1, _max_rows(panels) + 1)
        if s.n_in % high == 0  # no row may be updated twice
    ]
    tile = min(fitting, key=lambda t: (t.panels.cycles(s.n_out, t.high, ALIGNED) / t.high, -t.panels.wide, -t.high))
    panels = tile.panels
    blocks = s.n_in // tile.high
    together = max(1, min(blocks // PARTS, blocks), PART // (s.batch * tile.high * s.n_out))
    again = panels.lanes if panels.overlap else 0  # columns of the last vector, which overlaps the one before
    straight = s.n_out - s.n_out % panels.lanes if again else s.n_out
    pitch = -(-(straight + again) // panels.lanes) * panels.lanes
    sizes = s.batch, s.n_in, s.n_out, panels.count(s.n_out), pitch, together
    return DescentLayout(
        tile, -(-blocks // together), sizes, s.batch * pitch, (s.batch, s.n_out, straight, again, pitch)
    )


def _max_rows(panels: Panels) -> int:
    return min(rows_in_registers(panels.widest), max(1, SUMS // panels.widest))


@kernel
def scale_deltas(dtype: str) -> Callable[..., None]:
    """Pack the deltas as full vectors that begin at cache lines, times `new`.

    d : (n, n_out), new : one number, deltas : (n, pitch). One part.
    """

    def scale_deltas(
        part, d: Array(dtype), new: Array(dtype), deltas: Array(dtype),
        n: Int, n_out: Int, straight: Int, again: Int, pitch: Int,
    ):  # fmt: skip
        factor = new[0]
        for k in range(n):
            for c in range(straight):
                deltas[k * pitch + c] = d[k * n_out + c] * factor
            for c in range(again):
                deltas[k * pitch + straight + c] = d[(k + 1) * n_out - again + c] * factor

    return scale_deltas


@kernel
def descent(tile: DescentTile, fresh: bool = False) -> Callable[..., None]:
    """Add the products of inputs and scaled deltas to some rows of w, times `old`; or store them there if `fresh`.

    w : (n_in, n_out), x : (n, n_in), deltas from `scale_deltas`, old : one number, not read if `fresh`. Parts: rows.

    Loops: examples, as many as keep their deltas in the cache; rows, some at a time; panels of columns; examples, for
    which the sums of the rows stay in registers.
    """
    dtype, high, panels, examples = tile.dtype, tile.high, tile.panels, EXAMPLES
    span, last, tail = panels.span, len(panels.last) * panels.lanes, panels.tail
    one, line = np.dtype(dtype).type(1), LINE // np.dtype(dtype).itemsize

    def make_block(lanes: int, onto: tuple[int, ...]) -> Callable[..., None]:
        sums = Tile(dtype, lanes, tuple(range(high)), tuple(range(0, len(onto) * lanes, lanes)), onto=onto)
        weights = high * len(onto) * lanes

        def block(w, x, deltas, keep, row, column, first, end, n_in, n_out, pitch):
            for c in range(0, weights, line):  # each block prefetches as much of the next rows as it has itself
                prefetch(w, (row + high) * n_out + high * column + c)
            total = sums.zero()
            for k in range(first, end):
                sums.accumulate(total, x, k * n_in + row, deltas, k * pitch + column)
            at = row * n_out + column
            if fresh and first == 0:
                sums.store(total, w, at, n_out)
            elif keep == one:  # saves a multiplication: a twelfth of the time for ten examples
                sums.blend(total, w, at, n_out, one, one)
            else:
                sums.blend(total, w, at, n_out, keep, one)

        return block

    of_panel, of_last, of_tail = panels.each(make_block)

    def descent(
        part, w: Array(dtype), x: Array(dtype), deltas: Array(dtype), old: Array(dtype),
        n: Int, n_in: Int, n_out: Int, count: Int, pitch: Int, together: Int,
    ):  # fmt: skip
        keep = one if fresh else old[0]
        for first in range(0, n, examples):
            end = min(n, first + examples)
            for b in range(part * together, min(n_in // high, (part + 1) * together)):
                row = b * high
                for p in range(count):
                    of_panel(w, x, deltas, keep, row, p * span, first, end, n_in, n_out, pitch)
                if last:
                    of_last(w, x, deltas, keep, row, count * span, first, end, n_in, n_out, pitch)
                if tail:
                    of_tail(w, x, deltas, keep, row, n_out - tail, first, end, n_in, n_out, pitch)
            keep = one

    return descent
