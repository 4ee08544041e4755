"""Names, branches and loops of the kernel language."""

import numpy as np
import pytest

from network3.layers.backends.cpu.compiler import Array, Int
from tests.layers.backends.cpu.compiler.agreement import agreed


def test_variables_in_branches_and_loops():
    def variables(part, x: Array("int64"), out: Array("int64"), n: Int):
        total, last = 0, -1
        for i in range(n):
            value = x[i]
            if value > 3:
                kind = 1
                total += value
            elif value > 1:
                kind = 2
                for j in range(i):
                    total -= j
                    if j == 2:
                        last = j
            elif value == 1:
                if i > 4:
                    kind = 3
                    total += 1
                else:
                    kind = 4
            else:
                kind = 5
                last = i
            out[i] = kind * 1000 + total * 10 + last
        for i in range(2):  # the same name for another loop
            value = i + total
            out[n + i] = value

    agreed(variables, np.random.randint(0, 6, 12), np.zeros(14, "int64"), 12)


def test_names_are_swapped():
    def fibonacci(part, x: Array("int64"), n: Int):
        a, b = 0, 1
        for i in range(n):
            x[i] = a
            a, b = b, a + b
        x[0], x[1], x[2] = x[2], x[0], x[1]
        (a, b), c = (b, a), 7
        x[n], x[n + 1], x[n + 2] = a, b, c

    agreed(fibonacci, np.zeros(23, "int64"), 20)


def test_a_value_does_not_change_with_its_name():
    def taken(part, out: Array("int64"), n: Int):
        k = n
        before = k
        both = (k, before + 1)
        k += 1
        out[0], out[1] = before, k
        for i in range(3):
            k += i
            out[2 + i] = k * 100 + both[0] * 10 + before
        out[5] = both[1] + n
        n = 2 * n
        out[6] = n + k

    agreed(taken, np.zeros(7, "int64"), 4)


@pytest.mark.parametrize(
    ("start", "stop", "step"), [(0, 5, 1), (3, 3, 1), (5, 2, 1), (-4, 4, 3), (0, 7, 7), (0, 8, 7), (2, -2, 5)]
)
def test_ranges(start, stop, step):
    def ranges(part, out: Array("int64"), a: Int, b: Int):
        count = 0
        for i in range(a, b, step):
            out[count] = i
            count += 1
        for i in range(start, stop, step):
            out[count] = 10 * i
            count += 1
        for i in range(b):
            out[count] = 100 * i
            count += 1

    agreed(ranges, np.zeros(40, "int64"), start, stop)


def test_a_range_is_evaluated_once():
    def once(part, out: Array("int64"), n: Int):
        end = n
        for i in range(end):
            end += 1
            out[i] = end
        out[n] = end

    agreed(once, np.zeros(5, "int64"), 4)


def test_while():
    def collatz(part, x: Array("int64"), out: Array("int64"), n: Int):
        for i in range(n):
            k, steps = x[i], 0
            while k != 1 and steps < 1000:
                if k % 2 == 0:
                    k //= 2
                else:
                    k = 3 * k + 1
                steps += 1
            while False:
                steps = 0
            out[i] = steps

    agreed(collatz, np.arange(1, 30), np.zeros(29, "int64"), 29)


def test_parts():
    def square(part, x: Array("float32"), per: Int):
        for i in range(part * per, (part + 1) * per):
            x[i] *= x[i] + np.float32(part)

    agreed(square, np.random.normal(size=12).astype("float32"), 4, parts=3)
