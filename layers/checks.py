"""Checks of user input; each error message has four parts: who, what was expected, what was got, and a hint."""

import difflib
import inspect
import math
import numbers
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

LONGEST = 80  # characters of a value in a message


def error_message(who: str, expected: str, got: Any, hint: str) -> str:
    """Return the four parts of an error as one message: ``who: expected; got ... hint``."""
    return f"{who}: {expected}; got {got}. {hint}"


def shown(value: Any) -> str:
    """Return `value` as messages show it: its repr in one short line, or else its kind and size."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if inspect.isroutine(value) or inspect.ismodule(value):
        return f"the {'module' if inspect.ismodule(value) else 'function'} {value.__name__}"
    size = len(value) if isinstance(value, list | tuple | dict | set | str | bytes) else 0
    if size <= LONGEST:  # the repr of a data set takes seconds
        try:
            text = " ".join(repr(value).split())
        except Exception:  # of the value's own code
            text = object.__repr__(value)
        if len(text) <= LONGEST and " at 0x" not in text:
            return text
    if isinstance(value, int):
        return f"a number of {len(str(abs(value)))} digits"
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"a {type(value).__name__} of shape {shape}"
    return f"a {type(value).__name__}" + (f" of length {size:,}" if size else "")


def integer(who: str, value: Any, *, least: int = 1) -> int:
    """Return `value` as an int of at least `least`.

    Raises
    ------
    ValueError
        `value` is not a whole number (10.0 is one, a bool is not), or is below `least`.
    """
    whole = _whole(value)
    if whole is not None and whole >= least:
        return whole
    raise ValueError(
        error_message(who, f"expected a whole number, {least} or more", shown(value), f"Write e.g. {max(least, 10)}.")
    )


def real(
    who: str,
    value: Any,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    most: float = math.inf,
    below: float = math.inf,
) -> float:
    """Return `value` as a finite float of at least `least` and at most `most`, `above` and `below` excluded.

    Raises
    ------
    ValueError
        `value` is not a number (neither a text nor a bool is one), is NaN or infinite, or is outside these limits.
    """
    try:
        number = float(_plain(value)) if _is_number(value) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if math.isfinite(number) and least <= number <= most and above < number < below:
        return number
    named = {"at least": least, "above": above, "at most": most, "below": below}
    limits = " and ".join(f"{name} {limit:g}" for name, limit in named.items() if math.isfinite(limit))
    expected = "expected a finite number" + (f", {limits}" if limits else "")
    raise ValueError(error_message(who, expected, shown(value), "Give a plain number such as 0.1."))


def flag(who: str, value: Any) -> bool:
    """Return `value` as a bool; None and numbers are allowed.

    Raises
    ------
    TypeError
        Anything else, such as the text "no", which Python takes as true.
    """
    value = _plain(value)
    if value is None or isinstance(value, bool | np.bool_ | numbers.Real):
        return bool(value)
    raise TypeError(error_message(who, "expected True or False", shown(value), "Write True or False, without quotes."))


def one_of(who: str, value: Any, names: Iterable[str]) -> str:
    """Return `value` if it is one of `names`.

    Raises
    ------
    ValueError
        `value` is another; the message suggests the nearest name.
    """
    names = tuple(names)
    if isinstance(value, str) and value in names:
        return str(value)
    near = nearest(value, names) if isinstance(value, str) else None
    hint = f'Perhaps you meant "{near}".' if near else f'Write e.g. "{names[0]}".'
    raise ValueError(error_message(who, f"expected one of {', '.join(names)}", shown(value), hint))


def nearest(value: Any, names: Iterable[str]) -> str | None:
    """Return the one of `names` that is most similar to `value`, ignoring case; None if none is similar."""
    in_lower_case = {name.lower(): name for name in names}
    near = difflib.get_close_matches(str(value).lower(), in_lower_case, n=1)
    return in_lower_case[near[0]] if near else None


def sizes(who: str, value: Any, count: int, *, least: int = 1) -> tuple[int, ...]:
    """Return `value` as a tuple of `count` whole numbers; if `count` is 2, one number stands for both.

    Raises
    ------
    ValueError
        Another number of entries, or an entry that is not a whole number of at least `least`.
    """
    if count == 2 and _whole(value) is not None:
        value = (value, value)
    entries = [_whole(entry) for entry in entries_of(value)]
    if len(entries) == count and all(entry is not None and entry >= least for entry in entries):
        return tuple(entry for entry in entries if entry is not None)
    example = ", ".join(["2", "3", "28", "28"][:count])
    raise ValueError(
        error_message(
            who, f"expected {count} whole numbers, each {least} or more", shown(value), f"Write e.g. ({example})."
        )
    )


def example_shape(who: str, value: Any) -> tuple[int, ...]:
    """Return `value`, the shape of one example, as a tuple: (n,) or (maps, rows, columns); n stands for (n,).

    Raises
    ------
    ValueError
        Another number of entries, or an entry that is not a whole number of at least 1.
    """
    entries = [_whole(entry) for entry in ([value] if _whole(value) is not None else entries_of(value))]
    if len(entries) in (1, 3) and all(entry is not None and entry >= 1 for entry in entries):
        return tuple(entry for entry in entries if entry is not None)
    expected = "expected the shape of one example, (n,) or (maps, rows, columns), of whole numbers from 1"
    raise ValueError(error_message(who, expected, shown(value), "Write e.g. (30,) or (20, 12, 12)."))


def file_path(who: str, value: Any) -> Path:
    """Return `value`, the name of a file or a folder, as a Path.

    Raises
    ------
    TypeError, ValueError
        Neither a text nor a path; or a text that no name can be.
    """
    if not isinstance(value, str | os.PathLike):
        raise TypeError(
            error_message(who, "expected the name of a file", shown(value), 'Write e.g. "net.safetensors".')
        )
    if not os.fspath(value) or chr(0) in str(value):
        raise ValueError(
            error_message(who, "expected the name of a file", shown(value), 'Write e.g. "net.safetensors".')
        )
    return Path(value)


def entries_of(value: Any) -> Sequence[Any] | np.ndarray:
    """Return the entries of a sequence, or of an array of one axis; none for another value."""
    return value if isinstance(value, Sequence) or (isinstance(value, np.ndarray) and value.ndim == 1) else ()


def as_list(value: Any) -> list[Any] | None:
    """Return the entries of anything that can be iterated over, such as a generator; None for another value."""
    try:
        return list(value)
    except Exception:  # that of the value's own code
        return None


def _plain(value: Any) -> Any:
    """Return an array of one number and no axes, of any library, as that number; other values unchanged."""
    scalar = isinstance(getattr(value, "shape", None), tuple) and value.shape == () and hasattr(value, "item")
    return value.item() if scalar else value


def _is_number(value: Any) -> bool:
    value = _plain(value)
    kind = isinstance(value, numbers.Real) or type(value).__name__ == "Decimal"  # which is no Real
    return kind and not isinstance(value, bool)


def _whole(value: Any) -> int | None:
    """Return a whole number as an int; None for another value."""
    value = _plain(value)
    if not _is_number(value):
        return None
    try:
        return int(value) if value == int(value) else None
    except (ValueError, OverflowError):  # NaN and infinity
        return None
