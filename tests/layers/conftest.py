"""Fixtures for the tests of layers: NumPy's generator restored, layers connected by hand, expressions computed."""

import math

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from network3.layers import precision


@pytest.fixture(autouse=True)
def restored_generator():
    """Restore NumPy's global generator after each test."""
    state = np.random.get_state()
    yield
    np.random.set_state(state)


@pytest.fixture
def connect():
    """Connect a layer to a new input of flat examples, of its type and an open batch size, and return that input."""

    def connect(layer, batch=None):
        dtype = layer.params[0].dtype if layer.params else precision.floatX()
        x = pt.tensor("x", shape=(batch, math.prod(layer.input_shape)), dtype=dtype)
        layer.set_inpt(x, x, 4)
        return x

    return connect


@pytest.fixture
def compute():
    """Compute expressions of the variables that `values` maps to arrays, by default in Python."""

    def compute(expressions, values, mode="FAST_COMPILE", **options):
        function = pytensor.function(list(values), expressions, mode=mode, on_unused_input="ignore", **options)
        return function(*values.values())

    return compute
