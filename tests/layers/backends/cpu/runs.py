"""Runs kernels in three ways: as plain Python, compiled, and compiled with every array access checked."""

import ctypes
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

from network3.layers.backends.cpu.compiler import REPORT, Array, FlatArray, Kernel, violation
from network3.layers.backends.cpu.store import Code, request

WAYS = ("python", "compiled", "checked")
CALL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)
GUARD = 64  # elements before and after an array
MARK = 0xA5
_offsets = count()


class Guarded:
    """A copy of an array for compiled code: at a varying offset, between guards."""

    def __init__(self, original: np.ndarray):
        self._original, size = original, original.itemsize
        first = (GUARD + next(_offsets) * 7 % 31) * size
        self._memory = np.full(first + original.nbytes + GUARD * size, MARK, np.uint8)
        self._guards = self._memory[:first], self._memory[first + original.nbytes :]
        self.array = self._memory[first : first + original.nbytes].view(original.dtype)
        self.array[:] = original.reshape(-1)

    def copy_back(self) -> None:
        """Copy the values to the original; fail if a guard has changed."""
        assert all((guard == MARK).all() for guard in self._guards), "a kernel wrote outside of an array"
        self._original[...] = self.array.reshape(self._original.shape)


def run(kernel: Kernel, arguments: list[Any], parts: int = 1, how: str | Callable = "compiled") -> None:
    """Run all parts of a kernel sequentially; it changes the arrays among `arguments`.

    Parameters
    ----------
    kernel : Kernel
    arguments : list of C-contiguous arrays and ints
        Arguments of the kernel's function after the part.
    parts : int
    how : "python", "compiled" or "checked"
        "checked" fails on any access outside of an array. A function is called with the other parameters instead.
    """
    if callable(how):
        how(kernel, arguments, parts)
    elif how == "python":
        run_python(kernel, arguments, parts)
    else:
        checking = how == "checked"
        call(request(kernel, checking=checking).result(), kernel, arguments, parts, checking)


def run_python(kernel: Kernel, arguments: list[Any], parts: int) -> None:
    """Run all parts of a kernel as plain Python."""
    flat = [a.reshape(-1).view(FlatArray) if isinstance(a, np.ndarray) else a for a in arguments]
    with np.errstate(all="ignore"):
        for part in range(parts):
            kernel.function(part, *flat)


def call(code: Code, kernel: Kernel, arguments: list[Any], parts: int, checking: bool) -> None:
    """Run all parts of a compiled kernel, on copies of its arrays; one that is passed twice is copied once."""
    arrays = {id(a): Guarded(a) for a in arguments if isinstance(a, np.ndarray)}
    given = [arrays[id(a)].array if isinstance(a, np.ndarray) else a for a in arguments]
    report = np.zeros(REPORT, np.int64)
    block = _block(kernel, given, report if checking else None)
    scratch = np.full(code.scratch + 256, MARK, np.uint8)
    start = -(-scratch.ctypes.data // 64) * 64 + 64
    for part in range(parts):
        CALL(code.address)(block.ctypes.data, part, start)
    first = start - scratch.ctypes.data
    outside = scratch[:first], scratch[first + code.scratch :]
    assert all((zone == MARK).all() for zone in outside), f"{kernel!r} wrote beyond its scratch memory"
    wrong = violation(report)
    assert wrong is None, f"{kernel!r}: {wrong}"
    for guarded in arrays.values():
        guarded.copy_back()


def _block(kernel: Kernel, arguments: list[Any], report: np.ndarray | None) -> np.ndarray:
    kinds = kernel.parameters
    assert len(kinds) == len(arguments), f"{kernel!r} takes {len(kinds)} arguments; got {len(arguments)}"
    words = [] if report is None else [report.ctypes.data]
    for kind, value in zip(kinds, arguments, strict=True):
        if isinstance(kind, Array):
            assert value.flags.c_contiguous
            assert value.dtype == kind.dtype, f"{value.dtype} for {kind}"
            words += [value.ctypes.data] if report is None else [value.ctypes.data, value.size]
        else:
            words.append(int(value))
    return np.array(words, np.int64)
