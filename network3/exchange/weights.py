"""Weights of other libraries for a network: compared operation by operation, and set if all of them fit."""

from collections import deque
from dataclasses import fields, replace

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable

from network3.graph import NetworkLike
from network3.layers.checks import error_message
from network3.layers.ops.conv_shapes import border

from .descriptions import describe
from .from_network import chain
from .normal_form import Scaled, normal_form
from .operations import Activate, Bias, Chain, Convolve, Normalize, Operation, Reshape, array_of, shape_of

HINT = "Build a network of the same layers, in the same order."
SOFTMAX = "softmax"


def assign(who: str, net: NetworkLike, theirs: Chain, source: str) -> None:
    """Set the weights of `net` to those of a chain of the same layers.

    The order of pooling and activation, and the places of biases and of the factors of dropout, may differ as far as
    the outputs are the same. A softmax at the end may be missing: other libraries have it in the cost.

    Parameters
    ----------
    who : str
        The function that the user has called, for messages.
    net : Network
    theirs : list of Operation
        With arrays.
    source : str
        What `theirs` was read from, for messages.

    Raises
    ------
    ValueError
        An operation that differs from that of the network, or numbers that are not finite; nothing is changed.
    """
    ours = _comparable(chain(who, net))
    others = deque(_comparable(theirs))
    if _ends_in_softmax(ours) and not _ends_in_softmax(others):
        ours.pop()
    found: dict[SharedVariable, np.ndarray] = {}
    for own, gain in ours:
        other, other_gain = _counterpart(who, own, others, source)
        for field in fields(own):
            variable, value = getattr(own, field.name), getattr(other, field.name)
            if isinstance(variable, SharedVariable):
                values = array_of(value)
                values = values if gain == other_gain else values * (other_gain / gain)
                _check_values(who, own, other, values, found.get(variable))
                found[variable] = values
    if others:
        got = f"{describe(others[0][0])} ({others[0][0].where}) after it"
        raise ValueError(error_message(who, f"expected {source} to end as the network does", got, HINT))
    net.set_weights([found[variable] for variable in net.variables])


def _comparable(operations: Chain) -> Scaled:
    """Return the normal form, without changes of shape, which follow from the other operations."""
    return normal_form([operation for operation in operations if not isinstance(operation, Reshape)])


def _ends_in_softmax(operations: Scaled | deque[tuple[Operation, float]]) -> bool:
    last = operations[-1][0] if operations else None
    return isinstance(last, Activate) and last.function == SOFTMAX


def _counterpart(
    who: str, own: Operation, others: deque[tuple[Operation, float]], source: str
) -> tuple[Operation, float]:
    """Take the next of `others`, if it is of the kind of `own`, and return it with its factor."""
    other = others[0][0] if others else None
    if isinstance(own, Bias) and not isinstance(other, Bias):  # of a layer without one
        return Bias(own.where, np.zeros(shape_of(own.b))), 1.0
    if isinstance(own, Normalize) and isinstance(other, Bias) and len(others) > 1:
        following = others[1][0]
        if isinstance(following, Normalize):  # which subtracts the bias again, with the mean
            others.popleft()
            other = replace(following, mean=array_of(following.mean) - array_of(other.b))
    if isinstance(own, Convolve) and isinstance(other, Convolve):
        other = _for_image(own, other)
    if own == Activate(own.where, "softmax", 1) and isinstance(other, Activate):
        other = replace(other, axis=1)  # the last one as well
    if other is None or describe(own) != describe(other):
        got = f"the end of {source}" if other is None else f"{describe(other)} ({other.where})"
        raise ValueError(error_message(f"{who}: {own.where}", f"expected {describe(own)}", got, HINT))
    return other, others.popleft()[1]


def _for_image(own: Convolve, other: Convolve) -> Convolve:
    """Return `other` for images of the size of `own`, if its own is unknown."""
    assert own.image is not None
    image = other.image or own.image
    if other.padding == "same":
        sides = border("same", image, shape_of(other.w)[2:], other.stride, other.dilation)
        return replace(other, image=image, padding=sides)
    return replace(other, image=image)


def _check_values(who: str, own: Operation, other: Operation, values: np.ndarray, before: np.ndarray | None) -> None:
    """Raise ValueError for numbers that are not finite, or that differ for a variable that two layers share."""
    if not np.isfinite(values).all():
        expected, hint = "expected finite numbers", "Train it again, with a smaller rate."
        raise ValueError(error_message(f"{who}: {own.where}", expected, f"NaN or infinity in {other.where}", hint))
    if before is not None and not np.array_equal(before, values):
        expected = "expected the same weights as for the layer that it shares them with"
        hint = "Build the network with layers that do not share variables."
        raise ValueError(error_message(f"{who}: {own.where}", expected, f"others in {other.where}", hint))
