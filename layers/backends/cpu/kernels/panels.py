"""Products of matrices, panel by panel: some rows of the left one times `span` columns of the right one.

A panel of the right matrix is stored term by term, b[k * pitch + column]. Rows of the left one are stored in blocks as
high as the registers allow, a[block + k * high + row], or each in a line of its own. The sums of a block stay in
registers.
"""

from collections.abc import Callable

from network3.layers.backends.cpu.compiler import Tile, scratch
from network3.layers.backends.cpu.processor import lanes_of, vector_registers

TERMS = 128  # terms of a partial sum: short sums lose less precision
VECTORS = 2  # per panel


def span_of(dtype: str) -> int:
    """Return the columns of a panel."""
    return VECTORS * lanes_of(dtype)


def heights() -> tuple[int, int, int]:
    """Return the possible numbers of rows of a block, largest first: smaller ones are for the remaining rows."""
    return (8, 2, 1) if vector_registers() >= 32 else (6, 2, 1)


def make_height() -> Callable[[int], int]:
    """Return ``height_of(rows)``: the number of rows of the next block, if `rows` remain."""
    tall, low, single = heights()

    def height_of(rows):
        return tall if rows >= tall else low if rows >= low else single

    return height_of


def make_sums(dtype: str, line: int = 0, pitch: int = 0) -> Callable[..., int]:
    """Return ``sums(a, i, rows, start, b, j, terms, found, at) -> high``.

    It multiplies the next block of rows, of which `rows` remain, with the panel at b[j], stores the sums of `terms`
    products at found[at + r * span + c], and returns the number of rows of the block. The block begins at a[i]; its
    first `start` terms are skipped. With a `line`, rows are stored one by one, `line` elements apart. `pitch` is `span`
    by default.
    """
    tall, low, single = heights()
    of_tall, of_low, of_single = (_make_block(dtype, high, line, pitch or span_of(dtype)) for high in heights())

    def sums(a, i, rows, start, b, j, terms, found, at):
        high = tall
        if rows >= tall:
            of_tall(a, i, start, b, j, terms, found, at)
        elif rows >= low:
            of_low(a, i, start, b, j, terms, found, at)
            high = low
        else:
            of_single(a, i, start, b, j, terms, found, at)
            high = single
        return high

    return sums


def _make_block(dtype: str, high: int, line: int, pitch: int) -> Callable[..., None]:
    """Return the function with which `sums` processes a block of `high` rows."""
    lanes, span = lanes_of(dtype), span_of(dtype)
    left, step = (tuple(range(0, high * line, line)), 1) if line else (tuple(range(high)), high)
    tile = Tile(dtype, lanes, left, tuple(range(0, span, lanes)))

    def block(a, i, start, b, j, terms, found, at):
        total = tile.zero()
        first = i + start * step
        for k in range(terms):
            tile.accumulate(total, a, first + k * step, b, j + k * pitch)
        tile.store(total, found, at, span)

    return block


def make_multiply(dtype: str, line: int = 0, pitch: int = 0) -> Callable[..., None]:
    """Return ``multiply(a, i, rows, row_length, start, b, j, terms, out, at, stride, columns, fresh)``.

    It stores the result of `sums` at out[at + r * stride + c], for r < rows and c < columns, or adds it unless `fresh`.
    The block that begins with row r begins at a[i + r * row_length].
    """
    lanes, span = lanes_of(dtype), span_of(dtype)
    tall, sums = heights()[0], make_sums(dtype, line, pitch)
    row = Tile(dtype, lanes, (0,), tuple(range(0, span, lanes)))

    def multiply(a, i, rows, row_length, start, b, j, terms, out, at, stride, columns, fresh):
        found = scratch(tall * span, dtype)
        done = 0
        while done < rows:
            high = sums(a, i + done * row_length, rows - done, start, b, j, terms, found, 0)
            for r in range(high):
                to = at + (done + r) * stride
                if columns == span:
                    of_row = row.load(found, r * span)
                    if fresh:
                        row.store(of_row, out, to, 0)
                    else:
                        row.add_to(of_row, out, to)
                else:
                    for c in range(columns):
                        out[to + c] = found[r * span + c] if fresh else out[to + c] + found[r * span + c]
            done += high

    return multiply
