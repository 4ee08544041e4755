"""Cross-entropies of Theano against their formulas: dense and integer targets, no mean, finite where they can be."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
import scipy.special

import network3.theano as theano
from network3.theano.tensor.nnet import (
    binary_crossentropy,
    categorical_crossentropy,
    sigmoid,
    sigmoid_binary_crossentropy,
    softmax,
)

LABELS = np.array([2, 0, 3], "int32")


@pytest.fixture
def z(rng):
    return rng.normal(size=(3, 4)) * 3


def test_dense_targets_give_one_cost_a_row(evaluate, rng, z):
    q, p = scipy.special.softmax(z, axis=1), rng.dirichlet(np.ones(4), 3)
    expected = -(p * np.log(q)).sum(1)
    np.testing.assert_allclose(evaluate(categorical_crossentropy, q, p), expected, rtol=1e-10)
    np.testing.assert_allclose(evaluate(lambda z, p: categorical_crossentropy(softmax(z), p), z, p), expected)


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8"])
def test_integer_targets_choose_a_column(evaluate, z, dtype):
    q = scipy.special.softmax(z, axis=1)
    found = evaluate(categorical_crossentropy, q, LABELS.astype(dtype))
    np.testing.assert_allclose(found, -np.log(q[np.arange(3), LABELS]), rtol=1e-12)


def test_the_gradient_of_a_softmax_is_a_difference(evaluate, z):
    def gradient(z, y):
        return pytensor.grad(categorical_crossentropy(softmax(z), y).sum(), z)

    expected = scipy.special.softmax(z, axis=1) - np.eye(4)[LABELS]
    np.testing.assert_allclose(evaluate(gradient, z, LABELS), expected, atol=1e-12)


def test_the_logarithm_of_a_softmax_is_finite_where_it_underflows(evaluate):
    z = np.array([[0.0, 2000.0]])
    found = evaluate(lambda z, y: categorical_crossentropy(softmax(z), y), z, np.array([0]))
    np.testing.assert_array_equal(found, [2000.0])


def test_a_probability_of_0_elsewhere_leaves_the_gradient_finite(evaluate):
    q = np.array([[0.0, 0.25, 0.75]])

    def gradient(q, y):
        return pytensor.grad(categorical_crossentropy(q, y).sum(), q)

    np.testing.assert_array_equal(evaluate(gradient, q, np.array([1])), [[0, -4, 0]])


@pytest.mark.parametrize("label", [-1, 4])
def test_a_class_that_is_no_column_has_the_cost_nan(evaluate, z, label):
    found = evaluate(lambda z, y: categorical_crossentropy(softmax(z), y), z, np.array([2, label, 3]))
    np.testing.assert_array_equal(np.isnan(found), [False, True, False])


def test_binary_has_one_cost_an_element(evaluate, rng):
    a, t = rng.uniform(0.01, 0.99, (3, 4)), rng.uniform(size=(3, 4))
    expected = -(t * np.log(a) + (1 - t) * np.log(1 - a))
    np.testing.assert_allclose(evaluate(binary_crossentropy, a, t), expected, rtol=1e-10)
    z = np.log(a / (1 - a))
    np.testing.assert_allclose(evaluate(sigmoid_binary_crossentropy, z, t), expected, rtol=1e-10)
    ones = evaluate(lambda a: binary_crossentropy(a, 1), a.astype("float32"))
    assert ones.dtype == "float32"
    np.testing.assert_allclose(ones, -np.log(a), rtol=1e-5)


def test_binary_of_a_sigmoid_is_finite_where_that_is_1():
    z = pt.tensor("z", shape=(2,), dtype="float32")
    compute = theano.function([z], binary_crossentropy(sigmoid(z), 0))
    np.testing.assert_allclose(compute(np.array([-300, 300], "float32")), [0, 300])


def test_targets_of_another_kind_are_refused(z):
    expected = (
        r"categorical_crossentropy: expected \(rows, classes\), .*; got 2 axes and 1 axes of float64\. Pass integer"
    )
    with pytest.raises(TypeError, match=expected):
        categorical_crossentropy(pt.constant(z), pt.dvector())
