"""Checking mode: an access outside of an array is reported with its line, and not carried out."""

import numpy as np
import pytest

from network3.layers.backends.cpu.compiler import Array, Int, scratch
from tests.layers.backends.cpu.compiler.guarded import LEAST, MOST, Guarded, line_of, reported


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "uint32", "int16", "int8", "uint8", "bool"])
@pytest.mark.parametrize("index", [-1, 5, LEAST, MOST])
def test_an_index_outside(dtype, index):
    def read(part, x: Array(dtype), y: Array(dtype), i: Int):
        y[0] = x[1]
        y[0] = x[i]  #!
        y[0] = x[0]

    def write(part, x: Array(dtype), y: Array(dtype), i: Int):
        y[1] = x[0]
        x[i] = y[0]  #!
        y[2] = x[0]

    for function in (read, write):
        x, y = Guarded([0, 1, 1, 0, 1], dtype), Guarded([1, 1, 1], dtype)
        assert reported(function, x, y, index) == f"{line_of(function)}: index {index} of an array of 5"
        assert x.array.tolist() == [0, 1, 1, 0, 1]
        assert y.array.tolist() == ([1, 1, 1] if function is read else [1, 0, 1])  # the kernel ends there
        assert reported(function, x, y, 0) is reported(function, x, y, 4) is None


@pytest.mark.parametrize("index", [-1, 5])
def test_a_change_in_place_outside(index):
    def change(part, x: Array("float32"), i: Int):
        x[i] += 1  #!

    x = Guarded([0, 1, 2, 3, 4])
    assert reported(change, x, index) == f"{line_of(change)}: index {index} of an array of 5"
    assert x.array.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("index", [-1, 3])
def test_a_table(index):
    table, numbers = (4, 5, 6), np.array([1, 2, 3], "int32")

    def look_up(part, x: Array("int64"), i: Int):
        x[0] = table[i]  #!

    def look_up_array(part, x: Array("int32"), i: Int):
        x[0] = numbers[i]  #!

    for function, dtype in ((look_up, "int64"), (look_up_array, "int32")):
        x = Guarded([0], dtype)
        assert reported(function, x, index) == f"{line_of(function)}: index {index} of an array of 3"
        assert reported(function, x, 2) is None


@pytest.mark.parametrize("index", [-1, 6])
def test_scratch_memory(index):
    def use(part, x: Array("int64"), i: Int):
        s = scratch(6, "int16")
        for k in range(6):
            s[k] = np.int16(k)
        s[i] = np.int16(7)  #!
        x[0] = np.int64(s[i])

    x = Guarded([0], "int64")
    assert reported(use, x, index) == f"{line_of(use)}: index {index} of an array of 6"
    assert reported(use, x, 5) is None
    assert x.array.tolist() == [7]


@pytest.mark.parametrize("dtype", ["int64", "int32", "int8", "uint8", "uint32"])
def test_divisions(dtype):
    def quotient(part, x: Array(dtype)):
        x[0] = x[1] // x[2]  #!

    def rest(part, x: Array(dtype)):
        x[0] = x[1] % x[2]  #!

    for function in (quotient, rest):
        x = Guarded([1, 7, 0], dtype)
        assert reported(function, x) == f"{line_of(function)}: division by zero"
        assert x.array.tolist() == [1, 7, 0]
        if not dtype.startswith("u"):
            least = np.iinfo(dtype).min
            x = Guarded([1, least, -1], dtype)
            assert reported(function, x) == f"{line_of(function)}: integer overflow"
        assert reported(function, Guarded([1, 7, 2], dtype)) is None


def test_a_quotient_by_minus_one():
    def quotient(part, x: Array("int64")):
        x[0] = x[1] // -1  #!

    assert reported(quotient, Guarded([1, LEAST], "int64")).startswith(f"{line_of(quotient)}: integer overflow")
    assert reported(quotient, Guarded([1, LEAST + 1], "int64")) is None


def test_integer_overflow():
    def added(part, x: Array("int64"), a: Int, b: Int):
        x[0] = a + b  #!

    def subtracted(part, x: Array("int64"), a: Int, b: Int):
        x[0] = a - b  #!

    def multiplied(part, x: Array("int64"), a: Int, b: Int):
        x[0] = a * b  #!

    def shifted(part, x: Array("int64"), a: Int, b: Int):
        x[0] = a << 10  #!

    def counted(part, x: Array("int64"), a: Int, b: Int):
        for i in range(a, b, 10):  #!
            x[0] = i

    wrong = {
        added: [(MOST, 1), (LEAST, -1), (2**62, 2**62)],
        subtracted: [(LEAST, 1), (MOST, -1), (0, LEAST)],
        multiplied: [(2**32, 2**31), (LEAST, -1)],
        shifted: [(2**53, 0), (-(2**53) - 1, 0)],
        counted: [(MOST - 15, MOST - 1), (MOST - 5, MOST)],
    }
    right = {
        added: [(MOST, LEAST), (MOST - 1, 1)],
        subtracted: [(LEAST, -1), (-1, MOST)],
        multiplied: [(2**31, 2**31), (LEAST, 1)],
        shifted: [(2**53 - 1, 0), (-(2**53), 0)],
        counted: [(MOST - 15, MOST - 20), (MOST - 15, MOST - 14 - 10)],
    }
    for function, pairs in wrong.items():
        x = Guarded([0], "int64")
        for a, b in pairs:
            assert reported(function, x, a, b) == f"{line_of(function)}: integer overflow"
        for a, b in right[function]:
            assert reported(function, x, a, b) is None


def outside(x, i):
    return x[i]  #!


def test_the_line_is_that_of_the_inlined_function():
    def call(part, x: Array("float32"), i: Int):
        x[0] = outside(x, i)

    def assign(part, x: Array("float32"), i: Int):
        x[i + 5] = outside(x, i)  #!

    assert reported(call, Guarded([1, 2]), 2) == f"{line_of(outside)}: index 2 of an array of 2"
    assert reported(assign, Guarded([1, 2]), 0) == f"{line_of(assign)}: index 5 of an array of 2"


def test_the_first_violation_is_reported():
    def parts(part, x: Array("float32"), n: Int):
        for i in range(n):
            x[i + part] = np.float32(1)  #!

    x = Guarded([0, 0, 0])
    assert reported(parts, x, 2, parts=4) == f"{line_of(parts)}: index 3 of an array of 3"
    assert x.array.tolist() == [1, 1, 1]  # part 3 has written nothing


def test_conditions_that_guard_an_access():
    def guarded(part, x: Array("float32"), i: Int, n: Int):
        if 0 <= i < n and x[i] > 0:
            x[i] = x[i + 1] if i + 1 < n else np.float32(0)

    for i in range(-2, 6):
        assert reported(guarded, Guarded([1, 2, 3, 4]), i, 4) is None
