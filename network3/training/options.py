"""How an option of a training is declared: its check, its default, and how a checkpoint records it."""

import os
import re
import sys
from collections.abc import Callable
from dataclasses import MISSING, Field, field
from pathlib import Path
from typing import Any

from network3.data import Examples
from network3.layers.calls import function_of
from network3.layers.checks import as_list, error_message, file_path, integer, one_of, real, shown

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
    if callable(value):  # without addresses, which another process does not have
        return getattr(value, "__qualname__", re.sub(r" at 0x[0-9A-Fa-f]+", "", repr(value)))
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


def function(example: str, *arguments: str, default: Callable | None = None) -> Check:
    """Return the check of a function of these arguments, or an object that can be called; None is the default."""

    def check(who: str, value: Any) -> Any:
        return default if value is None else function_of(who, value, arguments, example)

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
    return None if value is None else file_path(who, value)


def callback_list(who: str, value: Any) -> tuple[Any, ...]:
    """Check functions of one `Progress`, or objects with methods of `Callback`: one, several, or None."""
    if value is None:
        return ()
    several = None if _is_callback(value) else as_list(value)
    callbacks = (value,) if several is None else tuple(several)
    for callback in callbacks:
        if not _is_callback(callback):
            expected = f"expected functions, or objects with some of the methods {', '.join(EVENTS)}"
            hint = "See network3.training.callbacks.Callback."
            raise TypeError(error_message(who, expected, shown(callback), hint))
        for event in EVENTS:
            if hasattr(callback, event):
                function_of(f"{who}: {event}", getattr(callback, event), ["progress"], f"def {event}(self, progress)")
        if not any(hasattr(callback, event) for event in EVENTS):
            function_of(who, callback, ["progress"], "lambda progress: print(progress.cost)")
    return callbacks


def _is_callback(value: Any) -> bool:
    return not isinstance(value, type) and (callable(value) or any(hasattr(value, event) for event in EVENTS))


def names(who: str, value: Any) -> tuple[str, ...]:
    """Check one name, or several; None for none."""
    if value is None or isinstance(value, str):
        return () if value is None else (value,)
    if not isinstance(value, list | tuple | set):
        raise TypeError(error_message(who, "expected a list of names", shown(value), 'Write e.g. ["test_cost"].'))
    return tuple(value)


def as_given(who: str, value: Any) -> Any:
    """Check nothing: what depends on other options is checked with them."""
    return value
