"""The base class of our Ops: one output tensor, and types for what PyTensor leaves open."""

from collections.abc import Sequence
from typing import Any, TypeAlias, cast

import numpy as np
from pytensor.graph.op import Op
from pytensor.tensor.basic import as_tensor_variable
from pytensor.tensor.variable import TensorVariable

from network3.layers.checks import error_message, shown

# PyTensor declares the arguments of a pullback as plain Variables, which have no arithmetic; here they are tensors.
Tensors: TypeAlias = Sequence[Any]


class TensorOp(Op):
    """An Op with one output, a tensor."""

    def __call__(self, *inputs: Any, **options: Any) -> TensorVariable:
        """Return the output for `inputs`, variables or arrays."""
        return cast(TensorVariable, super().__call__(*inputs, **options))


def as_tensor(who: str, value: Any) -> TensorVariable:
    """Return `value`, an expression, an array or a number, as a tensor.

    Raises
    ------
    TypeError
        It is none of them.
    """
    try:
        with np.errstate(all="ignore"):  # while a type is found for a large number
            tensor = as_tensor_variable(value)
    except Exception:  # many kinds, and those of the object's own code
        tensor = None
    if tensor is None or not isinstance(tensor, TensorVariable):
        hint = 'Pass e.g. pytensor.tensor.matrix("x", dtype="float32").'
        raise TypeError(error_message(who, "expected an expression or an array of numbers", shown(value), hint))
    return tensor
