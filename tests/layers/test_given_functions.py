"""Activation functions, initializers and generators that layers refuse, when they are built."""

import re
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

import network3
from network3.layers import ConvPoolLayer, FullyConnectedLayer, RegressionLayer, SoftmaxLayer
from network3.layers.initializers import normalized
from tests.layers.test_errors import FOUR_PARTS

fc: Any = FullyConnectedLayer
CONV = {"filter_shape": (7, 2, 4, 3), "image_shape": (2, 11, 8)}
WIDE = pytensor.shared(np.ones(3))  # float64

ACTIVATIONS = {
    "no result": (lambda z: None, "expected a function that returns an expression; got None"),
    "a number": (lambda z: 0.5, "expected a function that returns an expression; got 0.5"),
    "an array": (lambda z: np.zeros(3), "expected a function that returns an expression; got array([0., 0., 0.])"),
    "a constant": (lambda z: pt.zeros((4, 3), dtype="float32"), "depends on z; got a constant"),
    "a sum": (lambda z: z.sum(), "returns the shape of z; got () for z of shape (4, 3)"),
    "row sums": (lambda z: z.sum(axis=1), "returns the shape of z; got (4,) for z of shape (4, 3)"),
    "transposed": (lambda z: z.T, "returns the shape of z; got (3, 4) for z of shape (4, 3)"),
    "doubled": (lambda z: pt.concatenate([z, -z], axis=1), "returns the shape of z; got (4, 6) for z of shape (4, 3)"),
    "a comparison": (lambda z: z > 0, "returns float32, as z; got bool. Cast the result with"),
    "a factor of float64": (lambda z: z * np.float64(0.1), "returns float32, as z; got float64. Cast the result with"),
    "a shared variable of float64": (lambda z: z * WIDE, "returns float32, as z; got float64. Cast the result with"),
    "an if": (lambda z: z if z > 0 else 0, "expected a function of PyTensor expressions; got "),
    "a missing method": (lambda z: z.nothing(), "expected a function of PyTensor expressions; got"),
    "two arguments": (lambda z, a: z, "expected a function of (z); got one of z, a. Write e.g. activation_fn=ReLU."),
    "a layer class": (SoftmaxLayer, "expected a function, or an object that can be called; got the class Soft"),
    "a name": ("relu", "got 'relu'. Write activation_fn=ReLU, without quotes."),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_function_that_returns_something_else_is_refused(name):
    activation_fn, message = ACTIVATIONS[name]
    for build in (lambda: fc(5, 3, activation_fn), lambda: RegressionLayer(5, 3, activation_fn)):
        with pytest.raises((TypeError, ValueError), match=re.escape(message)) as caught:
            build()
        assert FOUR_PARTS.fullmatch(str(caught.value)), str(caught.value)
    with pytest.raises((TypeError, ValueError), match=r"^ConvPoolLayer: activation_fn: expected"):
        ConvPoolLayer(**CONV, activation_fn=activation_fn)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_other_activation_functions_are_accepted(dtype):
    network3.use(floatX=dtype)
    slope = pytensor.shared(np.full(3, 0.1, dtype))
    functions = [
        lambda z: pt.maximum(0.1 * z, z),
        lambda z: pt.switch(z > 0, z, slope * z),
        lambda z: np.float32(2) * z,
    ]
    functions += [pt.softplus, abs, np.tanh, lambda z, a=1: a * z, lambda z: z.clip(0, 6)]
    for function in functions:
        assert fc(5, 3, function).activation_fn is function
    ConvPoolLayer(**CONV, activation_fn=lambda z: z / z.sum(axis=1, keepdims=True))


GIVEN = {
    "a seed": ({"rng": 42}, "rng: expected a numpy.random.Generator; got 42. Write rng=numpy.random.default_rng(42)."),
    "a name as rng": ({"rng": "seed"}, "Write rng=numpy.random.default_rng(0)."),
    "a name": (
        {"initializer": "He"},
        "initializer: expected a function; got 'He'. Write initializer=he, without",
    ),
    "other arguments": (
        {"initializer": lambda shape: shape},
        "expected a function of (rng, w_shape, b_shape, n_in,",
    ),
    "no result": (
        {"initializer": lambda *a: None},
        "returns two arrays of finite numbers, of shapes (5, 3)",
    ),
    "one array": ({"initializer": lambda rng, w, *a: np.zeros(w)}, "returns two arrays of finite numbers"),
    "another shape": ({"initializer": lambda rng, w, b, *a: (np.zeros(b), np.zeros(b))}, "got shapes (3,) and (3,)"),
    "NaN": ({"initializer": lambda rng, w, b, *a: (np.full(w, np.nan), np.zeros(b))}, "got NaN or infinity"),
    "an expression": (
        {"initializer": lambda rng, w, b, *a: (pt.zeros(w), pt.zeros(b))},
        "returns two arrays of finite",
    ),
}


@pytest.mark.parametrize("name", GIVEN)
def test_an_initializer_or_generator_of_another_kind_is_refused(name):
    options, message = GIVEN[name]
    with pytest.raises((TypeError, ValueError), match=re.escape(message)) as caught:
        fc(5, 3, **options)
    assert "FullyConnectedLayer: " in str(caught.value)


@pytest.mark.parametrize("rng", [np.random.default_rng(1), np.random.RandomState(1), np.random])
def test_generators_of_numpy_are_accepted(rng):
    assert fc(5, 3, rng=rng, initializer=normalized).w.get_value().shape == (5, 3)
