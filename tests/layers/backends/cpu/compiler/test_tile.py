"""Tiles: every operation against plain Python, and plain Python against NumPy."""

import numpy as np
import pytest

from network3.layers.backends.cpu.compiler import Array, Int, Tile
from tests.layers.backends.cpu.compiler.agreement import FLOATS, agreed

LANES = (1, 3, 4, 5, 8, 16)
CLOSE = {"float32": 1e-5, "float64": 1e-13}


def drawn(count, dtype):
    return np.random.normal(size=count).astype(dtype)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("lanes", LANES)
def test_every_operation(dtype, lanes):
    left, right = (0, 7, 3), (0, lanes + 1)
    tile = Tile(dtype, lanes, left, right)
    vectors = Tile(dtype, lanes, left, right, broadcast=False, onto=(lanes, 0))
    row = 2 * lanes + 1

    def operations(
        part, a: Array(dtype), b: Array(dtype), out: Array(dtype), bits: Array("int32"), terms: Int, old: Array(dtype)
    ):
        one, other = tile.zero(), vectors.zero()
        for k in range(terms):
            tile.accumulate(one, a, k, b, 2 * k + 1)
            vectors.accumulate(other, b, k, a, k)
            vectors.accumulate(other, a, 0, b, 3)
        at = 0
        tile.store(one, out, at, row)
        at += 3 * row
        vectors.store(other, out, at, row)
        tile.add(one, other)
        at += 3 * row
        tile.blend(one, out, at, row, old[0], old[1])
        tile.blend(one, out, at, row, 1.0, 0.5)
        at += 3 * row
        vectors.blend(other, out, at, 1, old[0], old[1])  # overlapping vectors
        at += 3 * row
        tile.add_to(other, out, at)
        at += 6 * lanes
        single = tile.load(b, 2)
        tile.scatter(single, a, terms, out, at)
        tile.store(single, out, at, 0)
        tile.scatter(single, a, 1, out, at)
        at += row
        tile.largest(one, out, bits, at, lanes + 1)
        for i in range(terms):  # a new tile in each iteration
            fresh = tile.zero()
            tile.accumulate(fresh, a, i, b, i)
            tile.add_to(fresh, out, at)

    assert (tile.rows, tile.columns) == (3, 2)
    size = 12 * row + 6 * lanes + row + 8 * lanes + 8
    a, b, out, old = drawn(40, dtype), drawn(80, dtype), drawn(size, dtype), drawn(2, dtype)
    agreed(operations, a, b, out, np.zeros(size, "int32"), 5, old, rtol=CLOSE[dtype])


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("lanes", [1, 4, 16])
def test_the_maximum_propagates_nan_and_marks_all_vectors_that_attain_it(dtype, lanes):
    tile = Tile(dtype, lanes, (0, 1), tuple(range(0, 6 * lanes, lanes)))

    def largest(part, one: Array(dtype), x: Array(dtype), out: Array(dtype), bits: Array("int32")):
        t = tile.zero()
        tile.accumulate(t, one, 0, x, 0)
        tile.largest(t, out, bits, 0, lanes)

    one = np.array([1, -1], dtype)
    for values in ([0, 1, 2], [-np.inf, np.inf, 1], [np.nan, 1], [np.nan, 0, 1, 1, 2, 2, 3, 3]):
        x = np.random.choice(np.array(values, dtype), 6 * lanes)
        _, _, out, bits = agreed(largest, one, x, np.zeros(2 * lanes, dtype), np.zeros(2 * lanes, "int32"))
        products = one[:, None, None] * x.reshape(6, lanes)
        np.testing.assert_array_equal(out, products.max(axis=1).reshape(-1))
        won = products == products.max(axis=1, keepdims=True)
        np.testing.assert_array_equal(bits, (won << np.arange(6)[:, None]).sum(axis=1).reshape(-1))


def test_plain_python_against_numpy():
    lanes, left, right, onto = 4, (0, 3), (5, 0, 2), (0, 4, 8)
    tile = Tile("float64", lanes, left, right, onto=onto)
    a, b, out = drawn(20, "float64"), drawn(20, "float64"), drawn(40, "float64")
    t = tile.zero()
    tile.accumulate(t, a, 2, b, 1)
    tile.accumulate(t, a, 6, b, 3)
    expected = np.array([[a[2 + i] * b[1 + j : 5 + j] + a[6 + i] * b[3 + j : 7 + j] for j in right] for i in left])
    np.testing.assert_allclose(t, expected)
    tile.add(t, t.copy())
    np.testing.assert_allclose(t, 2 * expected)
    before = out.copy()
    tile.store(t, out, 1, 15)
    np.testing.assert_allclose(out[[*range(1, 13)]], 2 * expected[0].reshape(-1))
    np.testing.assert_allclose(out[[*range(16, 28)]], 2 * expected[1].reshape(-1))
    np.testing.assert_array_equal(out[13:16], before[13:16])
    tile.blend(t, out, 1, 15, 3.0, -1.0)
    np.testing.assert_allclose(out[1:13], 4 * expected[0].reshape(-1))
    out[:] = 1
    tile.add_to(t, out, 2)
    np.testing.assert_allclose(out[2:26], 1 + 2 * expected.reshape(-1))
    row = tile.load(b, 1)
    np.testing.assert_array_equal(row, [[b[1 + j : 5 + j] for j in right]])
    out[:] = 0
    tile.scatter(row, a, 3, out, 10)
    expected = np.zeros(40)
    for c, j in enumerate(right):
        expected[10 + j : 14 + j] += a[3] * row[0, c]
    np.testing.assert_allclose(out, expected)
