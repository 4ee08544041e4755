"""The inputs of PyTensor's nodes, typed as tensors: PyTensor declares them as variables of any type."""

from typing import cast

from pytensor.graph.basic import Apply
from pytensor.tensor.variable import TensorVariable


def inputs_of(node: Apply) -> list[TensorVariable]:
    """Return the inputs of a node whose inputs are all tensors."""
    return cast(list[TensorVariable], node.inputs)
