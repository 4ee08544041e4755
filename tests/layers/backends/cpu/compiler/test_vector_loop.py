"""Vectorization of loops: which loops are vectorized, with the same results for any length."""

import re

import numpy as np
import pytest

from network3.layers.backends.cpu.compiler import Array, Int, Kernel, kernel, scratch, vectorized_by_llvm
from network3.layers.backends.cpu.compiler.translation import module_text
from network3.layers.backends.cpu.processor import lanes_of
from tests.layers.backends.cpu.runs import run
from tests.tools.kernel_runs import Runner, numbers

LENGTHS = [0, 3, 8, 15, 17, 24, 32, 47, 100]
TYPES = ["float32", "float64", "int64", "int32", "uint32", "int16", "int8", "uint8", "bool"]
LANES = lanes_of("float32")


def of(function):
    """Return a kernel of a function."""
    return Kernel(lambda: function, (), {})


def vectors(made):
    """Return the lengths of the vectors that a kernel stores."""
    text, _ = module_text(made, "kernel")
    return {int(count) for count in re.findall(r"store <(\d+) x ", text)}


def check(made, arrays, *sizes, draw=numbers):
    """Run a kernel in all three ways on random arrays of these types, for all lengths and varying offsets."""
    for n in LENGTHS:
        rng = np.random.default_rng(n)
        Runner()(made, [*(draw(dtype, n + 40, rng) for dtype in arrays), n, *sizes], 1)


def small(dtype, n, rng):
    """Return values that all types can represent: NumPy leaves other conversions undefined."""
    return rng.integers(0, 100, n).astype(dtype)


def copies(source, target):
    to = np.dtype(target).type

    def copied(part, x: Array(source), y: Array(target), n: Int):
        for i in range(3, n + 3):
            y[i] = to(x[i + 1])

    return of(copied)


@pytest.mark.parametrize("target", TYPES)
@pytest.mark.parametrize("source", TYPES)
def test_conversions_between_all_types(source, target):
    made = copies(source, target)
    assert vectors(made)
    check(made, [source, target], draw=small if source.startswith("float") else numbers)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "uint8"])
def test_arithmetic(dtype):
    number = np.dtype(dtype).type

    def arithmetic(part, x: Array(dtype), y: Array(dtype), z: Array(dtype), n: Int):
        factor = y[2]
        for i in range(n):
            value = x[i] * factor + y[n - n + i] - number(3)
            larger, smaller = max(value, y[i]), min(x[i], number(1))
            z[i] = larger if (x[i] > number(0)) | (value == y[i]) else smaller

    assert vectors(of(arithmetic))
    check(of(arithmetic), [dtype] * 3)


def test_functions_and_bits():
    def functions(part, x: Array("float32"), y: Array("float32"), bits: Array("int32"), n: Int):
        for i in range(n):
            y[i] = np.copysign(np.floor(np.sqrt(abs(x[i]))) + np.rint(x[i] / np.float32(3)), x[i])
            bits[i] = (bits[i] >> 3 ^ 12345) & ~(bits[i] << 2) | np.int32(x[i])

    assert vectors(of(functions))
    check(of(functions), ["float32", "float32", "int32"], draw=small)


def test_the_loop_index_as_a_value():
    def counted(part, x: Array("float32"), y: Array("int32"), z: Array("int64"), n: Int):
        for i in range(n):
            up, down, near = np.float32(i + 2), np.float32(n - i), i < n // 2
            x[i] = up if near else down
            y[i] = np.int32(np.uint32(i) * np.uint32(2654435761) >> 5)
            z[i] = i * 3 - n

    assert vectors(of(counted))
    check(of(counted), ["float32", "int32", "int64"])


def test_updates_in_place():
    def changed(part, x: Array("float32"), y: Array("float32"), n: Int):
        for i in range(n):
            x[i] = x[i] * np.float32(0.5) + y[0]
            x[i] += y[i]

    assert LANES in vectors(of(changed))
    check(of(changed), ["float32"] * 2)


