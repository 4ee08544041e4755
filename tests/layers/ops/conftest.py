import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode
from pytensor.gradient import verify_grad


@pytest.fixture
def evaluate():
    """Compute an expression of arrays with NumPy; the graph knows the arrays' types, not their shapes."""

    def evaluate(expression, *arrays, mode="FAST_COMPILE"):
        inputs = [pt.tensor(shape=(None,) * a.ndim, dtype=a.dtype) for a in arrays]
        return pytensor.function(inputs, expression(*inputs), mode=mode)(*arrays)

    return evaluate


@pytest.fixture
def check_gradient():
    """Compare the gradients of an expression with finite differences, all in Python.

    Named "FAST_COMPILE", the mode would be exchanged for a compiled one by `verify_grad`.
    """

    def check_gradient(expression, *arrays, **tolerances):
        mode = Mode("py", "fast_compile")
        verify_grad(expression, list(arrays), rng=np.random.default_rng(5), mode=mode, **tolerances)

    return check_gradient
