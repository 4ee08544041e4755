"""Fixtures for the tests of Theano's signatures: values computed in Python, without a compiler."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(17)


@pytest.fixture
def evaluate():
    """Compute an expression of arrays; the graph has the arrays' types, but not their shapes."""

    def evaluate(expression, *arrays, mode="FAST_COMPILE"):
        inputs = [pt.tensor(shape=(None,) * a.ndim, dtype=a.dtype) for a in arrays]
        return pytensor.function(inputs, expression(*inputs), mode=mode)(*arrays)

    return evaluate
