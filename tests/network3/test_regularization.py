"""The L2 term keeps its digits over large layers, on every back end, and its type."""

import numpy as np
import pytest
from pytensor import function, shared

import network3
from network3.layers.precision import building
from network3.regularization import l2
from network3.runners import calling


@pytest.mark.parametrize(("backend", "mode"), [("numba", "NUMBA"), ("jax", "JAX")])
def test_a_million_squares_keep_the_digits_of_float32(backend, mode):
    if backend == "jax":
        pytest.importorskip("jax")
    network3.use("cpu", "float32", backend=backend)
    rng = np.random.default_rng(8)
    weights = [rng.normal(size=shape).astype("float32") for shape in ((1100, 1000), (7, 5, 3, 2))]
    with calling(backend, "float32"), building("float32"):
        term = function([], l2([shared(w, shape=w.shape) for w in weights]), mode=mode)
        value = np.asarray(term())
    assert value.dtype == "float32"
    exact = 0.5 * sum((w.astype("float64") ** 2).sum() for w in weights)
    np.testing.assert_allclose(value, exact, rtol=1e-6)
