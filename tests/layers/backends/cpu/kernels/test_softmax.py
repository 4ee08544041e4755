"""Softmax over rows against SciPy."""

import numpy as np
import pytest
from scipy import special

from network3.layers.backends.cpu.kernels.softmax import softmax
from tests.layers.backends.cpu.runs import WAYS, run

SHAPES = [(1, 1), (7, 11), (10, 10), (3, 1), (1, 17), (33, 4)]


def computed(value, log, how):
    y, shifted = np.full_like(value, np.nan), np.full_like(value, np.nan)
    run(softmax(str(value.dtype)), [value, y, shifted, *value.shape, int(log)], 1, how)
    return y


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize(("dtype", "limit"), [("float32", 2e-6), ("float64", 1e-14)])
@pytest.mark.parametrize("log", [False, True])
def test_agrees_with_scipy(log, dtype, limit, how):
    for shape in SHAPES:
        value = np.random.default_rng(0).normal(0, 30, shape).astype(dtype)
        value[0] = 1000 * np.arange(shape[1]) - 5000  # far apart
        expected = (special.log_softmax if log else special.softmax)(value.astype(float), axis=1)
        np.testing.assert_allclose(computed(value, log, how), expected, rtol=limit, atol=limit)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("place", [0, 2, 4])
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_nan_and_infinity_give_nan_in_their_row_only(number, place, log, how):
    value = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    value[1, place] = number
    np.testing.assert_array_equal(np.isnan(computed(value, log, how)), [[False] * 5, [True] * 5, [False] * 5])


@pytest.mark.parametrize("log", [False, True])
def test_minus_infinity_gives_probability_zero(log):
    value = np.float32([[0, -np.inf, 1], [3, 4, 5]])
    expected = (special.log_softmax if log else special.softmax)(value.astype(float), axis=1)
    np.testing.assert_allclose(computed(value, log, "compiled"), expected, rtol=2e-6)
