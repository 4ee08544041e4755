"""Kernels run in three ways: as plain Python, compiled, and compiled with every access checked."""

import ctypes
from typing import Any

import numpy as np

from network3.layers.backends.cpu.compiler import REPORT, Array, FlatArray, Kernel, violation
from network3.layers.backends.cpu.store import request

WAYS = ("python", "compiled", "checked")
CALL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)


def run(kernel: Kernel, arguments: list[Any], parts: int = 1, how: str = "compiled") -> None:
    """Run all parts of a kernel, one after the other; it changes the arrays among `arguments`.

    Parameters
    ----------
    kernel : Kernel
    arguments : list of C-contiguous arrays and ints
        As the kernel's function takes them after the part.
    parts : int
    how : "python", "compiled" or "checked"
        Checked fails on any access outside of an array.
    """
    if how == "python":
        flat = [a.reshape(-1).view(FlatArray) if isinstance(a, np.ndarray) else a for a in arguments]
        with np.errstate(all="ignore"):
            for part in range(parts):
                kernel.function(part, *flat)
        return
    checking = how == "checked"
    report = np.zeros(REPORT, np.int64)
    block = _block(kernel, arguments, report if checking else None)
    code = request(kernel, checking=checking).result()
    scratch = np.full(code.scratch + 128, 0xFF, np.uint8)
    start = -(-scratch.ctypes.data // 64) * 64
    for part in range(parts):
        CALL(code.address)(block.ctypes.data, part, start)
    used = slice(start - scratch.ctypes.data + code.scratch, None)
    assert (scratch[used] == 0xFF).all(), f"{kernel!r} wrote beyond its scratch memory"
    wrong = violation(report)
    if wrong is not None:
        raise AssertionError(f"{kernel!r}: {wrong}")


def _block(kernel: Kernel, arguments: list[Any], report: np.ndarray | None) -> np.ndarray:
    kinds = kernel.parameters
    assert len(kinds) == len(arguments), f"{kernel!r} takes {len(kinds)} arguments; got {len(arguments)}"
    words = [] if report is None else [report.ctypes.data]
    for kind, value in zip(kinds, arguments, strict=True):
        if isinstance(kind, Array):
            assert value.flags.c_contiguous and value.dtype == kind.dtype, f"{value.dtype} for {kind}"
            words += [value.ctypes.data] if report is None else [value.ctypes.data, value.size]
        else:
            words.append(int(value))
    return np.array(words, np.int64)
