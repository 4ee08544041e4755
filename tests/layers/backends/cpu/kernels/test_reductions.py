"""Reductions against NumPy."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels.reductions import BLOCK, even_blocks, lanes_for, reduce, sum_columns, sum_rows
from tests.layers.backends.cpu.runs import WAYS, run

SHAPES = [(1, 1, 1), (3, 5, 7), (1, 4, 33), (6, 1, 2), (2, 3, 1), (4, 1, 130)]
REFERENCE = {
    "add": np.add,
    "mul": np.multiply,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "and": np.logical_and,
    "or": np.logical_or,
}
TYPES = [
    ("add", "float32", "float64", "float32"),
    ("add", "float64", "float64", "float64"),
    ("add", "bool", "int64", "int64"),
    ("add", "uint8", "int64", "int64"),
    ("add", "int32", "int64", "int64"),
    ("add", "int8", "float64", "float64"),
    ("mul", "float32", "float32", "float32"),
    ("mul", "int16", "int64", "int64"),
    ("maximum", "float32", "float32", "float32"),
    ("minimum", "float64", "float64", "float64"),
    ("maximum", "int8", "int8", "int8"),
    ("minimum", "uint32", "uint32", "uint32"),
    ("maximum", "bool", "bool", "bool"),
    ("minimum", "bool", "bool", "bool"),
    ("and", "bool", "bool", "bool"),
    ("or", "bool", "bool", "bool"),
]
SUMS = [("float32", "float64", "float32"), ("float32", "float32", "float32"), ("float64", "float64", "float64")]
LIMITS = {"float64": 1e-13, "float32": 3e-6}


def numbers(dtype, shape, rng):
    if dtype == "bool":
        return rng.random(shape) < 0.7
    if dtype.startswith("float"):
        return rng.normal(1, 1, shape).astype(dtype)
    low, high = (0, 3) if dtype.startswith("u") else (-2, 3)
    return rng.integers(low, high, shape).astype(dtype)


def joined(kind, x, inside):
    return REFERENCE[kind].reduce(REFERENCE[kind].reduce(x.astype(inside), axis=2), axis=0)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize(("kind", "source", "inside", "dtype"), TYPES)
def test_every_kind_of_reduction(kind, source, inside, dtype, how):
    rng = np.random.default_rng(0)
    for shape in SHAPES:
        x, y = numbers(source, shape, rng), np.zeros(shape[1], dtype)
        run(reduce(kind, source, inside, dtype), [x, y, *shape, 2], -(-shape[1] // 2), how)
        np.testing.assert_allclose(y, joined(kind, x, inside).astype(dtype), rtol=3e-6)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("kind", ["maximum", "minimum"])
def test_maximum_and_minimum_propagate_nan(kind, how):
    x = np.random.default_rng(0).normal(size=(3, 4, 5)).astype("float32")
    x[0, 0, 0], x[2, 1, 4], x[1, 2, 2], x[1, 2, 3] = np.nan, np.nan, np.nan, np.inf
    x[:, 3] = -np.inf if kind == "maximum" else np.inf
    y = np.zeros(4, "float32")
    run(reduce(kind, *["float32"] * 3), [x, y, *x.shape, 4], 1, how)
    np.testing.assert_array_equal(y, joined(kind, x, "float32"))


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize(("source", "inside", "dtype"), SUMS)
def test_sums_of_rows(source, inside, dtype, squared, how):
    rng = np.random.default_rng(1)
    for lanes in (4, 32):
        for shape in [*SHAPES, (2, 3, 64), (1, 2, 401)]:
            x, y = numbers(source, shape, rng), np.zeros(shape[1], dtype)
            run(sum_rows(squared, source, inside, dtype, lanes), [x, y, *shape, 2], -(-shape[1] // 2), how)
            expected = (x.astype(float) ** (2 if squared else 1)).sum(axis=(0, 2))
            np.testing.assert_allclose(y, expected, rtol=LIMITS[inside] if inside == dtype else 1e-7)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize(("source", "inside", "dtype"), SUMS)
def test_sums_of_columns(source, inside, dtype, squared, how):
    rng = np.random.default_rng(2)
    for shape in [(1, 1), (7, 3), (2, 33), (40, 17)]:
        x, y, found = numbers(source, shape, rng), np.zeros(shape[1], dtype), np.full(shape[1], np.nan, inside)
        run(sum_columns(squared, source, inside, dtype), [x, y, found, *shape], 1, how)
        expected = (x.astype(float) ** (2 if squared else 1)).sum(axis=0)
        np.testing.assert_allclose(y, expected, rtol=LIMITS[inside] if inside == dtype else 1e-7)


@pytest.mark.parametrize("how", WAYS)
def test_sums_propagate_nan_and_infinity(how):
    x = np.ones((4, 3, 40), "float32")
    x[1, 0, 39], x[2, 2, 5] = np.nan, np.inf
    y = np.zeros(3, "float32")
    run(sum_rows(False), [x, y, *x.shape, 3], 1, how)
    np.testing.assert_array_equal(y, np.float32([np.nan, 160, np.inf]))


def test_lanes_do_not_exceed_the_length_of_a_row():
    for inner in range(1, 200):
        assert lanes_for(inner) <= max(4, inner)
        assert lanes_for(inner) in (4, 8, 16, 32)
    assert lanes_for(78_400) == 32
    assert lanes_for(144) == 16


@pytest.mark.parametrize("count", [1, 2 * BLOCK - 1, 78_400, 640_000, 1_000_003, 1 << 24])
def test_long_sums_in_blocks(count):
    """Blocks of equal length, for any number of threads."""
    blocks = even_blocks(count)
    assert count % blocks == 0
    assert blocks == 1 or count // blocks >= BLOCK
    if count in (78_400, 640_000):
        x = np.random.default_rng(3).normal(size=count).astype("float32")
        found, y = np.zeros(blocks), np.zeros(1, "float32")
        run(sum_rows(True, "float32", "float64", "float64"), [x, found, 1, blocks, count // blocks, 1], blocks)
        run(sum_rows(False, "float64", "float64", "float32", lanes_for(blocks)), [found, y, 1, 1, blocks, 1])
        assert blocks > 1
        np.testing.assert_allclose(y, (x.astype(float) ** 2).sum(), rtol=1e-7)
