"""The product of two matrices of any sizes and strides.

2 * rows * columns * terms floating-point operations. One kernel per type; layers use kernels specialized to their
sizes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, kernel, scratch
from network3.layers.backends.cpu.processor import lanes_of

from .moves import fill
from .panels import TERMS, make_height, make_multiply, span_of

ROWS, COLUMNS = 120, 256  # per part: enough to make the packing of the other matrix's panels cheap
FEW_COLUMNS, FEW_PRODUCTS = 3, 512  # up to these numbers, nothing is packed


@dataclass(frozen=True)
class MatrixProductLayout:
    """The division of a product: its parts, and the kernel's arguments after the strides."""

    parts: int
    sizes: tuple[int, ...] = ()


def product_parts(rows: int, columns: int) -> int:
    """Return the number of parts of a product of this shape."""
    return -(-rows // ROWS) * -(-columns // COLUMNS)


def matrix_product_layout(rows: int, terms: int, columns: int, dtype: str) -> MatrixProductLayout:
    """Return the layout of a product of (rows, terms) and (terms, columns)."""
    return MatrixProductLayout(product_parts(rows, columns))


@kernel
def matrix_product(dtype: str) -> Callable[..., None]:
    """Multiply a (rows, terms) and b (terms, columns) of any strides; out (rows, columns) is contiguous.

    Element (r, k) of a is a[r * a_row + k * a_term], (k, c) of b is b[k * b_term + c * b_column]. Parts:
    `product_parts`.

    Loops: terms, as many as keep panels in the caches; columns, one panel at a time; rows, one block at a time; terms,
    for which the sums of a block stay in registers.
    """
    span = span_of(dtype)
    small, multiply = make_small(dtype), make_multiply(dtype)
    lay_out_rows, lay_out_columns = make_rows(dtype), make_columns(dtype)

    def matrix_product(
        part, a: Array(dtype), b: Array(dtype), out: Array(dtype), rows: Int, terms: Int, columns: Int,
        a_row: Int, a_term: Int, b_term: Int, b_column: Int,
    ):  # fmt: skip
        left, right = scratch(TERMS * ROWS, dtype), scratch(TERMS * span, dtype)
        blocks = (columns + COLUMNS - 1) // COLUMNS
        row, column = part // blocks * ROWS, part % blocks * COLUMNS
        high, wide = min(ROWS, rows - row), min(COLUMNS, columns - column)
        i, j, at = row * a_row, column * b_column, row * columns + column
        if wide <= FEW_COLUMNS or high * wide * terms <= FEW_PRODUCTS:  # also if there are no terms
            small(a, i, a_row, a_term, b, j, b_term, b_column, out, at, columns, high, wide, terms)
            return
        for start in range(0, terms, TERMS):
            some = min(TERMS, terms - start)
            lay_out_rows(left, a, i + start * a_term, a_row, a_term, high, some)
            for c in range(0, wide, span):
                of_panel = min(span, wide - c)
                lay_out_columns(right, b, j + start * b_term + c * b_column, b_term, b_column, of_panel, some)
                multiply(left, 0, high, some, 0, right, 0, some, out, at + c, columns, of_panel, start == 0)

    return matrix_product


def make_small(dtype: str) -> Callable[..., None]:
    """Return a product of small matrices, or of few columns: four independent sums per element, to hide latency."""
    number = np.dtype(dtype).type

    def small(a, i, a_row, a_term, b, j, b_term, b_column, out, at, stride, rows, columns, terms):
        unrolled = terms - terms % 4
        for r in range(rows):
            for c in range(columns):
                first, second, third, fourth = number(0), number(0), number(0), number(0)
                for k in range(0, unrolled, 4):
                    p, q = i + r * a_row + k * a_term, j + c * b_column + k * b_term
                    first += a[p] * b[q]
                    second += a[p + a_term] * b[q + b_term]
                    third += a[p + 2 * a_term] * b[q + 2 * b_term]
                    fourth += a[p + 3 * a_term] * b[q + 3 * b_term]
                for k in range(unrolled, terms):
                    first += a[i + r * a_row + k * a_term] * b[j + c * b_column + k * b_term]
                out[at + r * stride + c] = (first + second) + (third + fourth)

    return small


def make_rows(dtype: str) -> Callable[..., None]:
    """Return ``lay_out(to, a, i, a_row, a_term, rows, terms)``: packs rows in blocks for `multiply`."""
    height_of = make_height()

    def block(to, first, a, i, a_row, a_term, high, terms):
        for r in range(high):
            for k in range(terms):
                to[first + k * high + r] = a[i + r * a_row + k * a_term]

    def lay_out(to, a, i, a_row, a_term, rows, terms):
        r = 0
        while r < rows:
            high = height_of(rows - r)
            block(to, r * terms, a, i + r * a_row, a_row, a_term, high, terms)
            r += high

    return lay_out


def make_columns(dtype: str) -> Callable[..., None]:
    """Return ``lay_out(to, b, j, b_term, b_column, columns, terms)``: packs a panel, padded with zeros."""
    lanes, span = lanes_of(dtype), span_of(dtype)
    number, row = np.dtype(dtype).type, Tile(dtype, lanes, (0,), tuple(range(0, span, lanes)))

    def lay_out(to, b, j, b_term, b_column, columns, terms):
        if columns == span and b_column == 1:
            for k in range(terms):
                row.store(row.load(b, j + k * b_term), to, k * span, 0)
            return
        if columns < span:
            fill(to, 0, terms * span, number(0))
        for c in range(columns):
            for k in range(terms):
                to[k * span + c] = b[j + k * b_term + c * b_column]

    return lay_out
