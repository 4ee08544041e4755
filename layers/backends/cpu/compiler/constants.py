"""Constants of the kernel language: Python and NumPy numbers, evaluated when a kernel is compiled."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import KernelError
from .module import literal
from .types import NAMES, NARROW, Value, is_constant, is_float

# The smallest and the largest number of each type.
BOUNDS = {dtype: (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)) for dtype in (*NARROW, "int64")}


def is_number(x: Any) -> bool:
    """Return whether `x` is a number, constant or at run time."""
    return isinstance(x, Value | bool | int | float | np.number | np.bool_)


def describe(x: Any) -> str:
    """Return a description of `x`, for error messages."""
    if isinstance(x, Value):
        return x.dtype
    return f"{type(x).__name__} {x!r}"[:80] if is_constant(x) else type(x).__name__.removesuffix("Value").lower()


def constant_integer(x: Any) -> int | None:
    """Return a constant integer as a Python int; None for anything else."""
    return int(x) if isinstance(x, int | np.integer) and not isinstance(x, bool) else None


def fold(name: str, function: Callable, *arguments: Any) -> Any:
    """Return the result of `function` for constants.

    Raises
    ------
    KernelError
        The function raises an error, or an argument is not constant.
    """
    if not all(map(is_constant, arguments)):
        got = " and ".join(map(describe, arguments))
        raise KernelError(f"numbers for {name}, or constants", got, "Use numbers here.")
    try:
        return function(*arguments)
    except Exception as error:
        got = f"{type(error).__name__}: {error}"[:200]
        raise KernelError(f"constants that {name} is defined for", got, "Check them.") from None


def constant(x: Any, dtype: str) -> Value:
    """Return the constant `x` as a value of `dtype`, which must be able to represent it."""
    if is_float(dtype):
        return Value(fold(dtype, literal, x, dtype), dtype)
    if isinstance(x, float | np.floating):
        raise KernelError(f"an integer, for {dtype}", repr(x), f"Convert it with np.{dtype}(...).")
    if dtype == "bool":
        if not isinstance(x, bool | np.bool_):
            raise KernelError("a bool", repr(x), "Write True or False.")
        return Value(literal(x, dtype), dtype)
    least, most = BOUNDS[dtype]
    if not least <= int(x) <= most:
        raise KernelError(f"a number that fits into {dtype}", repr(x), "Use a wider type.")
    return Value(literal(x, dtype), dtype)


def explicit_dtype(x: Any) -> str | None:
    """Return the dtype of a number; None for a Python constant, which takes any type that can represent it."""
    if isinstance(x, Value):
        return x.dtype
    if isinstance(x, np.number | np.bool_):
        name = x.dtype.name
        if name not in NAMES:
            raise KernelError(f"a number of type {', '.join(NAMES)}", name, "Convert it.")
        return name
    return None


def as_value(x: Any) -> Value:
    """Return `x` as a value at run time: a Python int becomes int64, a Python float becomes float64."""
    if isinstance(x, Value):
        return x
    if not is_number(x):
        raise KernelError("a number", describe(x), "Only numbers can be used in arithmetic.")
    return constant(x, explicit_dtype(x) or default_dtype(x))


def default_dtype(x: bool | int | float) -> str:
    """Return the default dtype of a Python constant at run time."""
    return "bool" if isinstance(x, bool) else "int64" if isinstance(x, int) else "float64"


def require_dtype(x: Any, dtype: str, owner: str) -> Value:
    """Return a number of `dtype`: a number that has this type, or a Python constant, which is converted."""
    if not is_number(x):
        raise KernelError(f"a number of {dtype}", describe(x), "Assign a number.")
    own = explicit_dtype(x)
    if own is not None and own != dtype:
        hint = f"Convert it with np.{'bool_' if dtype == 'bool' else dtype}(...)."
        raise KernelError(f"a number of {dtype}, the type of {owner}", own, hint)
    if own is None and isinstance(x, bool) and dtype != "bool":
        raise KernelError(f"a number of {dtype}, the type of {owner}", "bool", f"Convert it with np.{dtype}(...).")
    return x if isinstance(x, Value) else constant(x, dtype)


def unify(x: Any, y: Any) -> tuple[Value, Value]:
    """Return both numbers as values of one type."""
    for number in (x, y):
        if not is_number(number):
            raise KernelError("two numbers", describe(number), "Use numbers here.")
    one, other = explicit_dtype(x), explicit_dtype(y)
    if one is None and other is None:
        one, other = default_dtype(x), default_dtype(y)
    if one is not None and other is not None:
        if one != other:
            hint = f"Convert one, e.g. with np.{'bool_' if one == 'bool' else one}(...)."
            raise KernelError("numbers of one type", f"{one} and {other}", hint)
        return as_value(x), as_value(y)
    dtype = one or other or ""
    return (x if isinstance(x, Value) else constant(x, dtype)), (y if isinstance(y, Value) else constant(y, dtype))


def unify_alternatives(x: Any, y: Any) -> tuple[Value, Value]:
    """Return two numbers, of which one will be selected as the result, as values of one type."""
    for one, other in ((x, y), (y, x)):
        if is_number(other):
            reject_wrapping(one, explicit_dtype(other))
    return unify(x, y)


def reject_wrapping(x: Any, dtype: str | None) -> None:
    """Reject a Python int as a result of `dtype`: in plain Python it would not wrap around."""
    if isinstance(x, int) and dtype in NARROW:
        raise KernelError(f"a number of {dtype}", f"the Python int {x!r}", f"Write np.{dtype}({x!r}).")


def convert_constant(x: Any, dtype: str) -> np.generic:
    """Return a constant converted to another type, by the rules for values at run time; see `arithmetic.convert`."""
    kind = np.dtype(dtype).type
    if not is_number(x) and not isinstance(x, str):
        raise KernelError(f"a number, for {dtype}", describe(x), "Convert numbers only.")
    if isinstance(x, float | np.floating) and not is_float(dtype) and dtype != "bool":
        least, most = BOUNDS[dtype]
        nearest = 0 if x != x else least if x <= least else most if x >= most else int(x)
        return fold(dtype, kind, nearest)
    if isinstance(x, np.integer | np.bool_):
        return fold(dtype, lambda number: np.asarray(number).astype(dtype)[()], x)
    return fold(dtype, kind, x)
