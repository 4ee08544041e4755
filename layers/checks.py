"""Checks of what a reader hands to a layer; each message says who, what was expected, what was got, and the hint."""

import difflib
import inspect
import math
import numbers
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# What other libraries call the book's arguments.
ELSEWHERE = {"learning_rate": "eta", "lr": "eta", "weight_decay": "lmbda", "batch_size": "mini_batch_size"}
ELSEWHERE |= {"input_shape": "image_shape", "activation": "activation_fn", "pool_size": "poolsize"}


def error_message(who: str, expected: str, got: Any, hint: str) -> str:
    """Join the four parts of an error into one sentence pair: ``who: expected; got ... hint``."""
    return f"{who}: {expected}; got {got}. {hint}"


def integer(who: str, value: Any, *, least: int = 1) -> int:
    """Return `value` as an int of at least `least`.

    Raises
    ------
    ValueError
        It is not a whole number (bool counts as none), or it is too small.
    """
    if _is_whole(value) and int(value) >= least:
        return int(value)
    raise ValueError(
        error_message(who, f"expected a whole number, {least} or more", repr(value), f"Write e.g. {max(least, 10)}.")
    )


def real(who: str, value: Any, *, least: float = -math.inf, below: float = math.inf) -> float:
    """Return `value` as a finite float in [`least`, `below`).

    Raises
    ------
    ValueError
        It is not a number, is NaN or infinite, or lies outside.
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


def one_of(who: str, value: Any, known: Iterable[str]) -> str:
    """Return `value` if it is one of the names `known`.

    Raises
    ------
    ValueError
        It is not; the nearest name is suggested.
    """
    names = tuple(known)
    if value in names:
        return str(value)
    near = nearest(value, names)
    hint = f'Perhaps you meant "{near}".' if near else f'Write e.g. "{names[0]}".'
    raise ValueError(error_message(who, f"expected one of {', '.join(names)}", repr(value), hint))


def nearest(value: Any, names: Iterable[str]) -> str | None:
    """Return the one of `names` that `value` is most likely a slip for; None if none is near."""
    in_lower_case = {name.lower(): name for name in names}
    near = difflib.get_close_matches(str(value).lower(), in_lower_case, n=1)
    return in_lower_case[near[0]] if near else None


def keywords_checked(who: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function so that a keyword it does not know is an error that says which was meant.

    Raises
    ------
    TypeError
        By the function, as Python would, but with the nearest name.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        known = [name for name in inspect.signature(function).parameters if name != "self"]

        @wraps(function)
        def checked(*arguments: P.args, **keywords: P.kwargs) -> R:
            for keyword in keywords:
                if keyword not in known:
                    near = ELSEWHERE.get(keyword) if ELSEWHERE.get(keyword) in known else nearest(keyword, known)
                    hint = f"Perhaps you meant {near}=." if near else "Leave it out."
                    raise TypeError(
                        error_message(who, f"expected arguments among {', '.join(known)}", f"{keyword}=", hint)
                    )
            return function(*arguments, **keywords)

        return checked

    return decorate


def sizes(who: str, value: Any, count: int, *, least: int = 1) -> tuple[int, ...]:
    """Return `value` as a tuple of `count` whole numbers; a single number stands for both of two.

    Raises
    ------
    ValueError
        Another number of entries, or one that is not a whole number of at least `least`.
    """
    if _is_whole(value) and count == 2:
        value = (value, value)
    try:
        entries = tuple(value)
    except TypeError:
        entries = ()
    if len(entries) == count and all(_is_whole(entry) and int(entry) >= least for entry in entries):
        return tuple(int(entry) for entry in entries)
    example = ", ".join(["2", "3", "28", "28"][:count])
    raise ValueError(
        error_message(
            who, f"expected {count} whole numbers, each {least} or more", repr(value), f"Write e.g. ({example})."
        )
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)
