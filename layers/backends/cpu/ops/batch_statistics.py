"""The sums of batch normalization over the values of each map, each of which has a kernel."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op, OutputStorageType

from network3.layers.ops.batch_norm import gradient_sums, moments


class _OfMaps(Op):
    """Base class: an Op of images of shape (batch, maps, rows, columns), with two vectors of shape (maps,)."""

    __props__ = ()

    def make_node(self, *inputs: Variable) -> Apply:
        x: Any = inputs[0]
        vectors = [x.type.clone(shape=x.type.shape[1:2])() for _ in range(2)]
        return Apply(self, list(inputs), vectors)


class BatchMoments(_OfMaps):
    """The mean and the biased variance of each map."""

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        (x,) = inputs
        output_storage[0][0] = x.mean((0, 2, 3), np.float64).astype(x.dtype)
        output_storage[1][0] = x.var((0, 2, 3), np.float64).astype(x.dtype)

    def expand(self, node: Apply) -> list[Variable]:
        """Return the same with plain Ops."""
        inputs: list[Any] = node.inputs
        return list(moments(*inputs))


class BatchGradientSums(_OfMaps):
    """From x, a gradient and the mean: the sums of the gradient, and of it times the deviation of x, of each map."""

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        x, g, mean = inputs
        products = (x - mean[:, None, None]) * g
        for storage, terms in zip(output_storage, (g, products), strict=True):
            storage[0] = terms.sum((0, 2, 3), np.float64).astype(x.dtype)

    def expand(self, node: Apply) -> list[Variable]:
        """Return the same with plain Ops."""
        inputs: list[Any] = node.inputs
        return list(gradient_sums(*inputs))
