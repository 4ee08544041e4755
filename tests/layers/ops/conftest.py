"""Fixtures for the tests of Ops: expressions computed by NumPy, and gradients checked by finite differences."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode
from pytensor.gradient import verify_grad


@pytest.fixture
def evaluate():
    """Compute an expression of arrays with NumPy; the graph has the arrays' types, but not their shapes."""

    def evaluate(expression, *arrays, mode="FAST_COMPILE"):
        inputs = [pt.tensor(shape=(None,) * a.ndim, dtype=a.dtype) for a in arrays]
        return pytensor.function(inputs, expression(*inputs), mode=mode)(*arrays)

    return evaluate


@pytest.fixture
def check_gradient():
    """Compare the gradients of an expression with finite differences, all in Python.

    `verify_grad` would replace the mode "FAST_COMPILE" by a compiled one.
    """

    def check_gradient(expression, *arrays, **tolerances):
        mode = Mode("py", "fast_compile")
        verify_grad(expression, list(arrays), rng=np.random.default_rng(5), mode=mode, **tolerances)

    return check_gradient
