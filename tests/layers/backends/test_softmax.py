"""Softmax on Numba against SciPy."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.tensor.special import log_softmax, softmax
from scipy import special

import network3.layers.backends.numba  # noqa: F401  (registers Ops and rewrites)
from network3.layers.backends.numba.softmax import RowSoftmax

BOTH = [(softmax, special.softmax), (log_softmax, special.log_softmax)]


def computed(function, value, mode="NUMBA"):
    x = pt.tensor(dtype=value.dtype, shape=(None, value.shape[1]))
    compiled = pytensor.function([x], function(x, axis=-1), mode=mode)
    taken = any(isinstance(node.op, RowSoftmax) for node in compiled.maker.fgraph.apply_nodes)
    return compiled(value), taken


@pytest.mark.parametrize(("dtype", "limit"), [("float32", 2e-6), ("float64", 1e-14)])
@pytest.mark.parametrize(("ours", "truth"), BOTH)
def test_agrees_with_scipy(ours, truth, dtype, limit):
    value = np.random.default_rng(0).normal(0, 30, (7, 11)).astype(dtype)
    value[0] = 1000 * np.arange(11) - 5000  # far apart
    got, taken = computed(ours, value)
    assert taken
    assert got.dtype == dtype
    np.testing.assert_allclose(got, truth(value.astype(float), axis=1), rtol=limit, atol=limit)


@pytest.mark.parametrize(("ours", "truth"), BOTH)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_nan_fills_its_row_and_no_other(ours, truth, place):
    value = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    value[1, place] = np.nan
    got, _ = computed(ours, value)
    np.testing.assert_array_equal(np.isnan(got), [[False] * 5, [True] * 5, [False] * 5])


def test_only_on_numba():
    assert not computed(softmax, np.ones((2, 3), "float32"), mode="FAST_COMPILE")[1]
