"""What the tests of layers share: NumPy's generator put back, layers wired by hand, expressions computed."""

import math

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest


@pytest.fixture(autouse=True)
def generator_as_found():
    """Put NumPy's global generator back after each test."""
    state = np.random.get_state()
    yield
    np.random.set_state(state)


@pytest.fixture
def wire():
    """Wire a layer to a new input of flat examples, of its own type and an open batch, and return that input."""

    def wire(layer, batch=None):
        x = pt.tensor("x", shape=(batch, math.prod(layer.input_shape)), dtype=layer.w.dtype)
        layer.set_inpt(x, x, 4)
        return x

    return wire


@pytest.fixture
def compute():
    """Compute expressions of the variables that `values` maps to arrays: in Python, unless another mode is named."""

    def compute(expressions, values, mode="FAST_COMPILE", **options):
        function = pytensor.function(list(values), expressions, mode=mode, on_unused_input="ignore", **options)
        return function(*values.values())

    return compute
