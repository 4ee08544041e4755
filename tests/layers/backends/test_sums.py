"""Long sums against NumPy's in float64."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

import network3.layers.backends.numba  # noqa: F401  (registers Ops and rewrites)
from network3.layers.backends.numba.sums import SumTo64


def summed(expression, value, mode="NUMBA"):
    x = pt.tensor(dtype=value.dtype, shape=value.shape)
    function = pytensor.function([x], expression(x), mode=mode)
    taken = any(isinstance(node.op, SumTo64) for node in function.maker.fgraph.apply_nodes)
    return function(value), taken


@pytest.mark.parametrize("shape", [(1000,), (31, 33), (7, 11, 3, 5), (3, 401)])
@pytest.mark.parametrize("squared", [False, True])
def test_of_all(shape, squared):
    value = np.random.default_rng(0).normal(1, 1, shape).astype("float32")
    power = 2 if squared else 1
    got, taken = summed(lambda x: (x**power).sum(acc_dtype="float64"), value)
    assert taken
    assert got.dtype == "float32"
    np.testing.assert_allclose(got, (value.astype(float) ** power).sum(), rtol=1e-7)


@pytest.mark.parametrize("shape", [(3, 7, 11, 5), (2, 1, 40, 41), (10, 20, 12, 12)])
def test_by_map(shape):
    value = np.random.default_rng(0).normal(1, 1, shape).astype("float32")
    got, taken = summed(lambda x: x.sum(axis=(0, 2, 3), acc_dtype="float64"), value)
    assert taken
    np.testing.assert_allclose(got, value.astype(float).sum(axis=(0, 2, 3)), rtol=1e-7)


def test_nan_and_infinity_stay():
    value = np.ones((4, 3, 10, 10), "float32")
    value[1, 0, 3, 3], value[2, 2, 5, 5] = np.nan, np.inf
    got, _ = summed(lambda x: x.sum(axis=(0, 2, 3), acc_dtype="float64"), value)
    np.testing.assert_array_equal(got, np.array([np.nan, 400, np.inf], "float32"))


@pytest.mark.parametrize("axis", [0, 1, (1, 2), (0, 3), (2, 3)])
def test_over_other_axes(axis):
    value = np.random.default_rng(0).normal(1, 1, (3, 5, 7, 37)).astype("float32")
    got, taken = summed(lambda x: x.sum(axis=axis, acc_dtype="float64"), value)
    kept = [d for d in range(4) if d not in np.atleast_1d(axis)]
    assert taken == (kept == list(range(kept[0], kept[-1] + 1)))
    np.testing.assert_allclose(got, value.astype(float).sum(axis=axis), rtol=1e-6)


def test_other_sums_are_left_alone():
    value = np.ones((30, 40), "float32")
    assert not summed(lambda x: x.sum(acc_dtype="float32"), value)[1]
    assert not summed(lambda x: x.sum(), value.astype("float64"))[1]
    assert not summed(lambda x: x.prod(), value)[1]
    assert not summed(lambda x: x.sum(acc_dtype="float64"), value, mode="FAST_COMPILE")[1]
