"""Elementwise expressions over arrays of any strides: one kernel an expression, types and pattern of strides.

The kernel is written as text: a loop for each axis, the last of which becomes vector code.
"""

import linecache
import math
from collections.abc import Callable
from hashlib import sha256

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, kernel

from . import exponential

PART = 4096  # numbers, about, of a part: another thread is not there sooner

SCOPE = {name: function for name, function in vars(exponential).items() if callable(function)}


@kernel
def elementwise(
    lines: tuple[str, ...],
    results: tuple[str, ...],
    inputs: tuple[str, ...],
    outputs: tuple[tuple[str, int | None], ...],
    steps: tuple[int | None, ...],
    axes: int,
    shifted: bool = False,
) -> Callable:
    """Calculate an expression for each place of an array.

    Parameters
    ----------
    lines : tuple of str
        The expression: assignments in the kernel language, of the inputs v0, v1 and so on.
    results : tuple of str
        The names of the results.
    inputs : tuple of str
        Type of each input.
    outputs : tuple of (type, input or None)
        Of each output, and in which input's place it lies, if in any.
    steps : tuple of int or None
        For each array, inputs before outputs that have a place of their own: how many numbers a step of the last axis
        is; None where that is given at run time.
    axes : int
    shifted : bool, default False
        Whether the first place of an array is not where it begins, since some are gone through backwards.

    Returns
    -------
    function
        ``f(part, *arrays, *lengths, *strides, *starts, per)``: arrays as above; the lengths of the axes; for each array
        the strides of the axes; if `shifted`, where each array's first place is; how many places of the first axis are
        a part.
    """
    own = [k for k, (_, place) in enumerate(outputs) if place is None]
    arrays = [*(f"x{k}" for k in range(len(inputs))), *(f"y{k}" for k in own)]
    dtypes = [*inputs, *(outputs[k][0] for k in own)]
    lengths = [f"n{d}" for d in range(axes)]
    strides = [f"{array}_{d}" for array in arrays for d in range(axes)]
    starts = [f"{array}_start" for array in arrays] if shifted else []
    parameters = ["part", *arrays, *lengths, *strides, *starts, "per"]
    text = [f"def elementwise({', '.join(parameters)}):"]
    places = {array: f"{array}_start" if shifted else "" for array in arrays}
    for d in range(axes):
        indent = "    " * (d + 1)
        bounds = "part * per, min(n0, (part + 1) * per)" if d == 0 else f"n{d}"
        text.append(f"{indent}for i{d} in range({bounds}):")
        for array, step in zip(arrays, steps, strict=True):
            fixed = step if d == axes - 1 else None
            if fixed == 0:
                continue
            along = f"i{d}" if fixed == 1 else f"i{d} * {array}_{d}"
            before = places[array]
            places[array] = f"{array}_at{d}"
            text.append(f"{indent}    {places[array]} = {before + ' + ' if before else ''}{along}")
    indent = "    " * (axes + 1)
    used = {array: places[array] or "0" for array in arrays}
    text += [f"{indent}v{k} = x{k}[{used[f'x{k}']}]" for k in range(len(inputs))]
    text += [indent + line for line in lines]
    for k, result in enumerate(results):
        _, place = outputs[k]
        array = f"y{k}" if place is None else f"x{place}"
        text.append(f"{indent}{array}[{used[array]}] = {result}")
    annotations = {
        **dict(zip(arrays, map(Array, dtypes), strict=True)),
        **dict.fromkeys(parameters[1 + len(arrays) :], Int),
    }
    return function_of("\n".join(text) + "\n", "elementwise", annotations)


def function_of(text: str, name: str, annotations: dict) -> Callable:
    """Return the function that `text` defines, with its source where tracebacks and the compiler find it."""
    file = f"<{name} {sha256(text.encode()).hexdigest()[:16]}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    scope = {**SCOPE, "np": np, "math": math}
    exec(compile(text, file, "exec"), scope)
    function = scope[name]
    function.__annotations__ = annotations
    return function
