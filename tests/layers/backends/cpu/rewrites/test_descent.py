"""Products of a layer's matrices, and the update of its weights, against NumPy in float64."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from network3.layers.backends.cpu.ops import Descend

# batch, n_in, n_out
SIZES = {
    "the book's hidden layer": (10, 784, 100),
    "full vectors": (16, 96, 64),
    "nothing divides": (7, 97, 53),
    "one example": (1, 301, 130),
    "more examples than inputs": (150, 31, 33),
    "panels of columns": (9, 50, 1000),
    "few inputs": (40, 2, 411),
}
LIMITS = {"float32": 1e-6, "float64": 1e-15}
CASES = [*((case, "float32") for case in SIZES), *((case, "float64") for case in list(SIZES)[:3])]


def drawn(case, dtype):
    batch, n_in, n_out = SIZES[case]
    rng = np.random.default_rng(len(case))
    return [rng.normal(size=shape).astype(dtype) for shape in ((batch, n_in), (n_in, n_out), (batch, n_out))]


def run(op, *values):
    inputs = [pt.tensor(dtype=value.dtype, shape=value.shape) for value in values]
    function = pytensor.function(inputs, op(*inputs), mode="NETWORK3")
    assert hasattr(function.vm, "planned")
    return function(*values)


def turned(d, w):
    return pt.dot(d, w.T)


def close(got, expected, terms, dtype):
    assert got.dtype == dtype
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=0, atol=LIMITS[dtype] * terms**0.5 * np.abs(expected).max())


@pytest.mark.parametrize(("case", "dtype"), CASES)
def test_products_agree_with_numpy(case, dtype):
    x, w, d = drawn(case, dtype)
    batch, n_in, n_out = SIZES[case]
    close(run(pt.dot, x, w), x.astype(float) @ w, n_in, dtype)
    close(run(turned, d, w), d.astype(float) @ w.T, n_out, dtype)
    old, new = np.array(0.9, dtype), np.array(-0.3, dtype)
    expected = old * w.astype(float) + new * (x.T.astype(float) @ d)
    close(run(Descend(inplace=False), w, x, d, old, new), expected, batch, dtype)


@pytest.mark.parametrize("case", ["nothing divides", "panels of columns"])
def test_matrices_in_column_major_order(case):
    x, w, d = (np.asfortranarray(value) for value in drawn(case, "float64"))
    batch, n_in, n_out = SIZES[case]
    close(run(pt.dot, x, w), x @ w, n_in, "float64")
    close(run(turned, d, w), d @ w.T, n_out, "float64")
    one = np.array(1.0)
    close(run(Descend(inplace=False), w, x, d, one, one), w + x.T @ d, batch, "float64")


def test_nan_propagates():
    x, w, d = drawn("nothing divides", "float32")
    x[3, 5] = np.nan
    np.testing.assert_array_equal(np.isnan(run(pt.dot, x, w)), np.isnan(x @ w))
    one = np.array(1, "float32")
    changed = run(Descend(inplace=False), w, x, d, one, one)
    np.testing.assert_array_equal(np.isnan(changed), np.isnan(x.T @ d))


UPDATES = {
    "plain": lambda w, g, eta, lmbda: w - eta * g,
    "with an L2 term": lambda w, g, eta, lmbda: w - eta * (g + lmbda * w),
    "decayed first": lambda w, g, eta, lmbda: (1 - eta * lmbda) * w - eta * g,
    "a gradient scaled twice": lambda w, g, eta, lmbda: w + (-eta) * (lmbda * g),
}


@pytest.mark.parametrize("name", UPDATES)
def test_an_update_is_one_step_in_place(name):
    x, w, d = drawn("the book's hidden layer", "float64")
    eta, lmbda = pt.dscalar(), pt.dscalar()
    weights = pytensor.shared(w.copy(), shape=w.shape)
    delta = pt.tensor(dtype="float64", shape=d.shape)
    inputs = pt.tensor(dtype="float64", shape=x.shape)
    updates = {weights: UPDATES[name](weights, pt.dot(inputs.T, delta), eta, lmbda)}
    step = pytensor.function(
        [inputs, delta, eta, lmbda],
        pt.dot(inputs, weights).sum(),
        updates=updates,
        mode="NETWORK3",
        on_unused_input="ignore",
    )
    (node,) = (node for node in step.maker.fgraph.apply_nodes if isinstance(node.op, Descend))
    assert node.op.inplace
    place = weights.get_value(borrow=True).ctypes.data
    # The sum uses the previous weights, in whatever order PyTensor computes.
    np.testing.assert_allclose(step(x, d, 0.3, 0.2), (x @ w).sum(), rtol=1e-10)
    np.testing.assert_allclose(weights.get_value(), UPDATES[name](w, x.T @ d, 0.3, 0.2), rtol=1e-10, atol=1e-12)
    assert weights.get_value(borrow=True).ctypes.data == place


def test_other_updates_are_not_fused():
    """Momentum uses the gradient itself; a product of two weights is no step of descent."""
    x, w, d = drawn("the book's hidden layer", "float64")
    weights, velocity = pytensor.shared(w, shape=w.shape), pytensor.shared(0 * w, shape=w.shape)
    gradient = pt.dot(pt.constant(x).T, pt.constant(d))
    updates = {velocity: 0.9 * velocity * weights - 0.1 * gradient, weights: weights + velocity}
    step = pytensor.function([], [], updates=updates, mode="NETWORK3")
    assert not any(isinstance(node.op, Descend) for node in step.maker.fgraph.apply_nodes)
    step()
    np.testing.assert_allclose(velocity.get_value(), -0.1 * x.T @ d, rtol=1e-10, atol=1e-12)
