"""Products of matrices of any sizes and strides against NumPy in float64."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels.matrix_product import (
    COLUMNS,
    FEW_COLUMNS,
    ROWS,
    matrix_product,
    matrix_product_layout,
)
from network3.layers.backends.cpu.kernels.panels import TERMS
from network3.layers.backends.cpu.processor import lanes_of
from tests.layers.backends.cpu.runs import WAYS, run

from .pooled_convolutions import same_kind, undefined

LIMITS = {"float32": 5e-7, "float64": 1e-15}
LANES = lanes_of("float32")
# rows, terms, columns
SMALL = [
    (1, 1, 1),
    (1, 7, 1),
    (3, 1, 5),
    (2, 0, 3),
    (5, 13, FEW_COLUMNS),
    (4, 150, FEW_COLUMNS + 1),
    (9, 19, LANES - 1),
    (8, 20, LANES),
    (7, 21, LANES + 1),
    (23, 9, 2 * LANES),
    (5, TERMS + 1, 2 * LANES + 1),
]
LARGE = [
    (ROWS, TERMS, COLUMNS),
    (ROWS + 1, 2 * TERMS + 3, COLUMNS + 1),
    (2 * ROWS + 5, 7, 3),
    (3, 1000, 600),
    (700, 50, 10),
]
# Memory layout of a matrix: by rows, by columns, or with gaps.
ORDERS = {
    "rows": lambda m: np.ascontiguousarray(m),
    "columns": lambda m: np.asfortranarray(m),
    "gaps": lambda m: np.repeat(np.repeat(m, 2, 0), 3, 1)[::2, ::3],
}


def flat(matrix):
    """Return the underlying memory of a matrix, and its strides in elements."""
    base = matrix
    while base.base is not None:
        base = base.base
    size = matrix.dtype.itemsize
    return base.ravel(order="K"), *(stride // size for stride in matrix.strides)


def product(a, b, how="compiled"):
    (rows, terms), columns = a.shape, b.shape[1]
    out = undefined((rows, columns), a.dtype)
    (left, *left_strides), (right, *right_strides) = flat(a), flat(b)
    layout = matrix_product_layout(rows, terms, columns, a.dtype.name)
    arguments = [left, right, out, rows, terms, columns, *left_strides, *right_strides, *layout.sizes]
    run(matrix_product(a.dtype.name), arguments, layout.parts, how)
    return out


def drawn(sizes, dtype, left="rows", right="rows"):
    rng = np.random.default_rng(sum(sizes))
    rows, terms, columns = sizes
    a, b = (rng.normal(size=shape).astype(dtype) for shape in ((rows, terms), (terms, columns)))
    return ORDERS[left](a), ORDERS[right](b)


def agree(a, b, how):
    expected = a.astype(float) @ b.astype(float)
    limit = LIMITS[str(a.dtype)] * max(1, a.shape[1]) ** 0.5 * max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(product(a, b, how), expected, rtol=0, atol=limit)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("sizes", SMALL)
def test_small(sizes, dtype, how):
    agree(*drawn(sizes, dtype), how)


@pytest.mark.parametrize("how", ["compiled", "checked"])
@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("sizes", LARGE)
def test_large(sizes, dtype, how):
    agree(*drawn(sizes, dtype), how)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("right", ORDERS)
@pytest.mark.parametrize("left", ORDERS)
def test_memory_layouts(left, right, how):
    for sizes in ((3, 4, 2), (9, 19, LANES + 1), (5, 7, 2 * LANES)):
        agree(*drawn(sizes, "float32", left, right), how)


@pytest.mark.parametrize("how", WAYS)
def test_broadcast_operands(how):
    """A broadcast array has strides of 0."""
    rows, terms, columns = 6, 10, 2 * LANES + 3
    a, b = np.float32([2]), np.random.default_rng(0).normal(size=(terms, columns)).astype("float32")
    out = undefined((rows, columns), "float32")
    run(matrix_product("float32"), [a, b, out, rows, terms, columns, 0, 0, columns, 1], 1, how)
    np.testing.assert_allclose(out, np.broadcast_to(2 * b.astype(float).sum(0), out.shape), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("how", "times", "most"), [("python", 10, 12), ("compiled", 200, 60), ("checked", 100, 60)])
@pytest.mark.parametrize("dtype", LIMITS)
def test_random_sizes(dtype, how, times, most):
    rng = np.random.default_rng(16)
    for _ in range(times):
        sizes = tuple(int(v) for v in rng.integers(1, most, 3))
        agree(*drawn(sizes, dtype, *rng.choice([*ORDERS], 2)), how)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("columns", [2, LANES + 1])
def test_nan_and_infinity_propagate_to_dependent_elements_only(columns, how):
    a, b = drawn((9, 70, columns), "float32")
    a[3, 5], a[8, 69], b[7, 1], b[9, 0] = np.nan, np.inf, np.inf, -np.inf
    with np.errstate(invalid="ignore"):
        same_kind(product(a, b, how), a.astype(float) @ b.astype(float))


@pytest.mark.parametrize("columns", [1, 16])
def test_long_sums_are_accurate(columns):
    a, b = np.full((10, 10_000), 0.1, "float32"), np.full((10_000, columns), 0.3, "float32")
    np.testing.assert_allclose(product(a, b), a.astype(float) @ b.astype(float), rtol=2e-5)


def test_no_rows_have_no_parts():
    assert matrix_product_layout(0, 3, 4, "float32").parts == 0
    assert matrix_product_layout(3, 4, 0, "float32").parts == 0
