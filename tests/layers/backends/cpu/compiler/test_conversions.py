"""Conversions and constants of the kernel language."""

import math

import numpy as np
import pytest

from network3.layers.backends.cpu.compiler import Array, Int
from tests.layers.backends.cpu.compiler.agreement import FLOATS, INTEGERS, SPECIAL, agreed, integers, kernel_of
from tests.layers.backends.cpu.runs import run


@pytest.mark.parametrize("source", [*INTEGERS, "bool"])
def test_conversions_of_integers(source):
    def converted(
        part, x: Array(source), a: Array("bool"), b: Array("int8"), c: Array("uint8"), d: Array("int16"),
        e: Array("int32"), f: Array("uint32"), g: Array("int64"), h: Array("float32"), k: Array("float64"), n: Int
    ):  # fmt: skip
        for i in range(n):
            a[i], b[i], c[i], d[i], e[i] = np.bool_(x[i]), np.int8(x[i]), np.uint8(x[i]), np.int16(x[i]), np.int32(x[i])
            f[i], g[i], h[i], k[i] = np.uint32(x[i]), np.int64(x[i]), np.float32(x[i]), np.float64(x[i])

    x = np.array([True, False]) if source == "bool" else integers(source)
    types = ("bool", "int8", "uint8", "int16", "int32", "uint32", "int64", "float32", "float64")
    agreed(converted, x, *(np.zeros(len(x), dtype) for dtype in types), len(x))


@pytest.mark.parametrize("source", FLOATS)
def test_conversions_of_floats(source):
    def converted(
        part, x: Array(source), a: Array("bool"), b: Array("int8"), c: Array("uint8"), d: Array("int16"),
        e: Array("int32"), f: Array("uint32"), g: Array("int64"), h: Array("float32"), k: Array("float64"), n: Int
    ):  # fmt: skip
        for i in range(n):
            a[i], h[i], k[i] = np.bool_(x[i]), np.float32(x[i]), np.float64(x[i])
            if abs(x[i]) < 100:
                b[i], c[i], d[i], e[i] = np.int8(x[i]), np.uint8(abs(x[i])), np.int16(x[i]), np.int32(x[i])
                f[i], g[i] = np.uint32(abs(x[i])), np.int64(x[i])

    x = np.concatenate([np.random.uniform(-100, 100, 30), [0.5, 99.99, -0.99], SPECIAL]).astype(source)
    types = ("bool", "int8", "uint8", "int16", "int32", "uint32", "int64", "float32", "float64")
    agreed(converted, x, *(np.zeros(len(x), dtype) for dtype in types), len(x))


@pytest.mark.parametrize("source", FLOATS)
def test_conversions_of_floats_saturate_and_nan_becomes_0(source):
    infinite = np.dtype(source).type("inf")

    def converted(
        part, x: Array(source), b: Array("int8"), c: Array("uint8"), d: Array("int16"), e: Array("int32"),
        f: Array("uint32"), g: Array("int64"), n: Int
    ):  # fmt: skip
        for i in range(n):
            b[i], c[i], d[i], e[i] = np.int8(x[i]), np.uint8(x[i]), np.int16(x[i]), np.int32(x[i])
            f[i], g[i] = np.uint32(x[i]), np.int64(x[i])
        b[n], c[n], d[n], e[n] = np.int8(infinite), np.uint8(infinite), np.int16(infinite), np.int32(infinite)
        f[n], g[n] = np.uint32(infinite), np.int64(infinite)

    x = np.array([np.inf, 1e30, -np.inf, -1e30, np.nan], source)
    for how in ("compiled", "checked"):
        results = [np.zeros(6, dtype) for dtype in ("int8", "uint8", "int16", "int32", "uint32", "int64")]
        run(kernel_of(converted), [x, *results, 5], 1, how)
        for result in results:
            bounds = np.iinfo(result.dtype)
            assert result.tolist() == [bounds.max, bounds.max, bounds.min, bounds.min, 0, bounds.max]


# --- constants


@pytest.mark.parametrize("dtype", FLOATS)
def test_float_constants(dtype):
    number = np.dtype(dtype).type
    nan, infinite, zero, tenth = number("nan"), -math.inf, number(-0.0), number(0.1)
    huge, tiny, third = 2**70, 1e-45, 1 / 3

    def constants(part, x: Array(dtype), out: Array(dtype)):
        out[0] = nan
        out[1] = infinite
        out[2] = zero
        out[3] = x[0] * tenth
        out[4] = x[0] * 0.1
        out[5] = x[0] + huge
        out[6] = tiny
        out[7] = third
        out[8] = number("inf") + number(3) * 2
        out[9] = -0.0
        out[10] = 1e300 * x[0]
        out[11] = number(7) // 2  # of constants

    agreed(constants, np.array([3.3], dtype), np.zeros(12, dtype))


def test_integer_constants():
    typed, least, mask, table = np.int64(3), -(2**63), 0xFFFFFFFF, (4, np.int64(5))

    def constants(part, x: Array("int64"), y: Array("uint32"), z: Array("int8")):
        x[0] = typed * 2 + x[typed]
        x[1] = least
        x[2] = 2**62 // 3 + 7 % -3 + (5 if typed > 2 else 6) + table[1] + table[-2]
        y[0] = mask
        y[1] = y[1] ^ mask
        y[2] = np.uint32(2**32 - 1) & 0xF0F0F0F0
        z[0] = z[0] + 100
        z[1] = -128
        z[2] = np.int8(np.int64(300)) + len(table)

    agreed(constants, np.arange(5), np.arange(3, dtype="uint32"), np.full(3, 100, "int8"))


def test_tables():
    numbers, whole, flags = (1.5, -2.5, 3.5), np.array([3, 1, 2], "int32"), [True, False]
    alone = tuple(np.array([0.1, 0.2], "float32"))

    def looked_up(table, i):
        return table[i]

    def tables(part, x: Array("float64"), y: Array("int32"), z: Array("bool"), u: Array("float32"), n: Int):
        for i in range(n):
            x[i] = numbers[i % 3] + looked_up(numbers, (i + 1) % 3)
            y[i] = whole[i % 3] * whole[1]
            z[i] = flags[i % 2]
            u[i] = alone[i % 2]

    agreed(tables, np.zeros(7), np.zeros(7, "int32"), np.zeros(7, bool), np.zeros(7, "float32"), 7)
