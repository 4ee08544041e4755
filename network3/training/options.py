"""How an option of a training is declared: its check, its default, and how a checkpoint records it."""

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, field
from pathlib import Path
from typing import Any

from network3.data import Examples
from network3.layers.checks import error_message, integer, one_of, real

from .callbacks import EVENTS

Check = Callable[[str, Any], Any]


def option(check: Check, default: Any = MISSING, *, recorded: bool | str = True, none: str | None = None) -> Any:
    """Declare a field of `TrainingConfig`.

    Parameters
    ----------
    check : callable
        ``check(who, value) -> value``, which raises TypeError or ValueError in four parts.
    default : object, optional
        Also what a checkpoint without this option was trained with.
    recorded : bool or str
        Whether checkpoints record it, so that a training is resumed with the same value only; the name there, if it
        is another than the field's.
    none : str, optional
        What checkpoints record for None, if it is something else than "None".
    """
    return field(default=default, metadata={"check": check, "recorded": recorded, "none": none})


def described(option: Field, value: Any) -> Any:
    """Return `value` of an option as JSON has it: data by their fingerprint, functions by their name or settings."""
    if value is None:
        return option.metadata["none"] or "None"
    if isinstance(value, Examples):
        return value.fingerprint
    if callable(value):
        return getattr(value, "__qualname__", repr(value))
    return list(value) if isinstance(value, tuple) else value


def count(*, least: int = 1) -> Check:
    """Return the check of an integer."""
    return lambda who, value: integer(who, value, least=least)


def number(**limits: float) -> Check:
    """Return the check of a finite float."""
    return lambda who, value: real(who, value, **limits)


def choice(*names: str) -> Check:
    """Return the check of one of some names."""
    return lambda who, value: one_of(who, value, names)


def function(example: str, default: Callable | None = None) -> Check:
    """Return the check of a function, or an object that can be called as it is; None stands for the default."""

    def check(who: str, value: Any) -> Any:
        if value is None:
            return default
        if callable(value) and not isinstance(value, type):
            return value
        got = f"the class {value.__name__}" if isinstance(value, type) else repr(value)
        expected = "expected a function, or an object that can be called"
        raise TypeError(error_message(who, expected, got, f"Write e.g. {example}."))

    return check


def epoch_count(who: str, value: Any) -> int:
    """Check a number of epochs; ``NETWORK3_MAX_EPOCHS`` in the environment limits it, to try a long program out."""
    return min(integer(who, value, least=0), max_epochs())


def max_epochs() -> int:
    """Return the most epochs that ``NETWORK3_MAX_EPOCHS`` lets any training run."""
    most = os.environ.get("NETWORK3_MAX_EPOCHS", "")
    return integer("NETWORK3_MAX_EPOCHS", int(most) if most.isdecimal() else most, least=0) if most else sys.maxsize


def optional_seed(who: str, value: Any) -> int | None:
    """Check a seed; None for one that is drawn."""
    return None if value is None else integer(who, value, least=0)


def path(who: str, value: Any) -> Path | None:
    """Check the name of a file; None for none."""
    if value is None or isinstance(value, str | os.PathLike):
        return None if value is None else Path(value)
    hint = 'Write e.g. "training.checkpoint".'
    raise TypeError(error_message(who, "expected the name of a file", repr(value), hint))


def callback_list(who: str, value: Any) -> tuple[Any, ...]:
    """Check functions of one `Progress`, or objects with methods of `Callback`."""
    if not isinstance(value, Iterable) or isinstance(value, str):
        raise TypeError(error_message(who, "expected a list of callbacks", repr(value), "Write callbacks=[...]."))
    callbacks = tuple(value)
    for callback in callbacks:
        if isinstance(callback, type) or not (callable(callback) or any(hasattr(callback, event) for event in EVENTS)):
            got = f"the class {callback.__name__}" if isinstance(callback, type) else repr(callback)
            expected = f"expected functions, or objects with some of the methods {', '.join(EVENTS)}"
            raise TypeError(error_message(who, expected, got, "See network3.training.callbacks.Callback."))
    return callbacks


def flag(who: str, value: Any) -> bool:
    """Check a switch."""
    return bool(value)


def names(who: str, value: Any) -> tuple[str, ...]:
    """Check one name, or several."""
    return (value,) if isinstance(value, str) else tuple(value)


def as_given(who: str, value: Any) -> Any:
    """Check nothing: what depends on other options is checked with them."""
    return value
