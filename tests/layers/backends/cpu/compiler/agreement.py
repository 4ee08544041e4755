"""Checks that functions of the kernel language agree as plain Python, compiled, and compiled with checks."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import numpy as np

from network3.layers.backends.cpu.compiler import Kernel
from network3.layers.backends.cpu.compiler.translation import module_text
from tests.layers.backends.cpu.runs import WAYS, run

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint32")
FLOATS = ("float32", "float64")
SPECIAL = (0.0, -0.0, 1.0, -1.5, 2.5, 1e30, -1e30, 1e-40, np.inf, -np.inf, np.nan)


def integers(dtype, count=40, *, safe=False):
    """Return integers of a type, including its bounds; `safe` leaves room for sums and products."""
    bounds = np.iinfo(dtype)
    least, most = (max(bounds.min, -(2**20)), min(bounds.max, 2**20)) if safe else (bounds.min, bounds.max)
    some = np.random.randint(-100, 100, count).clip(least, most)
    return np.concatenate([[least, most, 0, 1], some]).astype(dtype)


def pairs(values):
    """Return all pairs of some values, as two arrays."""
    x, y = np.meshgrid(values, values)
    return x.reshape(-1).copy(), y.reshape(-1).copy()


def kernel_of(function: Callable) -> Kernel:
    """Return a kernel of this function; its key depends on the function's code."""

    def factory(name: str, text: str = "") -> Callable:
        return function

    text, _ = module_text(Kernel(factory, (function.__name__,), {}), "kernel", checking=True)
    return Kernel(factory, (function.__name__, sha256(text.encode()).hexdigest()), {})


def agreed(function: Callable, *arguments: Any, parts: int = 1, rtol: float = 0.0) -> list[np.ndarray]:
    """Run a function in all three ways; return the arrays among `arguments` after the run as plain Python.

    Results must be equal to the last bit, including the sign of 0, or within `rtol` if it is given; NaN equals NaN.
    """
    kernel = kernel_of(function)
    results = {}
    for how in WAYS:
        given = [argument.copy() if isinstance(argument, np.ndarray) else argument for argument in arguments]
        run(kernel, given, parts, how)
        results[how] = [argument for argument in given if isinstance(argument, np.ndarray)]
    for how in WAYS[1:]:
        for found, expected in zip(results[how], results["python"], strict=True):
            if rtol:
                np.testing.assert_allclose(found, expected, rtol, rtol, err_msg=how)
            else:
                np.testing.assert_array_equal(found, expected, err_msg=how)
                if found.dtype.kind == "f":
                    signs = [np.signbit(x) & ~np.isnan(x) for x in (found, expected)]
                    np.testing.assert_array_equal(*signs, err_msg=how)
    return results["python"]
