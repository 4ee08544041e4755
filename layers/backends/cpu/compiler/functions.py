"""The functions of Python and NumPy that the kernel language supports, as LLVM code."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .arithmetic import compare, convert, negate, select
from .constants import convert_constant, describe, fold, is_number, unify
from .errors import KernelError
from .frame import Frame
from .types import NAMES, UNSIGNED, RunTime, Value, is_constant, is_float

INTRINSICS = {
    np.sqrt: "llvm.sqrt",
    np.floor: "llvm.floor",
    np.ceil: "llvm.ceil",
    np.trunc: "llvm.trunc",
    np.rint: "llvm.rint",
    np.exp: "llvm.exp",
    np.log: "llvm.log",
    np.log2: "llvm.log2",
    np.log10: "llvm.log10",
    np.sin: "llvm.sin",
    np.cos: "llvm.cos",
}
# Functions of the C library; for float32, the name has the suffix f.
LIBRARY = {
    np.log1p: "log1p",
    np.expm1: "expm1",
    np.tanh: "tanh",
    np.sinh: "sinh",
    np.cosh: "cosh",
    np.tan: "tan",
    np.arcsin: "asin",
    np.arccos: "acos",
    np.arctan: "atan",
    np.arcsinh: "asinh",
    np.arccosh: "acosh",
    np.arctanh: "atanh",
    math.erf: "erf",
}
TWO_ARGUMENTS = {np.copysign: "llvm.copysign", math.copysign: "llvm.copysign", np.power: "llvm.pow"}


def emitter_of(function: Any) -> Callable | None:
    """Return the function that emits a call of `function`, ``emit(frame, *arguments)``; None if it is not supported."""
    try:
        if function in _BUILTINS:
            return _BUILTINS[function]
        if function in INTRINSICS or function in LIBRARY or function in TWO_ARGUMENTS:
            return _float_function(function)
    except TypeError:  # not hashable, so not a function
        return None
    if isinstance(function, type) and issubclass(function, np.number | np.bool_) and function.__name__ != "number":
        return _conversion(function)
    return None


def _conversion(kind: type) -> Callable | None:
    name = next((name for name in NAMES if np.dtype(name).type is kind), None)
    if name is None:
        return None

    def emit(frame: Frame, x: Any) -> Any:
        return convert(frame, x, name) if isinstance(x, Value) else convert_constant(x, name)

    return emit


def _float_function(function: Any) -> Callable:
    name, count = function.__name__, 2 if function in TWO_ARGUMENTS else 1

    def emit(frame: Frame, *arguments: Any) -> Any:
        if len(arguments) != count:
            raise KernelError(f"{count} arguments of {name}", str(len(arguments)), "Pass what it takes.")
        if all(map(is_constant, arguments)):
            return fold(name, function, *arguments)
        values = unify(*arguments) if count == 2 else arguments
        value = values[0]
        if not isinstance(value, Value) or not is_float(value.dtype):
            raise KernelError(f"floating-point numbers for {name}", describe(value), "Convert them: np.float64(x).")
        if function in LIBRARY:
            return frame.library(LIBRARY[function], value.dtype, *values)
        return frame.intrinsic(INTRINSICS.get(function) or TWO_ARGUMENTS[function], value.dtype, *values)

    return emit


def _extreme(function: Callable, sign: str) -> Callable:
    def emit(frame: Frame, *arguments: Any) -> Any:
        if all(map(is_constant, arguments)):
            return fold(function.__name__, function, *arguments)
        if len(arguments) < 2 or not all(map(is_number, arguments)):
            got = ", ".join(map(describe, arguments))
            raise KernelError(f"two numbers or more for {function.__name__}", got, "Pass numbers.")
        best = arguments[0]
        for other in arguments[1:]:  # as in Python: the first of equal values is kept
            if is_constant(best) and is_constant(other):
                best = fold(function.__name__, function, best, other)
            else:
                best = select(frame, compare(frame, sign, other, best), other, best)
        return best

    return emit


def _absolute(frame: Frame, x: Any) -> Any:
    if is_constant(x):
        return fold("abs", abs, x)
    if not isinstance(x, Value) or x.dtype == "bool":
        raise KernelError("abs of a number", describe(x), "Pass a number.")
    if is_float(x.dtype):
        return frame.intrinsic("llvm.fabs", x.dtype, x)
    if x.dtype in UNSIGNED:
        return x
    return select(frame, compare(frame, "Lt", x, 0), negate(frame, x), x)


def _length(frame: Frame, x: Any) -> int:
    if isinstance(x, RunTime):
        raise KernelError("len of a constant", describe(x), "Pass the length of an array as a number.")
    return len(x) if isinstance(x, tuple) else fold("len", len, x)


def _int(frame: Frame, x: Any) -> Any:
    if is_constant(x):
        return fold("int", int, x)
    if not isinstance(x, Value) or is_float(x.dtype):
        raise KernelError("int of an integer or a bool", describe(x), "Write e.g. np.int64(np.floor(x)).")
    return convert(frame, x, "int64")


_BUILTINS: dict[Any, Callable] = {
    min: _extreme(min, "Lt"),
    max: _extreme(max, "Gt"),
    abs: _absolute,
    np.abs: _absolute,
    len: _length,
    int: _int,
}
