"""Compares graphs compiled for NETWORK3, with every array access checked, with PyTensor's `perform` methods."""

from collections.abc import Sequence

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.mode import Mode
from pytensor.link.basic import PerformLinker

from network3.layers.backends.cpu.mode import make_mode

REFERENCE = Mode(PerformLinker(), "fast_compile")
CHECKING = make_mode(checking=True)


def tensor(name: str, *shape: int, dtype: str = "float32"):
    """Return an input of known shape."""
    return pt.tensor(name, shape=shape, dtype=dtype)


def drawn(variable, rng) -> np.ndarray:
    """Return a value for an input: normally distributed floats, or small integers."""
    shape, dtype = variable.type.shape, variable.type.dtype
    if dtype.startswith("float"):
        return rng.normal(size=shape).astype(dtype)
    return rng.integers(0, 2 if dtype == "bool" else 5, shape).astype(dtype)


def plan_of(function):
    """Return the plan of a compiled function; fail if it was compiled with Numba."""
    assert hasattr(function.vm, "planned"), f"no plan: {getattr(function.vm, 'reason', None)}"
    return function.vm.planned


def check(inputs: Sequence, outputs: Sequence, values: Sequence[np.ndarray] | None = None, tolerance: float = 2e-5):
    """Compile a graph to a plan, and compare its results with those of PyTensor's `perform` methods."""
    values = [drawn(v, np.random.default_rng(3)) for v in inputs] if values is None else values
    ours = pytensor.function(inputs, outputs, mode=CHECKING, on_unused_input="ignore")
    plan_of(ours)
    theirs = pytensor.function(inputs, outputs, mode=REFERENCE, on_unused_input="ignore")
    with np.errstate(all="ignore"):
        expected = theirs(*(value.copy() for value in values))
    for _ in range(2):  # the second time, memory contains values of the first run
        found = ours(*(value.copy() for value in values))
        for one, other in zip(found, expected, strict=True):
            assert (one.shape, one.dtype) == (other.shape, other.dtype)
            np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
    return ours
