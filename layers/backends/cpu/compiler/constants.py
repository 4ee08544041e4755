"""Constants of the kernel language: Python's and NumPy's own numbers, calculated with when a kernel is compiled."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import KernelError
from .module import literal
from .types import NAMES, NARROW, Value, is_constant, is_float

# The least and the largest number of each type.
BOUNDS = {dtype: (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)) for dtype in (*NARROW, "int64")}


def is_number(x: Any) -> bool:
    """Return whether `x` is a number, a constant or one at run time."""
    return isinstance(x, Value | bool | int | float | np.number | np.bool_)


def described(x: Any) -> str:
    """Return what `x` is, for messages."""
    if isinstance(x, Value):
        return x.dtype
    return f"{type(x).__name__} {x!r}"[:80] if is_constant(x) else type(x).__name__.removesuffix("Value").lower()


def known_integer(x: Any) -> int | None:
    """Return a whole number that is a constant as one of Python's; None for anything else."""
    return int(x) if isinstance(x, int | np.integer) and not isinstance(x, bool) else None


def folded(name: str, function: Callable, *arguments: Any) -> Any:
    """Return what `function` makes of constants.

    Raises
    ------
    KernelError
        It fails, or some argument is no constant.
    """
    if not all(map(is_constant, arguments)):
        got = " and ".join(map(described, arguments))
        raise KernelError(f"numbers for {name}, or constants", got, "Use numbers here.")
    try:
        return function(*arguments)
    except Exception as error:
        got = f"{type(error).__name__}: {error}"[:200]
        raise KernelError(f"constants that {name} is defined for", got, "Check them.") from None


def constant(x: Any, dtype: str) -> Value:
    """Return the constant `x` as a value of `dtype`, which must be able to hold it."""
    if is_float(dtype):
        return Value(folded(dtype, literal, x, dtype), dtype)
    if isinstance(x, float | np.floating):
        raise KernelError(f"a whole number, for {dtype}", repr(x), f"Convert it with np.{dtype}(...).")
    if dtype == "bool":
        if not isinstance(x, bool | np.bool_):
            raise KernelError("a bool", repr(x), "Write True or False.")
        return Value(literal(x, dtype), dtype)
    least, most = BOUNDS[dtype]
    if not least <= int(x) <= most:
        raise KernelError(f"a number that fits into {dtype}", repr(x), "Use a wider type.")
    return Value(literal(x, dtype), dtype)


def own_dtype(x: Any) -> str | None:
    """Return the type that a number brings along; None for one of Python's, which takes any that holds it."""
    if isinstance(x, Value):
        return x.dtype
    if isinstance(x, np.number | np.bool_):
        name = x.dtype.name
        if name not in NAMES:
            raise KernelError(f"a number of type {', '.join(NAMES)}", name, "Convert it.")
        return name
    return None


def as_value(x: Any) -> Value:
    """Return `x` at run time: Python's whole numbers become int64, its others float64."""
    if isinstance(x, Value):
        return x
    if not is_number(x):
        raise KernelError("a number", described(x), "Only numbers are calculated with.")
    return constant(x, own_dtype(x) or python_dtype(x))


def python_dtype(x: bool | int | float) -> str:
    """Return the type that one of Python's numbers is at run time where nothing else says."""
    return "bool" if isinstance(x, bool) else "int64" if isinstance(x, int) else "float64"


def of_type(x: Any, dtype: str, owner: str) -> Value:
    """Return a number as one of `dtype`: a constant of Python's, or a number that has this type."""
    if not is_number(x):
        raise KernelError(f"a number of {dtype}", described(x), "Assign a number.")
    own = own_dtype(x)
    if own is not None and own != dtype:
        hint = f"Convert it with np.{'bool_' if dtype == 'bool' else dtype}(...)."
        raise KernelError(f"a number of {dtype}, the type of {owner}", own, hint)
    if own is None and isinstance(x, bool) and dtype != "bool":
        raise KernelError(f"a number of {dtype}, the type of {owner}", "bool", f"Convert it with np.{dtype}(...).")
    return x if isinstance(x, Value) else constant(x, dtype)


def together(x: Any, y: Any) -> tuple[Value, Value]:
    """Return both numbers as values of one type."""
    for number in (x, y):
        if not is_number(number):
            raise KernelError("two numbers", described(number), "Use numbers here.")
    one, other = own_dtype(x), own_dtype(y)
    if one is None and other is None:
        one, other = python_dtype(x), python_dtype(y)
    if one is not None and other is not None:
        if one != other:
            hint = f"Convert one, e.g. with np.{'bool_' if one == 'bool' else one}(...)."
            raise KernelError("numbers of one type", f"{one} and {other}", hint)
        return as_value(x), as_value(y)
    dtype = one or other or ""
    return (x if isinstance(x, Value) else constant(x, dtype)), (y if isinstance(y, Value) else constant(y, dtype))


def alternatives(x: Any, y: Any) -> tuple[Value, Value]:
    """Return two numbers, of which one is to be the result, as values of one type."""
    for one, other in ((x, y), (y, x)):
        if is_number(other):
            refuse_to_wrap(one, own_dtype(other))
    return together(x, y)


def refuse_to_wrap(x: Any, dtype: str | None) -> None:
    """Refuse a whole number of Python that is to stand for one of `dtype`: in plain Python it would not wrap round."""
    if isinstance(x, int) and dtype in NARROW:
        raise KernelError(f"a number of {dtype}", f"{x!r} of Python", f"Write np.{dtype}({x!r}).")


def converted(x: Any, dtype: str) -> np.generic:
    """Return a constant in another type, by the rules for numbers at run time; see `arithmetic.convert`."""
    kind = np.dtype(dtype).type
    if not is_number(x) and not isinstance(x, str):
        raise KernelError(f"a number, for {dtype}", described(x), "Convert numbers only.")
    if isinstance(x, float | np.floating) and not is_float(dtype) and dtype != "bool":
        least, most = BOUNDS[dtype]
        nearest = 0 if x != x else least if x <= least else most if x >= most else int(x)
        return folded(dtype, kind, nearest)
    if isinstance(x, np.integer | np.bool_):
        return folded(dtype, lambda number: np.asarray(number).astype(dtype)[()], x)
    return folded(dtype, kind, x)
