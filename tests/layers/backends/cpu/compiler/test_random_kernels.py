"""Random kernels: plain Python, compiled code and checked code agree to the last bit.

`make fuzz-kernels` tries others, and larger ones, for as long as one likes.
"""

import numpy as np
import pytest

from tests.tools.kernel_runs import DifferenceError, check_source, compare, function_of
from tests.tools.kernel_source import Source

EACH = 25


@pytest.mark.parametrize(("first", "size"), [*((first, 1) for first in range(0, 150, EACH)), (0, 2), (25, 2)])
def test_random_kernels(first, size):
    for seed in range(first, first + EACH):
        check_source(seed, size)


def test_a_seed_says_all():
    assert Source(7).text == Source(7).text != Source(8).text
    assert function_of(Source(7)).__name__ == "fuzzed"


def test_differences_are_found():
    one = np.array([1.0, np.nan, 0.0])
    compare("so", [one, 3], [one.copy(), 3], 0.0)
    compare("so", [one], [one + 1e-9], 1e-6)
    for other in (one + 1e-9, np.array([1.0, 2.0, 0.0]), np.array([1.0, np.nan, -0.0])):
        with pytest.raises(DifferenceError, match="argument 0, so"):
            compare("so", [one], [other], 0.0)
    with pytest.raises(DifferenceError, match="argument 0, so"):
        compare("so", [np.array([1, 2])], [np.array([1, 3])], 0.5)
