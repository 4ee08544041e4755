"""Functions that are inlined into kernels, and operations on arrays."""

import linecache
import math

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, copy, scratch
from tests.layers.backends.cpu.compiler.agreement import agreed

HALF = np.float32(0.5)


def first_where(x, n, least=HALF, *, otherwise=-1):
    """Return the index of the first element above `least`."""
    for i in range(n):
        if x[i] > least:
            return i
    return otherwise


def sign(x):
    if x < 0:
        return np.float32(-1)
    elif x > 0:
        return np.float32(1)
    else:
        return x


def forever(n):
    k = n
    while True:
        if k > 100:
            return k
        k += k + 1


def both(x, i):
    value = x[i]
    return value + 1, value - 1


def test_functions_return_from_anywhere():
    def called(part, x: Array("float32"), out: Array("float32"), at: Array("int64"), n: Int):
        at[0] = first_where(x, n)
        at[1] = first_where(x, n, np.float32(100))
        at[2] = first_where(n=n, x=x, least=np.float32(-9), otherwise=-2)
        at[3] = first_where(x, 0, otherwise=n)
        at[4] = forever(n) + forever(3)
        for i in range(n):
            more, less = both(x, i)
            out[i] = sign(x[i]) * more + sign(more) * less + sign(sign(less))
            if more < 0:
                return
        at[5] = 1

    x = np.random.normal(size=9).astype("float32")
    agreed(called, x, np.zeros(9, "float32"), np.zeros(6, "int64"), 9)
    agreed(called, np.abs(x), np.zeros(9, "float32"), np.zeros(6, "int64"), 9)


def test_functions_change_arrays_but_not_scalar_arguments():
    def fill(a, start, end, value):
        start += 1
        for i in range(start, end):
            a[i] = value
            value = value + 1
        return start

    def called(part, x: Array("int64"), n: Int):
        k = 2
        k2 = fill(x, k, n, 10 * k)
        x[0], x[1] = k, k2
        many = (x, 5, n, k)
        fill(*many)
        fill(x, *(7, n), 3)

    agreed(called, np.zeros(10, "int64"), 10)


def test_recursion_with_constants():
    taps = (3, 1, 4, 1, 5)

    def sum_from(k, x, i):
        if k == len(taps):
            return np.int64(0)
        return taps[k] * x[i + k] + sum_from(k + 1, x, i)

    def called(part, x: Array("int64"), y: Array("int64"), n: Int):
        for i in range(n):
            y[i] = sum_from(0, x, i)

    agreed(called, np.arange(10), np.zeros(6, "int64"), 6)


def test_closures():
    def make(factor):
        def times(x):
            return x * factor

        return times

    twice, thrice = make(2), make(np.int64(3))
    table = (twice, thrice)

    def called(part, x: Array("int64"), n: Int):
        for i in range(n):
            x[i] = twice(thrice(x[i])) + table[1](x[i])

    agreed(called, np.arange(5), 5)


def test_each_call_has_its_own_scratch_memory():
    def reversed_to(to, at, x, n):
        mine = scratch(8, "int64")
        for i in range(n):
            mine[i] = x[i]
        for i in range(n):
            to[at + i] = mine[n - 1 - i]
        return mine

    def called(part, x: Array("int64"), out: Array("int64"), n: Int):
        one = reversed_to(out, 0, x, n)
        for k in range(2):
            x[k] = 7 + k
            other = reversed_to(out, n + k * n, x, n)
            for i in range(n):
                out[3 * n + i] = other[i] + one[i]

    agreed(called, np.arange(8), np.zeros(32, "int64"), 8)


def test_copies():
    def copied(part, x: Array("int16"), y: Array("int16"), n: Int):
        s = scratch(10, "int16")
        copy(s, 2, x, n, 5)
        copy(y, 0, s, 3, 4)
        copy(y, 4, y, 0, 4)
        copy(x, 0, y, 0, 0)

    agreed(copied, np.arange(10, dtype="int16"), np.zeros(8, "int16"), 3)


def test_functions_from_source_text():
    file = "<a kernel of test_language>"
    text = "def twice(part, x: Array('float32'), n: Int):\n    for i in range(n):\n        x[i] *= two\n"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    scope = {"Array": Array, "Int": Int, "two": np.float32(2)}
    exec(compile(text, file, "exec"), scope)
    assert agreed(scope["twice"], np.arange(3, dtype="float32"), 3)[0].tolist() == [0, 2, 4]


def test_mathematical_functions():
    functions = [np.exp, np.log, np.log1p, np.expm1, np.tanh, np.sin, np.cos, np.arctan, np.log2, np.log10, np.cosh]

    def called(part, x: Array("float32"), y: Array("float64"), n: Int):
        for i in range(n):
            functions[0](x[i])
            x[i] = np.exp(x[i]) + np.log1p(x[i]) + np.tanh(x[i]) + np.cosh(x[i]) + math.erf(x[i])
            y[i] = np.log(y[i]) + np.expm1(y[i]) + np.sin(y[i]) + np.arctan(y[i]) + np.power(y[i], 0.3)

    agreed(called, np.linspace(0.1, 2, 20, dtype="float32"), np.linspace(0.1, 2, 20), 20, rtol=1e-5)


def test_indices_of_32_bits():
    def indexed(part, x: Array("float32"), at: Array("int32"), low: Array("uint8"), n: Int):
        for i in range(n):
            x[low[i]] += x[at[i]]
        for i in range(at[0], at[1]):
            x[i] = np.float32(i)

    agreed(indexed, np.arange(6, dtype="float32"), np.array([2, 5, 0], "int32"), np.array([5, 0, 1], "uint8"), 3)
