"""Arguments of Theano: older names, declared shapes, and borders."""

import warnings
from collections.abc import Sequence
from typing import Any

import pytensor.tensor as pt
from pytensor.graph.basic import Constant
from pytensor.tensor.variable import TensorVariable

from network3.layers.checks import error_message, integer, shown, sizes

CALLER = 4  # the `stacklevel` of a warning two calls below a function with checked keywords
MODES = ("valid", "half", "full")


def renamed(who: str, old: str, old_value: Any, new: str, new_value: Any, default: Any = None) -> Any:
    """Return the value of an argument that has an older name, with a DeprecationWarning if that one is used.

    Raises
    ------
    ValueError
        Values under both names.
    """
    if old_value is None:
        return new_value
    if new_value is not None and new_value != default:
        got = f"{old}={shown(old_value)} and {new}={shown(new_value)}"
        raise ValueError(error_message(who, f"expected {new} or its older name {old}", got, f"Leave out {old}."))
    message = error_message(who, f"expected {new}=", f"its older name {old}=", f"Write {new}={shown(old_value)}.")
    warnings.warn(message, DeprecationWarning, stacklevel=CALLER)
    return old_value


def declared(who: str, x: TensorVariable, shape: Any) -> TensorVariable:
    """Return `x` with the sizes that `shape` states, which are checked when the graph is built and when it runs.

    Raises
    ------
    TypeError
        An entry is an expression other than a constant.
    ValueError
        Another number of axes, an entry that is neither None nor a positive number, or another size than that of `x`.
    """
    if shape is None:
        return x
    hint = "Write e.g. (10, 1, 28, 28), with None for a size that is not fixed."
    if not isinstance(shape, Sequence) or isinstance(shape, str) or len(shape) != x.ndim:
        raise ValueError(error_message(who, f"expected {x.ndim} sizes", shown(shape), hint))
    numbers = [static_size(who, size) for size in shape]
    for own, stated in zip(x.type.shape, numbers, strict=True):
        if None not in (own, stated) and own != stated:
            raise ValueError(
                error_message(who, f"expected the shape {x.type.shape} of the tensor", tuple(numbers), "Correct one.")
            )
    if all(stated is None or own == stated for own, stated in zip(x.type.shape, numbers, strict=True)):
        return x
    return pt.specify_shape(x, tuple(numbers))


def static_size(who: str, size: Any) -> int | None:
    """Return an entry of a shape, a number, a constant or None, as a number or None.

    Raises
    ------
    TypeError
        It is an expression whose value is not known.
    ValueError
        It is not a whole number of at least 1.
    """
    if size is None:
        return None
    if isinstance(size, Constant):
        size = size.data
    if isinstance(size, TensorVariable):
        raise TypeError(error_message(who, "expected numbers or None", f"the expression {size}", "Write None for it."))
    return integer(who, size)


def padding_of(who: str, border_mode: Any) -> Any:
    """Return Theano's `border_mode` as the `padding` of ``conv2d``.

    Raises
    ------
    ValueError
        It is not "valid", "half", "full", a number, or one number or pair of numbers for each axis.
    """
    who = f"{who}: border_mode"
    if isinstance(border_mode, str):
        if border_mode in MODES:
            return border_mode
        hint = 'Write "half", which keeps the size of an image under odd filters.' if border_mode == "same" else ""
        expected = "expected valid, half, full, a number or (rows, columns)"
        raise ValueError(error_message(who, expected, shown(border_mode), hint or 'Write e.g. "valid".'))
    if isinstance(border_mode, Sequence) and any(isinstance(side, Sequence) for side in border_mode):
        sides = [sizes(who, side, 2, least=0) for side in border_mode]
        if len(sides) != 2:
            hint = "Write ((top, bottom), (left, right))."
            raise ValueError(error_message(who, "expected a pair for rows and one for columns", len(sides), hint))
        return tuple(sides)
    return sizes(who, border_mode, 2, least=0)
