"""Replaces batch normalization of images, and its gradient, by the Ops that compute its sums, and by what they leave.

What remains is elementwise, and PyTensor fuses it with the activation function and whatever else is around it.
"""

from typing import Any

from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.basic import in2out, node_rewriter

from network3.layers.backends.cpu.ops import BatchGradientSums, BatchMoments
from network3.layers.ops.batch_norm import BatchNormalize, BatchNormalizeGradient, Inlined, gradients, normalized


@node_rewriter([BatchNormalize])
def split_batch_norm(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Compute mean and variance, then normalize."""
    inputs: list[Any] = node.inputs
    x, gamma, beta = inputs
    if not _suits(x):
        return None
    found: list[Any] = BatchMoments().make_node(x).outputs
    mean, variance = found
    return [normalized(x, gamma, beta, mean, variance, _epsilon(node)), mean, variance]


@node_rewriter([BatchNormalizeGradient])
def split_batch_norm_gradient(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Compute the sums, then the gradients."""
    inputs: list[Any] = node.inputs
    x, g, gamma, mean, variance = inputs
    if not _suits(x):
        return None
    found: list[Any] = BatchGradientSums().make_node(x, g, mean).outputs
    total, product = found
    return list(gradients(x, g, gamma, mean, variance, (total, product), _epsilon(node)))


def _epsilon(node: Apply) -> float:
    assert isinstance(node.op, Inlined)
    return node.op.epsilon


def _suits(x: Any) -> bool:
    return x.ndim == 4 and None not in x.type.shape and 0 not in x.type.shape and x.dtype in ("float32", "float64")


# Before PyTensor replaces the Ops by their expressions.
optdb.register("network3_batch_norm", in2out(split_batch_norm), "network3", position=-0.02)
optdb.register("network3_batch_norm_gradient", in2out(split_batch_norm_gradient), "network3", position=-0.02)
