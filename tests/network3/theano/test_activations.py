"""Activation functions of Theano: values, derivatives at 0, types, and the shape of a softmax."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
import scipy.special

from network3.theano.tensor import nnet

VALUES = np.array([[-30.0, -2.5, -0.5, 0.0], [1e-3, 0.7, 3.0, 40.0]])
EXPECTED = {
    "relu": lambda x: np.maximum(x, 0),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
    "sigmoid": scipy.special.expit,
    "hard_sigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    "softplus": lambda x: np.logaddexp(0, x),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "softmax": lambda x: scipy.special.softmax(x, axis=1),
    "logsoftmax": lambda x: scipy.special.log_softmax(x, axis=1),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", EXPECTED)
def test_values(evaluate, name, dtype):
    found = evaluate(getattr(nnet, name), VALUES.astype(dtype))
    assert found.dtype == dtype
    rtol = 1e-5 if dtype == "float32" else 1e-10
    np.testing.assert_allclose(found, EXPECTED[name](VALUES), rtol=rtol, atol=rtol / 100)


@pytest.mark.parametrize("alpha", [0, 0.2, 1])
def test_relu_has_the_mean_of_both_slopes_at_0(evaluate, alpha):
    x = np.array([-2.0, 0.0, 3.0], "float32")
    found = evaluate(lambda x: nnet.relu(x, alpha), x)
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, [-2 * alpha, 0, 3], rtol=1e-6)
    slope = evaluate(lambda x: pytensor.grad(nnet.relu(x, alpha).sum(), x), x)
    np.testing.assert_allclose(slope, [alpha, (1 + alpha) / 2, 1], rtol=1e-6)


def test_the_slope_of_relu_can_be_trained(evaluate):
    def gradient(x, alpha):
        return pytensor.grad(nnet.relu(x, alpha).sum(), alpha)

    np.testing.assert_allclose(evaluate(gradient, VALUES, np.full(4, 0.1)), np.minimum(VALUES, 0).sum(0), atol=1e-12)


def test_softmax_of_a_vector_is_one_row(evaluate):
    found = evaluate(nnet.softmax, VALUES[1])
    np.testing.assert_allclose(found, scipy.special.softmax(VALUES[1:], axis=1))


@pytest.mark.parametrize("make", [pt.dscalar, pt.dtensor3])
@pytest.mark.parametrize("name", ["softmax", "logsoftmax"])
def test_softmax_of_other_axes_is_refused(name, make):
    with pytest.raises(
        TypeError, match=rf"^{name}: expected 1 or 2 axes, \(rows, classes\); got {make().ndim} axes\. "
    ):
        getattr(nnet, name)(make())
