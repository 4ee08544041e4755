r"""Batch normalization and its gradient, as Ops whose definitions are expressions.

.. math::
    y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta, \qquad
    \frac{\partial}{\partial x} = \frac{\gamma}{s} \left(g - \frac{1}{m} \sum g
    - \frac{x - \mu}{m s^2} \sum g (x - \mu)\right), \qquad s = \sqrt{\sigma^2 + \epsilon}

for each feature, with sums over its m values (S. Ioffe and C. Szegedy, ICML 2015). Every back end replaces the Ops by
their expressions; that of the CPU computes the sums in fewer passes.
"""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.builders import OpFromGraph
from pytensor.gradient import DisconnectedType, grad
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.graph.replace import graph_replace
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorVariable

Three = tuple[TensorVariable, TensorVariable, TensorVariable]


def per_feature(values: TensorVariable, ndim: int) -> TensorVariable:
    """Return `values`, of shape (features,), with axes of length 1, to be combined with a tensor of `ndim` axes."""
    return values.dimshuffle("x", 0, *["x"] * (ndim - 2))


def summed_axes(x: TensorVariable) -> tuple[int, ...]:
    """Return the axes over which the values of a feature lie: all but the second."""
    return tuple(axis for axis in range(x.ndim) if axis != 1)


def value_count(x: TensorVariable) -> Any:
    """Return the number of values of each feature, as a number of the type of `x`."""
    sizes = [x.type.shape[axis] for axis in summed_axes(x)]
    if None not in sizes:
        return np.asarray(math.prod(size for size in sizes if size is not None), x.dtype)
    return pt.cast(pt.prod(pt.stack([x.shape[axis] for axis in summed_axes(x)])), x.dtype)


def spread(variance: TensorVariable, epsilon: float) -> TensorVariable:
    """Return the square root of the variance plus epsilon."""
    return pt.sqrt(variance + np.asarray(epsilon, variance.dtype))


def moments(x: TensorVariable) -> tuple[TensorVariable, TensorVariable]:
    """Return the mean and the biased variance of each feature."""
    mean = x.mean(axis=summed_axes(x), acc_dtype=x.dtype)
    squares = (x - per_feature(mean, x.ndim)) ** 2
    return mean, squares.mean(axis=summed_axes(x), acc_dtype=x.dtype)


def normalized(
    x: TensorVariable,
    gamma: TensorVariable,
    beta: TensorVariable,
    mean: TensorVariable,
    variance: TensorVariable,
    epsilon: float,
) -> TensorVariable:
    """Return `x` normalized by these statistics."""
    factor = gamma / spread(variance, epsilon)
    return (x - per_feature(mean, x.ndim)) * per_feature(factor, x.ndim) + per_feature(beta, x.ndim)


def gradient_sums(x: TensorVariable, g: TensorVariable, mean: TensorVariable) -> tuple[TensorVariable, TensorVariable]:
    """Return for each feature the sums of `g`, and of `g` times the deviation of `x` from its mean."""
    deviation = x - per_feature(mean, x.ndim)
    sums = (value.sum(axis=summed_axes(x), acc_dtype=x.dtype) for value in (g, g * deviation))
    total, product = sums
    return total, product


def gradients(
    x: TensorVariable,
    g: TensorVariable,
    gamma: TensorVariable,
    mean: TensorVariable,
    variance: TensorVariable,
    sums: tuple[TensorVariable, TensorVariable],
    epsilon: float,
) -> Three:
    """Return the gradients to `x`, gamma and beta, from the `gradient_sums`."""
    (total, product), deep, count = sums, spread(variance, epsilon), value_count(x)
    factor = gamma / deep
    of_deviation = factor * product / (deep * deep * count)
    rest = per_feature(factor * total / count, x.ndim)
    # Not x - mean: PyTensor would then keep these values of the forward pass in memory.
    opposite = per_feature(mean, x.ndim) - x
    dx = per_feature(factor, x.ndim) * g + per_feature(of_deviation, x.ndim) * opposite - rest
    return dx, product / deep, total


class Inlined(OpFromGraph):
    """An Op that stands for expressions, by which PyTensor replaces it before anything else is rewritten.

    Parameters
    ----------
    epsilon : float
    kinds : sequence of TensorType
        Of its inputs.
    """

    def __init__(self, epsilon: float, kinds: Sequence[TensorType]):
        self.epsilon = epsilon
        inputs = [kind() for kind in kinds]
        super().__init__(inputs, list(self.expressions(*inputs)), inline=True)

    @abstractmethod
    def expressions(self, *inputs: Any) -> Three:
        """Return what the Op stands for."""

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True] * len(node.outputs) for _ in node.inputs]

    def pullback(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> list[Variable]:
        """Differentiate the expressions."""
        # Of other variables, since some inputs may depend on others.
        own = [variable.type() for variable in inputs]
        # Of copies, since a gradient that is known for a value replaces what it receives from others that depend on it.
        pairs = zip((value.copy() for value in self.expressions(*own)), output_grads, strict=True)
        known = {value: g for value, g in pairs if not isinstance(g.type, DisconnectedType)}
        options: dict[str, Any] = {"disconnected_inputs": "ignore", "return_disconnected": "disconnected"}
        found: Any = grad(None, own, known_grads=known, **options)
        return list(graph_replace(found, dict(zip(own, inputs, strict=True)), strict=False))


class BatchNormalize(Inlined):
    """From x, gamma and beta: the normalized x, and the mean and the biased variance of each feature."""

    def expressions(self, *inputs: Any) -> Three:
        x, gamma, beta = inputs
        mean, variance = moments(x)
        return normalized(x, gamma, beta, mean, variance, self.epsilon), mean, variance

    def pullback(self, inputs: Sequence[Any], outputs: Sequence[Any], output_grads: Sequence[Any]) -> list[Variable]:
        """Return the gradients in closed form, if only the normalized x is differentiated."""
        (x, gamma, _), (_, mean, variance) = inputs, outputs
        g, *others = output_grads
        if isinstance(g.type, DisconnectedType) or not all(isinstance(o.type, DisconnectedType) for o in others):
            return super().pullback(inputs, outputs, output_grads)
        return apply(BatchNormalizeGradient, self.epsilon, x, g, gamma, mean, variance)


class BatchNormalizeGradient(Inlined):
    """From x, the gradient to the normalized x, gamma, mean and variance: the gradients to x, gamma and beta."""

    def expressions(self, *inputs: Any) -> Three:
        x, g, gamma, mean, variance = inputs
        return gradients(x, g, gamma, mean, variance, gradient_sums(x, g, mean), self.epsilon)


def apply(kind: type[Inlined], epsilon: float, *inputs: Any) -> list[Any]:
    """Return the outputs of an Op of class `kind` for inputs of any types."""
    op: Op = kind(epsilon, [variable.type for variable in inputs])
    return list(op.make_node(*inputs).outputs)
