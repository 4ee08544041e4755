"""The base class of our Ops: one output tensor, and types for what PyTensor leaves open."""

from collections.abc import Sequence
from typing import Any, TypeAlias, cast

from pytensor.graph.op import Op
from pytensor.tensor.variable import TensorVariable

# PyTensor declares the arguments of a pullback as plain Variables, which have no arithmetic; here they are tensors.
Tensors: TypeAlias = Sequence[Any]


class TensorOp(Op):
    """An Op with one output, a tensor."""

    def __call__(self, *inputs: Any, **options: Any) -> TensorVariable:
        """Return the output for `inputs`, variables or arrays."""
        return cast(TensorVariable, super().__call__(*inputs, **options))
