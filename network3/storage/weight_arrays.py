"""The weights of a network as arrays: copied, and set after all of them have been checked."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from pytensor.compile.sharedvalue import SharedVariable

from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message, shown


class HasWeights:
    """Base class of Network: its parameters and buffers, as arrays."""

    params: list[SharedVariable]
    buffers: list[SharedVariable]
    floatX: str

    @property
    def variables(self) -> list[SharedVariable]:
        """All that training sets: `params`, then `buffers`."""
        return [*self.params, *self.buffers]

    @keywords_checked("get_weights")
    def get_weights(self) -> list[np.ndarray]:
        """Return a copy of each of ``params``, in order, then of each of ``buffers``."""
        return [np.array(variable.get_value(borrow=True), order="C") for variable in self.variables]

    @keywords_checked("set_weights")
    def set_weights(self, weights: Sequence[ArrayLike] | None) -> None:
        """Set ``params`` and ``buffers`` to `weights`, a list as of `get_weights`; cast to the network's type.

        Raises
        ------
        ValueError
            None, another number of arrays, another shape, or values that are not finite numbers; nothing is changed.
        """
        for variable, array in zip(self.variables, weight_arrays(weights, self.variables, self.floatX), strict=True):
            variable.set_value(array, borrow=True)


def weight_arrays(weights: Any, params: Sequence[SharedVariable], dtype: str) -> list[np.ndarray]:
    """Return a copy of each of `weights` as an array of type `dtype`.

    Raises
    ------
    TypeError, ValueError
        Not an array for each of `params`, of its shape, with real numbers that `dtype` can represent.
    """
    who, hint = "set_weights", "Pass net.best or get_weights()."
    shapes = [param.get_value(borrow=True).shape for param in params]
    expected = f"expected arrays of shapes {shapes}"
    try:
        arrays = None if weights is None else [np.asarray(w) for w in weights]
    except (TypeError, ValueError, RuntimeError):  # no list, or rows of several lengths
        raise TypeError(error_message(who, expected, shown(weights), hint)) from None
    given = None if arrays is None else [a.shape for a in arrays]
    if arrays is None or given != shapes:
        raise ValueError(error_message(who, expected, str(given), hint))
    for k, array in enumerate(arrays):
        if array.dtype.kind not in "biuf":
            raise TypeError(error_message(who, "expected arrays of real numbers", f"{array.dtype} in array {k}", hint))
    with np.errstate(over="ignore"):  # beyond float32: infinity, reported here
        copies = [np.array(array, dtype=dtype, order="C") for array in arrays]
    for k, copy in enumerate(copies):
        if not np.isfinite(copy).all():
            got = f"NaN or infinity in array {k}"
            raise ValueError(error_message(who, f"expected finite numbers of {dtype}", got, hint))
    return copies
