"""Activation functions: closed forms, derivatives by finite differences, and limits for huge inputs."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

import network3
from network3 import layers
from network3.layers import ACTIVATIONS, ReLU, linear, sigmoid, softmax, step, tanh

CLOSED_FORMS = {
    linear: lambda z: z,
    step: lambda z: np.heaviside(z, 0.0),
    sigmoid: lambda z: 1 / (1 + np.exp(-z)),
    tanh: lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
    ReLU: lambda z: np.maximum(z, 0),
    softmax: lambda z: np.exp(z) / np.exp(z).sum(1, keepdims=True),
}
Z = np.array([[-3.0, -0.5, 0.25, 2.0, 1e-3], [0.1, -1e-3, -2.5, 1.5, 4.0], [-0.7, 0.9, 5.0, -4.0, 0.3]])
each_activation = pytest.mark.parametrize("activation", CLOSED_FORMS, ids=lambda f: f.__name__)


def matrix(dtype="float64"):
    return pt.tensor("z", shape=(None, None), dtype=dtype)


def test_the_names_of_the_book_are_the_functions():
    """An imported module of the same name would replace a function."""
    assert set(ACTIVATIONS.values()) == set(CLOSED_FORMS)
    for name, activation in ACTIVATIONS.items():
        assert getattr(layers, name) is getattr(network3, name) is activation
        assert activation.__name__ == name


@each_activation
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-14), ("float32", 1e-6)])
def test_values_agree_with_the_closed_form(compute, activation, dtype, tolerance):
    z = matrix(dtype)
    a = compute(activation(z), {z: Z.astype(dtype)})
    assert a.dtype == dtype
    np.testing.assert_allclose(a, CLOSED_FORMS[activation](Z), rtol=tolerance, atol=tolerance / 10)


@each_activation
def test_derivatives_agree_with_finite_differences(compute, activation):
    z, weights, step = matrix(), np.random.default_rng(1).normal(size=Z.shape), 1e-6
    derivative = compute(pytensor.grad((weights * activation(z)).sum(), z), {z: Z})
    for index in np.ndindex(Z.shape):
        nudge = np.zeros_like(Z)
        nudge[index] = step
        above, below = CLOSED_FORMS[activation](Z + nudge), CLOSED_FORMS[activation](Z - nudge)
        assert derivative[index] == pytest.approx((weights * (above - below)).sum() / (2 * step), abs=1e-8)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_derivative_of_relu_is_0_at_0(compute, dtype):
    z = matrix(dtype)
    tiny = np.finfo(dtype).tiny
    values = np.array([[0.0, -0.0, tiny, -tiny, 3.0, -3.0]], dtype)
    np.testing.assert_array_equal(compute(pytensor.grad(ReLU(z).sum(), z), {z: values}), [[0, 0, 1, 0, 1, 0]])


def test_each_row_of_softmax_is_a_distribution(compute):
    z = matrix("float32")
    a = compute(softmax(z), {z: np.random.default_rng(2).normal(0, 30, (7, 11)).astype("float32")})
    assert (a >= 0).all()
    np.testing.assert_allclose(a.sum(1), np.ones(7), rtol=1e-6)


def test_softmax_is_invariant_to_a_constant_added_to_a_row(compute):
    z = matrix()
    a, shifted = compute([softmax(z), softmax(z + pt.constant([[5.0], [-700.0], [1e4]]))], {z: Z})
    np.testing.assert_allclose(shifted, a, rtol=1e-11)


@each_activation
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_is_propagated(compute, activation, dtype):
    values = Z.astype(dtype)
    values[1, 2] = np.nan
    z = matrix(dtype)
    expected = np.zeros(Z.shape, bool)
    expected[1, slice(None) if activation is softmax else 2] = True
    np.testing.assert_array_equal(np.isnan(compute(activation(z), {z: values})), expected)


LIMITS = {
    linear: lambda huge: [[-huge, huge, 0]],
    step: lambda huge: [[0, 1, 0]],
    sigmoid: lambda huge: [[0, 1, 0.5]],
    tanh: lambda huge: [[-1, 1, 0]],
    ReLU: lambda huge: [[0, huge, 0]],
    softmax: lambda huge: [[0, 1, 0]],
}


@each_activation
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("fraction", [1e-30, 0.4])
def test_huge_inputs_reach_the_limits_without_a_warning(compute, activation, dtype, fraction):
    z, huge = matrix(dtype), np.dtype(dtype).type(fraction * np.finfo(dtype).max)
    assert huge > 1e4
    a = compute(activation(z), {z: np.array([[-huge, huge, 0]], dtype)})
    np.testing.assert_array_equal(a, np.array(LIMITS[activation](huge), dtype))


def test_numba_agrees_at_the_limits_too(compute):
    z, huge = matrix("float32"), 1e30
    values = np.vstack([Z[0, :3], [np.nan, 1, -1], [-huge, huge, 0]]).astype("float32")
    for activation, a in zip(
        CLOSED_FORMS, compute([activation(z) for activation in CLOSED_FORMS], {z: values}, "NUMBA"), strict=True
    ):
        np.testing.assert_allclose(a[:2], CLOSED_FORMS[activation](values[:2].astype("float64")), rtol=1e-6)
        np.testing.assert_array_equal(a[2:], np.array(LIMITS[activation](huge), "float32"))
