"""Argmax against NumPy."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels.argmax import argmax
from tests.layers.backends.cpu.runs import WAYS, run

SHAPES = [(1, 1, 1), (3, 10, 1), (5, 1, 2), (4, 7, 3), (2, 33, 5)]
DTYPES = ["float32", "float64", "int64", "int32", "int16", "int8", "uint32", "uint8"]


def found(x, how):
    y = np.full((x.shape[0], x.shape[2]), -1)
    run(argmax(str(x.dtype)), [x, y, *x.shape], 1, how)
    return y


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_agrees_with_numpy(dtype, how):
    """Few different values: the first of equal ones is found."""
    rng = np.random.default_rng(0)
    for shape in SHAPES:
        low = 0 if dtype.startswith("u") else -3
        x = rng.integers(low, 3, shape).astype(dtype)
        np.testing.assert_array_equal(found(x, how), x.argmax(1))


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_is_the_largest(dtype, how):
    rng = np.random.default_rng(1)
    for shape in SHAPES:
        x = rng.choice([np.nan, -np.inf, np.inf, 0, 1], shape).astype(dtype)
        np.testing.assert_array_equal(found(x, how), x.argmax(1))
        x = np.full(shape, -np.inf, dtype)
        np.testing.assert_array_equal(found(x, how), x.argmax(1))
