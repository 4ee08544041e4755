"""Checks of user input; each error message has four parts: who, what was expected, what was got, and a hint."""

import difflib
import inspect
import math
import numbers
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# Names that other libraries use for the book's arguments.
ALIASES = {"learning_rate": "eta", "lr": "eta", "weight_decay": "lmbda", "batch_size": "mini_batch_size"}
ALIASES |= {"input_shape": "image_shape", "activation": "activation_fn", "pool_size": "poolsize"}


def error_message(who: str, expected: str, got: Any, hint: str) -> str:
    """Return the four parts of an error as one message: ``who: expected; got ... hint``."""
    return f"{who}: {expected}; got {got}. {hint}"


def integer(who: str, value: Any, *, least: int = 1) -> int:
    """Return `value` as an int of at least `least`.

    Raises
    ------
    ValueError
        `value` is not a whole number (a bool is not one), or is below `least`.
    """
    if _is_integer(value) and int(value) >= least:
        return int(value)
    raise ValueError(
        error_message(who, f"expected a whole number, {least} or more", repr(value), f"Write e.g. {max(least, 10)}.")
    )


def real(who: str, value: Any, *, least: float = -math.inf, below: float = math.inf) -> float:
    """Return `value` as a finite float in [`least`, `below`).

    Raises
    ------
    ValueError
        `value` is not a number, is NaN or infinite, or is outside the interval.
    """
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if math.isfinite(number) and least <= number < below:
        return number
    limits = "" if least == -math.inf else f", at least {least:g}"
    limits += "" if below == math.inf else f" and below {below:g}"
    raise ValueError(
        error_message(who, f"expected a finite number{limits}", repr(value), "Give a plain number such as 0.1.")
    )


def one_of(who: str, value: Any, names: Iterable[str]) -> str:
    """Return `value` if it is one of `names`.

    Raises
    ------
    ValueError
        `value` is another; the message suggests the nearest name.
    """
    names = tuple(names)
    if value in names:
        return str(value)
    near = nearest(value, names)
    hint = f'Perhaps you meant "{near}".' if near else f'Write e.g. "{names[0]}".'
    raise ValueError(error_message(who, f"expected one of {', '.join(names)}", repr(value), hint))


def nearest(value: Any, names: Iterable[str]) -> str | None:
    """Return the one of `names` that is most similar to `value`, ignoring case; None if none is similar."""
    in_lower_case = {name.lower(): name for name in names}
    near = difflib.get_close_matches(str(value).lower(), in_lower_case, n=1)
    return in_lower_case[near[0]] if near else None


def keywords_checked(who: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator: the function then raises TypeError for an unknown keyword, and suggests the nearest name."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        names = [name for name in inspect.signature(function).parameters if name != "self"]

        @wraps(function)
        def checked(*arguments: P.args, **keywords: P.kwargs) -> R:
            for keyword in keywords:
                if keyword not in names:
                    near = ALIASES.get(keyword) if ALIASES.get(keyword) in names else nearest(keyword, names)
                    hint = f"Perhaps you meant {near}=." if near else "Leave it out."
                    raise TypeError(
                        error_message(who, f"expected arguments among {', '.join(names)}", f"{keyword}=", hint)
                    )
            return function(*arguments, **keywords)

        return checked

    return decorate


def sizes(who: str, value: Any, count: int, *, least: int = 1) -> tuple[int, ...]:
    """Return `value` as a tuple of `count` whole numbers; if `count` is 2, one number stands for both.

    Raises
    ------
    ValueError
        Another number of entries, or an entry that is not a whole number of at least `least`.
    """
    if _is_integer(value) and count == 2:
        value = (value, value)
    try:
        entries = tuple(value)
    except TypeError:
        entries = ()
    if len(entries) == count and all(_is_integer(entry) and int(entry) >= least for entry in entries):
        return tuple(int(entry) for entry in entries)
    example = ", ".join(["2", "3", "28", "28"][:count])
    raise ValueError(
        error_message(
            who, f"expected {count} whole numbers, each {least} or more", repr(value), f"Write e.g. ({example})."
        )
    )


def _is_integer(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)
