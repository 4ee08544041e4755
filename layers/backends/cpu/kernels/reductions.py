"""Reductions of arrays seen as (outer, kept, inner), over the first and the last axis.

`reduce` joins numbers of any type one after the other. For sums of floating-point numbers there are faster ways:
`sum_rows` has a vector of sums under way, `sum_columns` adds rows of single numbers to the sums of all columns.
"""

import math
from collections.abc import Callable

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, kernel

from .wide_sum import WideSum

PART = 4096  # numbers, about, of a part
LANES = 32  # sums under way, at most: they have room in the registers
BLOCK, BLOCKS = 1 << 14, 64  # numbers, at least, of a block of a long sum; blocks, at most


def lanes_for(inner: int) -> int:
    """Return how many sums `sum_rows` should have under way for rows of `inner` numbers."""

    def cycles(lanes: int) -> int:  # a sum is ready for the next number after three or four cycles
        return inner // lanes * max(3, lanes // 8) + inner % lanes * 4

    return min((lanes for lanes in (LANES, 16, 8, 4) if lanes <= max(4, inner)), key=cycles)


def even_blocks(count: int) -> int:
    """Return in how many blocks of one length a long sum of `count` numbers is best cut, for several threads."""
    most = min(BLOCKS, count // BLOCK)
    return next((blocks for blocks in range(most, 1, -1) if count % blocks == 0), 1)


@kernel
def reduce(kind: str, source: str, inside: str, dtype: str):
    """Join all numbers of each kept place.

    x : (outer, kept, inner) of `source`, joined as `inside`; y : (kept,) of `dtype`. Parts: `per` kept places.
    kind : "add", "mul", "maximum", "minimum", "and" or "or", the last two of bools. The largest and the smallest of
    numbers with NaN is NaN.
    """
    as_inside, as_dtype = np.dtype(inside).type, np.dtype(dtype).type
    first, join = as_inside(_start(kind, inside)), _joining(kind)

    def reduce(part, x: Array(source), y: Array(dtype), outer: Int, kept: Int, inner: Int, per: Int):
        for c in range(part * per, min(kept, (part + 1) * per)):
            found = first
            for k in range(outer):
                at = (k * kept + c) * inner
                for i in range(at, at + inner):
                    found = join(found, as_inside(x[i]))
            y[c] = as_dtype(found)

    return reduce


def _start(kind: str, dtype: str) -> bool | int | float:
    """Return what joins with any number to that number."""
    if kind in ("add", "mul", "and", "or"):
        return {"add": 0, "mul": 1, "and": True, "or": False}[kind]
    if dtype.startswith("float"):
        return -math.inf if kind == "maximum" else math.inf
    if dtype == "bool":
        return kind == "minimum"
    return np.iinfo(dtype).min if kind == "maximum" else np.iinfo(dtype).max


def _joining(kind: str) -> Callable:
    def add(a, b):
        return a + b

    def mul(a, b):
        return a * b

    def maximum(a, b):
        stays = (a >= b) | (a != a)
        return a if stays else b

    def minimum(a, b):
        stays = (a <= b) | (a != a)
        return a if stays else b

    def both(a, b):
        return a & b

    def either(a, b):
        return a | b

    return {"add": add, "mul": mul, "maximum": maximum, "minimum": minimum, "and": both, "or": either}[kind]


@kernel
def sum_rows(
    squared: bool, source: str = "float32", inside: str = "float64", dtype: str = "float32", lanes: int = LANES
):
    """Add up the numbers of each kept place, or their squares.

    x : (outer, kept, inner) of `source`, added up as `inside`; y : (kept,) of `dtype`, all floating-point types.
    Parts: `per` kept places. In which order is fixed by the sizes.
    """
    sums, as_inside, as_dtype = WideSum(source, inside, lanes, squared), np.dtype(inside).type, np.dtype(dtype).type

    def sum_rows(part, x: Array(source), y: Array(dtype), outer: Int, kept: Int, inner: Int, per: Int):
        whole = inner // lanes * lanes
        for c in range(part * per, min(kept, (part + 1) * per)):
            under_way, rest = sums.zero(), as_inside(0)
            for k in range(outer):
                at = (k * kept + c) * inner
                for i in range(at, at + whole, lanes):
                    sums.add(under_way, x, i)
                for i in range(at + whole, at + inner):
                    value = as_inside(x[i])
                    rest += value * value if squared else value
            y[c] = as_dtype(sums.total(under_way) + rest)

    return sum_rows


@kernel
def sum_columns(squared: bool, source: str = "float32", inside: str = "float64", dtype: str = "float32"):
    """Add up the columns of a matrix, or their squares, row by row.

    x : (outer, kept) of `source`, found, (kept,) of `inside`, in which they are added up; y : (kept,) of `dtype`, all
    floating-point types. One part.
    """
    as_inside, as_dtype = np.dtype(inside).type, np.dtype(dtype).type

    def sum_columns(part, x: Array(source), y: Array(dtype), found: Array(inside), outer: Int, kept: Int):
        for c in range(kept):
            found[c] = as_inside(0)
        for k in range(outer):
            for c in range(kept):
                value = as_inside(x[k * kept + c])
                found[c] += value * value if squared else value
        for c in range(kept):
            y[c] = as_dtype(found[c])

    return sum_columns
