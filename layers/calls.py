"""Checks of how functions are called: unknown, missing, repeated and surplus arguments, and functions of users."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

from .checks import error_message, nearest, shown

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", bound=type)

# Names that other libraries use for the arguments of the book and of network3.
ALIASES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("learning_rate", "lr", "alpha"), ("eta",)),
    **dict.fromkeys(("weight_decay", "l2_reg", "regularization"), ("lmbda",)),
    **dict.fromkeys(("batch_size", "minibatch_size"), ("mini_batch_size",)),
    **dict.fromkeys(("n_epochs", "nb_epoch", "num_epochs", "max_iter"), ("epochs",)),
    **dict.fromkeys(("evaluation_data", "validation_set"), ("validation_data",)),
    **dict.fromkeys(("train_data", "train_set"), ("training_data",)),
    "input_shape": ("image_shape", "shape"),
    "num_features": ("shape",),
    "eps": ("epsilon",),
    **dict.fromkeys(("kernel_size", "kernel_shape"), ("filter_shape",)),
    **dict.fromkeys(("activation", "nonlinearity", "act_fn"), ("activation_fn",)),
    **dict.fromkeys(("pool_size", "ws", "ds"), ("poolsize", "size")),
    **dict.fromkeys(("subsample", "strides"), ("stride",)),
    "border_mode": ("padding",),
    "filter_flip": ("flip",),
    **dict.fromkeys(("filter_dilation", "dilation_rate"), ("dilation",)),
    "num_groups": ("groups",),
    "pool_mode": ("pool", "mode"),
    **dict.fromkeys(("units", "num_units", "out_features"), ("n_out",)),
    **dict.fromkeys(("in_features", "num_inputs"), ("n_in",)),
    **dict.fromkeys(("dropout", "dropout_rate", "rate", "p"), ("p_dropout",)),
    **dict.fromkeys(("kernel_initializer", "W", "init"), ("initializer",)),
    **dict.fromkeys(("random_state", "seed", "key"), ("rng", "seed")),
    "optimizer": ("rule",),
    "loss": ("cost",),
}


def call_error(who: str, signature: inspect.Signature, arguments: Sequence[Any], keywords: Iterable[str]) -> str:
    """Return the message of a call that does not fit `signature`: an argument too many, twice, or missing."""
    parameters = [p for name, p in signature.parameters.items() if name != "self"]
    names = [p.name for p in parameters]
    places = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    given = list(arguments)
    for keyword in keywords:
        if keyword not in names:
            near = next((name for name in ALIASES.get(keyword, ()) if name in names), None) or nearest(keyword, names)
            hint = f"Perhaps you meant {near}=." if near else "Leave it out."
            expected = f"expected arguments among {', '.join(names)}" if names else "expected no arguments"
            return error_message(who, expected, f"{keyword}=", hint)
    if "rng" in names and given and isinstance(given[0], np.random.Generator | np.random.RandomState):
        hint = f"Write {who}(..., rng=rng)."
        return error_message(who, "expected the generator as rng=", "it as the first argument", hint)
    if len(given) > len(places):
        others = [name for name in names if name not in places]
        expected = f"expected at most {len(places)} arguments by position ({', '.join(places)})"
        hint = f"Pass {', '.join(others)} by keyword." if others else "Leave the others out."
        return error_message(who, expected if places else "expected no arguments", str(len(given)), hint)
    twice = [name for name in places[: len(given)] if name in keywords]
    if twice:
        got = f"{twice[0]} twice, by position and as {twice[0]}="
        return error_message(who, "expected each argument once", got, "Write all of them by keyword.")
    required = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    missing = [name for name in required if name not in (*places[: len(given)], *keywords)]
    hint = f"Write {who}({', '.join(f'{name}=...' for name in required)})."
    return error_message(who, f"expected {', '.join(required)}", f"no {' and no '.join(missing)}", hint)


def keywords_checked(who: str, first: Callable[[Any], Any] | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator: the function then raises TypeError in four parts for a call with other arguments than its.

    An unknown keyword is answered with the nearest name. `first` checks the first argument of such a call, for a
    more precise error.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        bound = "self" in signature.parameters

        @wraps(function)
        def checked(*arguments: P.args, **keywords: P.kwargs) -> R:
            try:
                signature.bind(*arguments, **keywords)
            except TypeError:
                given = arguments[1:] if bound else arguments
                if first is not None and given:
                    first(given[0])
                raise TypeError(call_error(who, signature, given, keywords)) from None
            return function(*arguments, **keywords)

        return checked

    return decorate


def constructor_checked(cls: C) -> C:
    """Decorate a dataclass: its constructor then raises errors in four parts, as by `keywords_checked`."""
    cls.__init__ = keywords_checked(cls.__name__)(cls.__init__)  # type: ignore[misc]  # of a class, not of an object
    return cls


def function_of(who: str, value: Any, names: Sequence[str], example: str) -> Any:
    """Return `value` if it can be called with one argument for each of `names`.

    Raises
    ------
    TypeError
        It is not a function, it is a class, or it takes other arguments. `example` is shown.
    """
    form, hint = f"({', '.join(names)})", f"Write e.g. {example}."
    if not callable(value) or isinstance(value, type):
        expected = "expected a function, or an object that can be called"
        raise TypeError(error_message(who, expected, shown(value), hint))
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):  # one written in C
        return value
    try:
        signature.bind(*names)
    except TypeError:
        got = f"one of {', '.join(signature.parameters) or 'no arguments'}"
        raise TypeError(error_message(who, f"expected a function of {form}", got, hint)) from None
    return value


def call(who: str, function: Callable[..., Any], *arguments: Any, of: str = "PyTensor expressions") -> Any:
    """Return the result of a user's function of expressions, or of other things named by `of`.

    Raises
    ------
    TypeError
        The function raised an error of use, such as that of NumPy for an expression; it is the cause of this one.
    """
    try:
        return function(*arguments)
    except (TypeError, ValueError, AttributeError, NotImplementedError, LookupError) as error:
        if "; got " in str(error):
            raise
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
        hint = "The traceback above shows where."
        if of.startswith("PyTensor"):
            hint = "Compute with the functions of pytensor.tensor, which take expressions."
        raise TypeError(error_message(who, f"expected a function of {of}", reason, hint)) from error
