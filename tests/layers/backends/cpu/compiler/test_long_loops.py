"""Loops over more elements than a vector: which are vectorized, and which must not be."""

import numpy as np
import pytest

from network3.layers.backends.cpu.compiler import Array, Int
from tests.layers.backends.cpu.compiler.agreement import SPECIAL, agreed

LENGTHS = (1, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100)
TYPES = ("float32", "float64", "int64", "int32", "int8", "uint32", "bool")


def drawn(dtype, n):
    if dtype == "bool":
        return np.random.random(n) < 0.5
    numbers = np.random.randint(0, 100, n).astype(dtype)
    if dtype.startswith("float"):
        numbers[: len(SPECIAL)] = np.array(SPECIAL[:n], dtype)
    return numbers


@pytest.mark.parametrize("dtype", TYPES)
def test_copies_within_and_between_arrays(dtype):
    def moved(part, x: Array(dtype), y: Array(dtype), z: Array(dtype), first: Int, n: Int):
        for i in range(n):
            y[i] = x[i]
        for i in range(first, n):
            z[i] = x[i - first]
        for i in range(n):
            z[i] = y[n - 1 - i]  # backwards
        for i in range(n - 1):
            y[i] = y[i + 1]  # reads elements before they are changed
        for i in range(1, n):
            x[i] = x[i - 1]  # reads elements after they were changed

    for n in LENGTHS:
        x = drawn(dtype, n)
        agreed(moved, x, np.zeros_like(x), np.zeros_like(x), n // 3, n)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint32", "int8"])
def test_updates_in_place(dtype):
    number = np.dtype(dtype).type
    three, seven = number(3), number(7)

    def changed(part, x: Array(dtype), y: Array(dtype), z: Array("float64"), n: Int):
        factor = x[0]
        for i in range(n):
            x[i] = x[i] * three + y[i]
        for i in range(n):
            y[i] += factor
            y[i] = y[i] if x[i] > y[i] else x[i]
        for i in range(n):
            a, b = x[i], y[0]  # the same in all iterations
            z[i] = np.float64(a) + np.float64(b) * np.float64(i)
        for i in range(n):
            x[i] = max(min(x[i], seven), y[i]) - abs(three)

    for n in LENGTHS:
        agreed(changed, drawn(dtype, n), drawn(dtype, n), np.zeros(n), n)


def test_values_of_the_loop_index():
    def counted(part, x: Array("int64"), y: Array("float32"), z: Array("int32"), w: Array("bool"), first: Int, n: Int):
        for i in range(first, n):
            x[i] = i * i - 3 * i + first
            y[i] = np.float32(n - i) / np.float32(2)
            z[i] = np.int32(i) ^ np.int32(5)
            w[i] = i % 4 == 1 or i > 20

    for n in LENGTHS:
        agreed(
            counted, np.zeros(n, "int64"), np.zeros(n, "float32"), np.zeros(n, "int32"), np.zeros(n, bool), n // 4, n
        )


def test_values_carried_between_iterations():
    def kept(part, x: Array("float32"), y: Array("float32"), out: Array("float32"), n: Int):
        total, last, count = np.float32(0), np.float32(0), 0
        for i in range(n):
            y[i] = x[i] + last
            total += x[i]
            last = x[i]
            count += 1
        for i in range(n):
            total = total * np.float32(0.5) + y[i]
        for i in range(n):
            y[i] = x[i] - y[i]
            last = y[i]
        out[0], out[1], out[2] = total, last, np.float32(count)

    for n in LENGTHS:
        x = np.random.normal(size=n).astype("float32")
        agreed(kept, x, np.zeros(n, "float32"), np.zeros(3, "float32"), n)


def test_constant_and_indirect_indices():
    def one_place(part, x: Array("float32"), y: Array("float32"), at: Array("int64"), n: Int):
        for i in range(n):
            x[0] = x[0] + y[i]
        for i in range(n):
            y[i] = x[0] * y[i]
            x[n - 1] = y[i]
        for i in range(n):
            y[at[i]] += x[i]  # at any index
        for i in range(n):
            x[i] = y[at[i]]

    for n in LENGTHS:
        x, y = (np.random.normal(size=n).astype("float32") for _ in range(2))
        agreed(one_place, x, y, np.random.randint(0, n, n), n)


def test_several_types_at_once():
    def several(part, a: Array("uint8"), b: Array("float64"), c: Array("int16"), d: Array("float32"), n: Int):
        for i in range(n):
            d[i] = np.float32(a[i]) * np.float32(1 / 255)
        for i in range(n):
            b[i] = np.float64(d[i]) + b[i]
            c[i] = np.int16(a[i]) - c[i]
        for i in range(n):
            a[i] = np.uint8(c[i]) & 0x7F

    for n in LENGTHS:
        a, c = np.random.randint(0, 255, n).astype("uint8"), np.random.randint(-999, 999, n).astype("int16")
        agreed(several, a, np.random.normal(size=n), c, np.zeros(n, "float32"), n)


@pytest.mark.parametrize("n", [1, 5, 16, 19, 40])
def test_constant_lengths(n):
    def constant(part, x: Array("float32"), y: Array("float32")):
        for i in range(n):
            y[i] = x[i] + np.float32(1)
        for i in range(n):
            x[i] *= y[i]
        for i in range(2, n):
            y[i] = x[i - 2]

    x = np.random.normal(size=n).astype("float32")
    agreed(constant, x, np.zeros(n, "float32"))