def test_loop_invariant_values():
    """Rows of matrices, in nested loops, with variables of outer loops and of the loop itself."""

    def rows(part, x: Array("float32"), y: Array("float32"), z: Array("float32"), n: Int, width: Int):
        total = np.float32(0)
        for r in range(n):
            for k in range(width):
                value = x[r] * y[k]
                value = value + total
                z[k] = value
            total = total + z[r % 3]

    assert LANES in vectors(of(rows))
    for width in (1, 5, 16, 37):
        check(of(rows), ["float32"] * 3, width)


def test_scratch_memory_and_constant_lengths():
    def constants(part, x: Array("float32"), y: Array("float32"), n: Int):
        s, t = scratch(21, "float32"), scratch(3, "float32")
        for i in range(21):
            s[i] = x[i]
        for i in range(3):
            t[i] = x[i] + np.float32(1)
        for i in range(2, 14):
            y[i] = s[i + 7]
        for i in range(2):
            y[i] = t[i + 1]

    assert {2, min(LANES, 8)} <= vectors(of(constants))
    check(of(constants), ["float32"] * 2)


def before(part, x: Array("float32"), y: Array("float32"), n: Int):
    for i in range(n):
        x[i + 1] = x[i] + y[i]


def behind(part, x: Array("float32"), y: Array("float32"), n: Int):
    for i in range(n):
        x[i] = x[i + 1] + y[i]


def twice(part, x: Array("float32"), y: Array("float32"), n: Int):
    for i in range(n):
        x[i] = y[i]
        x[i + 1] = y[i] + np.float32(1)


def one_place(part, x: Array("float32"), y: Array("float32"), n: Int):
    for i in range(n):
        x[3] = x[3] * np.float32(0.5) + y[i]


def from_one_place(part, x: Array("float32"), y: Array("float32"), n: Int):
    for i in range(n):
        x[i] = x[3] + y[i]


def total(part, x: Array("float32"), y: Array("float32"), n: Int):
    found = np.float32(0)
    for i in range(n):
        found = found * np.float32(0.5) + x[i]
        y[i] = found


def second(part, x: Array("float32"), y: Array("float32"), n: Int):
    for i in range(n // 2):
        x[i] = y[2 * i]


def backwards(part, x: Array("float32"), y: Array("float32"), n: Int):
    for i in range(n):
        x[i] = y[n - 1 - i]


def by_twos(part, x: Array("float32"), y: Array("float32"), n: Int):
    for i in range(0, n, 2):
        x[i] = y[i]


def in_branches(part, x: Array("float32"), y: Array("float32"), n: Int):
    for i in range(n):
        if y[i] > np.float32(0):
            x[i] = y[i]


def by_the_library(part, x: Array("float32"), y: Array("float32"), n: Int):
    for i in range(n):
        x[i] = np.floor(np.exp(y[i]))


OTHERS = [
    before, behind, twice, one_place, from_one_place, total, second, backwards, by_twos, in_branches, by_the_library,
]  # fmt: skip


@pytest.mark.parametrize("function", OTHERS, ids=lambda function: function.__name__)
def test_other_loops_are_not_vectorized(function):
    assert not vectors(of(function))
    check(of(function), ["float32"] * 2)


def test_remainders_use_half_vectors():
    if LANES >= 16:
        assert vectors(copies("float32", "float32")) == {LANES, LANES // 2}
    else:
        assert vectors(copies("float32", "float32")) == {LANES}


def test_checked_kernels_are_not_vectorized():
    text, _ = module_text(copies("float32", "float32"), "kernel", checking=True)
    assert "<" not in text


@vectorized_by_llvm
@kernel
def every_second(dtype: str):
    def every_second(part, x: Array(dtype), y: Array(dtype), n: Int):
        for i in range(n):
            y[i] = x[2 * i] + x[2 * i + 1]

    return every_second


def test_kernels_that_llvm_vectorizes():
    made = every_second("float32")
    assert made.vectorized_by_llvm
    assert not copies("float32", "float32").vectorized_by_llvm
    assert not vectors(made)
    for n in LENGTHS:
        x, y = np.arange(2 * n, dtype=np.float32), np.zeros(n, np.float32)
        for how in ("python", "compiled", "checked"):
            run(made, [x, y, n], 1, how)
            np.testing.assert_array_equal(y, x[::2] + x[1::2])
