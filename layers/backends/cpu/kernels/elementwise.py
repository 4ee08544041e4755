"""Elementwise expressions over arrays of any strides: one kernel per expression, types and pattern of strides.

The kernel is generated as source text: one loop per axis, of which the last is vectorized.
"""

import linecache
import math
from collections.abc import Callable
from hashlib import sha256

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, kernel

from . import exponential

PART = 4096  # elements per part, approximately: with fewer, another thread would come too late

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
    """Calculate an expression for each element.

    Parameters
    ----------
    lines : tuple of str
        The expression: assignments in the kernel language, of the inputs v0, v1 and so on.
    results : tuple of str
        The names of the results.
    inputs : tuple of str
        Type of each input.
    outputs : tuple of (type, input or None)
        Type of each output, and the input that it overwrites, if any.
    steps : tuple of int or None
        For each array, first inputs, then outputs with memory of their own: the stride of the last axis; None if it is
        given at run time.
    axes : int
    shifted : bool, default False
        Whether the first element of an array is not at its beginning, since some strides are negative.

    Returns
    -------
    function
        ``f(part, *arrays, *lengths, *strides, *starts, per)``: the arrays as above; the lengths of the axes; the
        strides of each array; if `shifted`, the index of each array's first element; the number of indices of the first
        axis per part.
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
    """Return the function that `text` defines; tracebacks and the compiler can find its source."""
    file = f"<{name} {sha256(text.encode()).hexdigest()[:16]}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    scope = {**SCOPE, "np": np, "math": math}
    exec(compile(text, file, "exec"), scope)
    function = scope[name]
    function.__annotations__ = annotations
    return function
