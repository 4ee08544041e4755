"""Reductions of arrays viewed as (outer, kept, inner), over the first and the last axis.

`reduce` combines elements of any type one by one. Sums of floating-point numbers have faster kernels: `sum_rows` keeps
a vector of sums in progress, `sum_columns` adds one row after the other to the sums of all columns.
"""

import math
from collections.abc import Callable

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, kernel

from .wide_sum import WideSum

PART = 4096  # elements per part, approximately
LANES = 32  # maximum of sums in progress: they fit into the registers
BLOCK, BLOCKS = 1 << 14, 64  # minimum of elements in a block of a long sum; maximum of blocks


def lanes_for(inner: int) -> int:
    """Return how many sums in progress `sum_rows` should have for rows of `inner` elements."""

    def cycles(lanes: int) -> int:  # an addition takes three or four cycles
        return inner // lanes * max(3, lanes // 8) + inner % lanes * 4

    return min((lanes for lanes in (LANES, 16, 8, 4) if lanes <= max(4, inner)), key=cycles)


def even_blocks(count: int) -> int:
    """Return the number of equal blocks into which a sum of `count` elements is divided for several threads."""
    most = min(BLOCKS, count // BLOCK)
    return next((blocks for blocks in range(most, 1, -1) if count % blocks == 0), 1)


@kernel
def reduce(kind: str, source: str, inside: str, dtype: str) -> Callable[..., None]:
    """Reduce all elements for each kept index.

    x : (outer, kept, inner) of `source`, combined as `inside`; y : (kept,) of `dtype`. Parts: `per` kept indices.
    kind : "add", "mul", "maximum", "minimum", "and" or "or", the last two of bools. Maximum and minimum propagate NaN.
    """
    as_inside, as_dtype = np.dtype(inside).type, np.dtype(dtype).type
    first, join = as_inside(_neutral(kind, inside)), _combiner(kind)

    def reduce(part, x: Array(source), y: Array(dtype), outer: Int, kept: Int, inner: Int, per: Int):
        for c in range(part * per, min(kept, (part + 1) * per)):
            found = first
            for k in range(outer):
                at = (k * kept + c) * inner
                for i in range(at, at + inner):
                    found = join(found, as_inside(x[i]))
            y[c] = as_dtype(found)

    return reduce


def _neutral(kind: str, dtype: str) -> bool | int | float:
    """Return the neutral element of a reduction."""
    if kind in ("add", "mul", "and", "or"):
        return {"add": 0, "mul": 1, "and": True, "or": False}[kind]
    if dtype.startswith("float"):
        return -math.inf if kind == "maximum" else math.inf
    if dtype == "bool":
        return kind == "minimum"
    return np.iinfo(dtype).min if kind == "maximum" else np.iinfo(dtype).max


def _combiner(kind: str) -> Callable:
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
) -> Callable[..., None]:
    """Sum the elements for each kept index, or their squares.

    x : (outer, kept, inner) of `source`, accumulated as `inside`; y : (kept,) of `dtype`, all floating-point types.
    Parts: `per` kept indices. The order of additions depends on the sizes only.
    """
    sums, as_inside, as_dtype = WideSum(source, inside, lanes, squared), np.dtype(inside).type, np.dtype(dtype).type

    def sum_rows(part, x: Array(source), y: Array(dtype), outer: Int, kept: Int, inner: Int, per: Int):
        vectorized = inner // lanes * lanes
        for c in range(part * per, min(kept, (part + 1) * per)):
            partial, remainder = sums.zero(), as_inside(0)
            for k in range(outer):
                at = (k * kept + c) * inner
                for i in range(at, at + vectorized, lanes):
                    sums.add(partial, x, i)
                for i in range(at + vectorized, at + inner):
                    value = as_inside(x[i])
                    remainder += value * value if squared else value
            y[c] = as_dtype(sums.total(partial) + remainder)

    return sum_rows


@kernel
def sum_columns(
    squared: bool, source: str = "float32", inside: str = "float64", dtype: str = "float32"
) -> Callable[..., None]:
    """Sum the columns of a matrix, or their squares, row by row.

    x : (outer, kept) of `source`; found : (kept,) of `inside`, in which they are accumulated; y : (kept,) of `dtype`,
    all floating-point types. One part.
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
