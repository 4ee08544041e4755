"""Random kernels: plain Python, compiled code and checked code agree to the last bit.

`make fuzz-kernels` runs this for longer, with other seeds and larger kernels.
"""

import numpy as np
import pytest

from network3.layers.backends.cpu.compiler import Array, Int, scratch
from tests.layers.backends.cpu.compiler.agreement import kernel_of
from tests.tools import kernel_runs
from tests.tools.kernel_runs import DifferenceError, Runner, check_source, differences, function_of
from tests.tools.kernel_source import Source

EACH = 25


@pytest.mark.parametrize(("first", "size"), [*((first, 1) for first in range(0, 150, EACH)), (0, 2), (25, 2)])
def test_random_kernels(first, size):
    for seed in range(first, first + EACH):
        check_source(seed, size)


def test_a_seed_determines_a_kernel():
    assert Source(7).text == Source(7).text != Source(8).text
    assert function_of(Source(7)).__name__ == "fuzzed"


def test_differences_are_found():
    one = np.array([1.0, np.nan, 0.0])
    assert differences(one, one.copy(), 0.0) == differences(one, one + 1e-9, 1e-6) == ""
    for other in (one + 1e-9, np.array([1.0, 2.0, 0.0]), np.array([1.0, np.nan, -0.0])):
        assert differences(one, other, 0.0)
    assert differences(one, np.array([1.0, 2.0, 0.0]), 1e-6)
    assert differences(np.array([1, 2]), np.array([1, 3]), 0.5)


def test_a_kernel_that_differs_when_compiled_is_found(monkeypatch):
    """It reads uninitialized scratch memory."""
    monkeypatch.setattr(kernel_runs, "QUICK", 9.0)

    def careless(part, x: Array("float32"), n: Int):
        s = scratch(4, "float32")
        x[0] = s[n]

    with pytest.raises(DifferenceError, match="argument 0, compiled and plain Python"):
        Runner()(kernel_of(careless), [np.zeros(2, "float32"), 1], 1)
    with pytest.raises(AssertionError, match="index 4 of an array of 4"):
        Runner()(kernel_of(careless), [np.zeros(2, "float32"), 4], 1)
