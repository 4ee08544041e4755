"""Dropout masks against the Op's `perform`, bit for bit."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels.dropout_mask import dropout_mask
from network3.layers.ops import DropoutMask
from tests.layers.backends.cpu.runs import WAYS, run


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("keep", [0.0, 0.3, 0.5, 1.0])
def test_the_same_as_the_op(keep, dtype, how):
    op, rng = DropoutMask(keep), np.random.default_rng(0)
    for size, per in [(1, 4), (2, 4), (3, 4), (31, 4), (64, 32), (65, 7), (101, 51)]:
        state = rng.integers(-(2**31), 2**31, 3).astype("int32")
        expected = [[None]]
        op.perform(None, [np.zeros(size, dtype), state], expected)
        y = np.full(size, np.nan, dtype)
        run(dropout_mask(dtype), [state, y, size, op.threshold, per], -(-((size + 1) // 2) // per), how)
        np.testing.assert_array_equal(y, expected[0][0])


def test_a_long_mask():
    op, state, y = DropoutMask(0.5), np.int32([1, 2, 3]), np.full(100_001, np.nan, "float32")
    expected = [[None]]
    op.perform(None, [np.zeros(y.size, "float32"), state], expected)
    run(dropout_mask("float32"), [state, y, y.size, op.threshold, 2048], -(-50_001 // 2048))
    np.testing.assert_array_equal(y, expected[0][0])
