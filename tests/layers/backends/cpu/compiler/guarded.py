"""Calls of checked kernels, with arrays between guards."""

import ctypes
from inspect import getsourcelines

import numpy as np

from network3.layers.backends.cpu import store
from network3.layers.backends.cpu.compiler import REPORT, violation
from tests.layers.backends.cpu.compiler.agreement import kernel_of
from tests.layers.backends.cpu.runs import CALL

GUARD = 8  # elements on either side of an array
LEAST = np.iinfo("int64").min
MOST = np.iinfo("int64").max


def line_of(function, mark="#!"):
    """Return "file:line" of the marked line of a function."""
    lines, first = getsourcelines(function)
    (place,) = [k for k, line in enumerate(lines) if mark in line]
    return f"{function.__code__.co_filename}:{first + place}"


class Guarded:
    """An array between guards, which must not change."""

    def __init__(self, values, dtype="float32"):
        values = np.asarray(values, dtype)
        self.guard = np.ones((), dtype) if dtype == "bool" else np.array(99, dtype)
        self.memory = np.full(values.size + 2 * GUARD, self.guard)
        self.array = self.memory[GUARD : GUARD + values.size]
        self.array[:] = values

    def untouched(self):
        return all((zone == self.guard).all() for zone in (self.memory[:GUARD], self.memory[-GUARD:]))


def reported(function, *arguments, parts=1):
    """Return the report of a checked kernel, "file:line: violation"; None if there was none."""
    kernel = kernel_of(function)
    report = np.zeros(REPORT, np.int64)
    words = [report.ctypes.data]
    for argument in arguments:
        is_array = isinstance(argument, Guarded)
        words += [argument.array.ctypes.data, argument.array.size] if is_array else [argument]
    code = store.request(kernel, checking=True).result()
    memory = (ctypes.c_char * (code.scratch + 64))()
    block = np.array(words, np.int64)
    for part in range(parts):
        CALL(code.address)(block.ctypes.data, part, -(-ctypes.addressof(memory) // 64) * 64)
    assert all(argument.untouched() for argument in arguments if isinstance(argument, Guarded))
    return violation(report)
