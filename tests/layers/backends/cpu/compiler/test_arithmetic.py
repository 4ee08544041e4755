"""Arithmetic of the kernel language, as plain Python, compiled, and compiled with checks."""

import math

import numpy as np
import pytest

from network3.layers.backends.cpu.compiler import Array, Int
from tests.layers.backends.cpu.compiler.agreement import FLOATS, INTEGERS, SPECIAL, agreed, integers, pairs


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers(dtype):
    def whole(part, x: Array(dtype), y: Array(dtype), out: Array(dtype), n: Int):
        for i in range(n):
            a, b = x[i], y[i]
            out[i * 10] = a + b
            out[i * 10 + 1] = a - b
            out[i * 10 + 2] = a * b
            out[i * 10 + 3] = a & b
            out[i * 10 + 4] = a | b
            out[i * 10 + 5] = a ^ b
            out[i * 10 + 6] = ~a
            out[i * 10 + 7] = min(a, b)
            out[i * 10 + 8] = max(b, a)
            out[i * 10 + 9] = abs(a) + 3

    x, y = pairs(integers(dtype, 10, safe=dtype == "int64"))
    agreed(whole, x, y, np.zeros(10 * len(x), dtype), len(x))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_division_by_constants(dtype):
    a, b, c = (-7, -8, -1) if not dtype.startswith("u") else (9, 10, 11)

    def divided(part, x: Array(dtype), out: Array(dtype), n: Int):
        for i in range(n):
            k = 12 * i
            out[k], out[k + 1] = x[i] // 1, x[i] % 1
            out[k + 2], out[k + 3] = x[i] // 3, x[i] % 3
            out[k + 4], out[k + 5] = x[i] // 64, x[i] % 64
            out[k + 6], out[k + 7] = x[i] // a, x[i] % a
            out[k + 8], out[k + 9] = x[i] // b, x[i] % b
            out[k + 10], out[k + 11] = x[i] // c, x[i] % c

    x = integers(dtype)[1:]  # the minimum divided by -1 overflows
    out = agreed(divided, x, np.zeros(12 * len(x), dtype), len(x))[1].reshape(-1, 6, 2)
    assert out.tolist() == [[[*divmod(int(n), by)] for by in (1, 3, 64, a, b, c)] for n in x]


@pytest.mark.parametrize("dtype", INTEGERS)
def test_division_by_a_number(dtype):
    def divided(part, x: Array(dtype), y: Array(dtype), out: Array(dtype), n: Int):
        for i in range(n):
            out[2 * i] = x[i] // y[i]
            out[2 * i + 1] = x[i] % y[i]

    x, y = pairs(integers(dtype, 20))
    fits = (y != 0) & ~((x == np.iinfo(dtype).min) & (y.astype("int64") == -1))
    x, y = x[fits].copy(), y[fits].copy()
    quotient, rest = agreed(divided, x, y, np.zeros(2 * len(x), dtype), len(x))[2].reshape(-1, 2).T
    assert [divmod(int(a), int(b)) for a, b in zip(x, y, strict=True)] == list(zip(quotient, rest, strict=True))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_shifts(dtype):
    most = np.iinfo(dtype).bits - 1

    def shifted(part, x: Array(dtype), out: Array(dtype), n: Int):
        for i in range(n):
            out[5 * i] = x[i] << 1
            out[5 * i + 1] = x[i] >> 1
            out[5 * i + 2] = x[i] >> most
            out[5 * i + 3] = x[i] << 0
            out[5 * i + 4] = (x[i] >> 3) << 2

    x = integers(dtype, safe=dtype == "int64")
    agreed(shifted, x, np.zeros(5 * len(x), dtype), len(x))


@pytest.mark.parametrize("dtype", FLOATS)
def test_floats(dtype):
    number = np.dtype(dtype).type

    def floats(part, x: Array(dtype), y: Array(dtype), out: Array(dtype), n: Int):
        for i in range(n):
            a, b = x[i], y[i]
            out[i * 12] = a + b
            out[i * 12 + 1] = a - b
            out[i * 12 + 2] = a * b
            out[i * 12 + 3] = a / b
            out[i * 12 + 4] = -a
            out[i * 12 + 5] = min(a, b)
            out[i * 12 + 6] = max(a, b)
            out[i * 12 + 7] = abs(a)
            out[i * 12 + 8] = np.sqrt(a)
            out[i * 12 + 9] = np.floor(a) + np.ceil(b)
            out[i * 12 + 10] = a * 0.1 + 3
            out[i * 12 + 11] = number(1) / 3 + math.copysign(a, b)

    x, y = pairs(np.array(SPECIAL, dtype))
    agreed(floats, x, y, np.zeros(12 * len(x), dtype), len(x))


def test_threefry():
    """The rounds of a counter-based generator: sums that wrap around, rotations, exclusive or."""
    key0, key1 = np.uint32(0x12345678), np.uint32(0xDEADBEEF)
    last = np.uint32(key0 ^ key1 ^ np.uint32(0x1BD11BDA))

    def rotated(x, by):
        return (x << by) | (x >> (32 - by))

    def rounds(part, x: Array("uint32"), y: Array("float32"), n: Int):
        for i in range(n):
            a, b = x[2 * i] + key0, x[2 * i + 1] + key1
            for _ in range(3):
                a += b
                b = rotated(b, 13) ^ a
                a += b
                b = rotated(b, 15) ^ a
            a = a + last + 0xFFFFFFFF
            x[2 * i], x[2 * i + 1] = a, b
            y[i] = np.float32(a >> 9) * np.float32(2.0**-23)

    agreed(rounds, np.arange(20, dtype="uint32") * 0x7FFFFFFF, np.zeros(10, "float32"), 10)
