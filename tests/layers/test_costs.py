"""Costs against SciPy: values, the errors delta, and logarithms of extreme activations."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy.special import expit, xlog1py, xlogy
from scipy.special import log_softmax as scipy_log_softmax
from scipy.special import softmax as scipy_softmax

from network3.layers import sigmoid, softmax, tanh
from network3.layers.costs import cross_entropy, log_likelihood, quadratic

Z = np.random.default_rng(4).normal(size=(5, 3))
LABELS = np.array([2, 0, 1, 1, 0])
ROWS = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0]])
BETWEEN = scipy_softmax(np.random.default_rng(6).normal(size=(5, 3)), 1)

OF_ONE = {
    # cost: of the activations and the desired ones of one example
    quadratic: lambda a, y: ((a - y) ** 2).sum() / 2,
    cross_entropy: lambda a, y: -(xlogy(y, a) + xlog1py(1 - y, -a)).sum(),
    log_likelihood: lambda a, y: -xlogy(y, a).sum(),
}
each_cost = pytest.mark.parametrize("cost", OF_ONE, ids=lambda f: f.__name__)
DESIRED = {
    "labels": (LABELS.astype("int32"), ROWS),
    "labels of int64": (LABELS, ROWS),
    "rows of 0 and 1": (ROWS.astype("float64"), ROWS),
    "rows of whole numbers": (ROWS.astype("int32"), ROWS),
    "rows between 0 and 1": (BETWEEN, BETWEEN),
}
each_desired = pytest.mark.parametrize(("target", "rows"), DESIRED.values(), ids=DESIRED)


def variable(array, static=False):
    return pt.tensor(shape=array.shape if static else (None,) * array.ndim, dtype=array.dtype)


@each_cost
@each_desired
@pytest.mark.parametrize("static", [True, False], ids=["batch static", "batch open"])
def test_a_cost_is_the_mean_over_the_examples(compute, cost, target, rows, static):
    activations = scipy_softmax(Z, 1)
    a, y = variable(activations, static), variable(target, static)
    expected = np.mean([OF_ONE[cost](*pair) for pair in zip(activations, rows, strict=True)])
    value = compute(cost(a, y), {a: activations, y: target})
    assert value.shape == ()
    assert value == pytest.approx(expected, rel=1e-13)


DELTAS = {
    "cross-entropy of sigmoid": (cross_entropy, sigmoid, lambda y: expit(Z) - y),
    "log-likelihood of softmax": (log_likelihood, softmax, lambda y: scipy_softmax(Z, 1) - y),
    "quadratic of sigmoid": (quadratic, sigmoid, lambda y: (expit(Z) - y) * expit(Z) * (1 - expit(Z))),
    "quadratic of tanh": (quadratic, tanh, lambda y: (np.tanh(Z) - y) / np.cosh(Z) ** 2),
}


@pytest.mark.parametrize(("cost", "activation", "delta"), DELTAS.values(), ids=DELTAS)
@each_desired
def test_delta_is_the_books(compute, cost, activation, delta, target, rows):
    z, y = variable(Z), variable(target)
    gradient = compute(pytensor.grad(cost(activation(z), y), z), {z: Z, y: target})
    np.testing.assert_allclose(gradient, delta(rows) / len(Z), rtol=1e-11, atol=1e-15)


EXTREME = np.array([[-1000, 0, 1000], [-1000, 1000, 3], [-1000, 1000, 1000], [0, 1000, -999], [20, -20, 30]], "float64")


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "NUMBA"])
def test_the_cost_of_extreme_logits_is_exact(compute, mode):
    """With labels and with rows; the gradient is exact too."""
    logits, labels, rows = EXTREME.astype("float32"), LABELS.astype("int32"), ROWS.astype("float32")
    z, y, t = variable(logits), variable(labels), variable(rows)
    by_label, by_row = log_likelihood(softmax(z), y), log_likelihood(softmax(z), t)
    expressions = [by_label, by_row, pytensor.grad(by_label, z), pytensor.grad(by_row, z)]
    *costs, label_gradient, row_gradient = compute(expressions, {z: logits, y: labels, t: rows}, mode)
    expected = -scipy_log_softmax(EXTREME, 1)[range(5), LABELS].mean()
    assert expected > 100  # probabilities too small for float32, and for float64
    np.testing.assert_allclose(costs, [expected, expected], rtol=1e-6)
    for gradient in (label_gradient, row_gradient):
        np.testing.assert_allclose(gradient, (scipy_softmax(EXTREME, 1) - ROWS) / 5, rtol=1e-5, atol=1e-8)


def test_numba_keeps_the_cross_entropy_of_saturated_neurons_finite(compute):
    """A float32 sigmoid is 1 above 17 and 0 below -104; the cost is then computed from the weighted input."""
    logits, labels = EXTREME.astype("float32"), LABELS.astype("int32")
    z, y = variable(logits), variable(labels)
    cost = cross_entropy(sigmoid(z), y)
    value, gradient = compute([cost, pytensor.grad(cost, z)], {z: logits, y: labels}, "NUMBA")
    softplus = np.logaddexp(0, np.where(ROWS == 1, -EXTREME, EXTREME))
    assert value == pytest.approx(softplus.sum(1).mean(), rel=1e-6)
    np.testing.assert_allclose(gradient, (expit(EXTREME) - ROWS) / 5, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("target", [LABELS.astype("int32"), ROWS.astype("float64")], ids=["labels", "rows"])
@pytest.mark.parametrize(
    ("cost", "slope"), [(cross_entropy, 1 - 2 * ROWS), (log_likelihood, -ROWS)], ids=["cross_entropy", "log_likelihood"]
)
def test_0_times_the_logarithm_of_0_is_0(compute, cost, slope, target):
    """The cost of exactly right activations is 0, and its gradient is finite."""
    activations = ROWS.astype("float64")
    a, y = variable(activations), variable(target)
    value, gradient = compute([cost(a, y), pytensor.grad(cost(a, y), a)], {a: activations, y: target})
    assert value == 0
    np.testing.assert_allclose(gradient, slope / 5, rtol=1e-15)


@pytest.mark.parametrize("target", [LABELS.astype("int32"), ROWS.astype("float64")], ids=["labels", "rows"])
def test_the_cost_of_exactly_wrong_activations_is_infinite(compute, target):
    activations = np.roll(ROWS, 1, axis=1).astype("float64")
    a, y = variable(activations), variable(target)
    assert compute([cross_entropy(a, y), log_likelihood(a, y)], {a: activations, y: target}) == [np.inf, np.inf]


@each_cost
def test_nan_in_an_activation_is_nan_in_the_cost(compute, cost):
    activations = np.full((5, 3), 0.3)
    activations[2] = np.nan
    a, y = variable(activations), variable(LABELS)
    assert np.isnan(compute(cost(a, y), {a: activations, y: LABELS}))


@each_cost
@each_desired
@pytest.mark.parametrize("floatX", ["float32", "float64"])
def test_float32_stays_float32(cost, target, rows, floatX):
    """For targets of any type, and for any setting of PyTensor's own."""
    with pytensor.config.change_flags(floatX=floatX):
        z, y = variable(Z.astype("float32")), variable(target)
        for activation in (sigmoid, softmax):
            value = cost(activation(z), y)
            assert (value.dtype, pytensor.grad(value, z).dtype) == ("float32", "float32")
