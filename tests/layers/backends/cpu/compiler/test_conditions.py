"""Comparisons and conditions of the kernel language, with short-circuit evaluation."""

import numpy as np
import pytest

from network3.layers.backends.cpu.compiler import Array, Int
from tests.layers.backends.cpu.compiler.agreement import FLOATS, INTEGERS, SPECIAL, agreed, integers, pairs


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS])
def test_comparisons(dtype):
    def compared(part, x: Array(dtype), y: Array(dtype), out: Array("bool"), n: Int):
        for i in range(n):
            a, b = x[i], y[i]
            out[i * 10] = a == b
            out[i * 10 + 1] = a != b
            out[i * 10 + 2] = a < b
            out[i * 10 + 3] = a <= b
            out[i * 10 + 4] = a > b
            out[i * 10 + 5] = not a >= b
            out[i * 10 + 6] = a < b <= a + a
            out[i * 10 + 7] = a > 0
            out[i * 10 + 8] = (a < b) ^ (b == a)
            out[i * 10 + 9] = (a < b) == (b < a) != True  # noqa: E712 - a comparison of bools

    values = np.array(SPECIAL, dtype) if dtype in FLOATS else integers(dtype, 6, safe=dtype == "int64")
    x, y = pairs(values)
    agreed(compared, x, y, np.zeros(10 * len(x), bool), len(x))


def test_short_circuit_evaluation():
    """Without it, `and`, `or`, chains and conditional expressions would read outside of the array."""

    def positive(x, i, count):
        count[1] += 1
        return x[i] > 0

    def decided(part, x: Array("float32"), out: Array("bool"), count: Array("int64"), n: Int):
        for i in range(n + 3):
            out[8 * i] = i < n and x[i] > 0
            out[8 * i + 1] = i >= n or x[i] > 0 or x[i] < -1
            out[8 * i + 2] = i < n and positive(x, i, count)
            out[8 * i + 3] = (x[i] if i < n else np.float32(0)) > 0
            out[8 * i + 4] = 0 <= i < n and (i == 0 or x[i - 1] < x[i]) and not x[i] <= 0
            out[8 * i + 5] = i < n < 100 + count[i * 2]
            out[8 * i + 6] = not (i >= n or x[i] > 0)
            out[8 * i + 7] = n <= i or (positive(x, i, count) and True)
            count[0] += out[8 * i]
            count[0] += i < n and x[i] < 0

    x = np.array([1, -1, 0, 2, -3, np.nan], "float32")
    agreed(decided, x, np.zeros(8 * 9, bool), np.zeros(11, "int64"), 6)


def test_constant_conditions():
    flag, no, size, none = True, False, 3, None

    def constants(part, x: Array("float32"), out: Array("int64"), n: Int):
        out[0] = 1 if flag and n > 2 else 2
        out[1] = 1 if no and x[1000] > 0 else 2
        out[2] = 1 if flag or x[1000] > 0 else 2
        if size and n > 0 and none is None:
            out[3] = 1
        if n > 0 or size:
            out[4] = 1
        if none is not None:
            out[5] = x[0].anything
        elif "a" in ("a", "b") and size in (1, 2, 3):
            out[5] = 7
        out[6] = 1 if n > 3 and flag and not no else 2
        out[7] = 1 if n > 3 or no else 2

    agreed(constants, np.zeros(2, "float32"), np.zeros(8, "int64"), 5)
    agreed(constants, np.zeros(2, "float32"), np.zeros(8, "int64"), 1)


def test_bools_in_memory_and_beside_integers():
    def bools(part, x: Array("bool"), y: Array("int32"), z: Array("int8"), out: Array("int64"), n: Int):
        count, any_of, every = 0, False, True
        for i in range(n):
            count += x[i]
            any_of = any_of or x[i]
            every &= x[i]
            y[i] = y[i] - x[i] + (y[i] > 1)
            z[i] += not x[i]
            x[i] = not x[i]
        out[0], out[1], out[2], out[3] = count, int(any_of), np.int64(every), 5 - any_of

    agreed(
        bools, np.array([0, 1, 1, 0], bool), np.arange(4, dtype="int32"), np.zeros(4, "int8"), np.zeros(4, "int64"), 4
    )


def test_a_bool_in_memory_is_true_if_its_byte_is_not_0():
    def doubled(part, x: Array("bool"), out: Array("int64")):
        out[0] = 2 * np.int64(x[0])
        out[1] = 1 if x[0] else 0
        x[0] = x[0] or False

    x = np.array([2], "uint8").view(bool)
    assert agreed(doubled, x, np.zeros(2, "int64"))[1].tolist() == [2, 1]
