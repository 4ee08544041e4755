"""Fuses convolution with max-pooling, and its gradients, into one Op each, if all sizes but the batch are known."""

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.basic import MergeOptimizer, in2out, node_rewriter

from network3.layers.backends.cpu.kernels.geometry import MAX_PLACES, Geometry
from network3.layers.backends.cpu.ops import ConvMaxPool, GradientToInput, GradientToWeight
from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from network3.layers.ops.convolution import Convolution
from network3.layers.ops.pool import Pool2D
from network3.layers.ops.pool_maxima import MaxPool2DGrad, SumAtMaxima2D

NO_BITS = pt.constant(np.zeros((1, 1, 1, 1), np.int32))


@node_rewriter([Conv2DGradWeight, Conv2DGradInput])
def fuse_gradient(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Fuse a gradient of a convolution with the gradient of the max-pooling after it."""
    _, gradient, _ = node.inputs
    if gradient.owner is None or type(gradient.owner.op) is not MaxPool2DGrad:
        return None
    convolved, pooled, of_pooled = gradient.owner.inputs
    windows = gradient.owner.op.windows
    size = windows.size
    geometry = _geometry(convolved, size) if windows.plain else None
    if geometry is None or not _is_max_pool(pooled, convolved, size):
        return None
    x, w = convolved.owner.inputs
    of = node.inputs[0]
    if any(getattr(node.op, name) != getattr(convolved.owner.op, name) for name in Convolution.__props__):
        return None
    to_weight = isinstance(node.op, Conv2DGradWeight)
    if of is not (x if to_weight else w) or node.outputs[0].type.shape[1:] != (w if to_weight else x).type.shape[1:]:
        return None
    _, bits = ConvMaxPool(geometry, keep=True).make_node(x, w).outputs
    if to_weight:
        return [GradientToWeight(geometry)(x, bits, of_pooled, w)]
    return [GradientToInput(geometry)(w, bits, of_pooled, x)]


@node_rewriter([Pool2D])
def fuse_pool(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Fuse max-pooling with the convolution before it; if its gradient is fused too, both use one pass over the images.

    Not if a gradient remains that looks for the maxima among the convolved values: those of another pass may differ in
    their last digits, and none would be found.
    """
    (convolved,) = node.inputs
    windows = node.op.windows
    geometry = _geometry(convolved, windows.size) if node.op.mode == "max" and windows.plain else None
    clients = fgraph.clients[convolved]
    compared = MaxPool2DGrad, SumAtMaxima2D
    if geometry is None or any(isinstance(getattr(client, "op", None), compared) for client, _ in clients):
        return None
    inputs = convolved.owner.inputs
    kept = ConvMaxPool(geometry, keep=True)
    for client, _ in fgraph.clients[inputs[0]]:
        if getattr(client, "op", None) == kept and client.inputs == inputs:
            return [client.outputs[0]]
    return ConvMaxPool(geometry, keep=False).make_node(*inputs).outputs


@node_rewriter([Conv2DGradWeight, Conv2DGradInput])
def fuse_plain_gradient(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Replace a gradient of a convolution without pooling: its windows are single positions, always maxima."""
    first, gradient, like = node.inputs
    x, w = (first, like) if isinstance(node.op, Conv2DGradWeight) else (like, first)
    geometry = _sizes(node.op, x, w, (1, 1))
    if geometry is None or gradient.type.shape[1:] != (geometry.filters, *geometry.pooled):
        return None
    if geometry.kh * geometry.kw == 1 or geometry.kw * geometry.maps < geometry.lanes:
        return None  # for such short rows, products of matrices are faster
    if isinstance(node.op, Conv2DGradWeight):
        return [GradientToWeight(geometry)(x, NO_BITS, gradient, w)]
    return [GradientToInput(geometry)(w, NO_BITS, gradient, x)]


@node_rewriter([Conv2D])
def fuse_plain(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Replace a convolution without pooling."""
    x, w = node.inputs
    geometry = _sizes(node.op, x, w, (1, 1))
    return None if geometry is None else ConvMaxPool(geometry, keep=False).make_node(x, w).outputs


def _geometry(convolved: Variable, size: tuple[int, ...]) -> Geometry | None:
    """Return the geometry of max-pooling by `size` over `convolved`; None if that is no convolution of known sizes."""
    if convolved.owner is None or type(convolved.owner.op) is not Conv2D:
        return None
    x, w = convolved.owner.inputs
    return _sizes(convolved.owner.op, x, w, size)


def _sizes(op: Convolution, x: Variable, w: Variable, size: tuple[int, ...]) -> Geometry | None:
    """Return the geometry of a convolution by `op` and pooling by `size`.

    None if a size is unknown or 0, or for what the fused kernels do not support: dilation, groups, and borders whose
    opposite sides differ.
    """
    if op.dilation != (1, 1) or op.groups != 1:
        return None
    if x.type.dtype != w.type.dtype or x.type.dtype not in ("float32", "float64"):
        return None
    if None in (*x.type.shape[1:], *w.type.shape) or size[0] * size[1] > MAX_PLACES:
        return None
    (maps, height, width), (filters, _, kh, kw) = x.type.shape[1:], w.type.shape
    (top, bottom), (left, right) = op.border(x.type.shape, w.type.shape)
    if (top, left) != (bottom, right):
        return None
    (down, across), (rows, columns) = op.stride, size
    geometry = Geometry(
        maps, height, width, filters, kh, kw, (down, across), (top, left), (rows, columns), op.flip, x.type.dtype
    )
    return geometry if w.type.shape[1] == maps and min(maps, filters, *geometry.pooled) > 0 else None


def _is_max_pool(pooled: Variable, convolved: Variable, size: tuple[int, ...]) -> bool:
    node = pooled.owner
    return (
        node is not None
        and type(node.op) is Pool2D
        and (node.op.mode, node.op.windows.size) == ("max", size)
        and node.op.windows.plain
        and node.inputs[0] is convolved
    )


# Before PyTensor's own elementwise fusion; gradients first, while the pooling that they belong to still exists.
optdb.register("network3_fuse_gradient", in2out(fuse_gradient), "network3", position=2.5)
optdb.register("network3_fuse_pool", in2out(fuse_pool), "network3", position=2.51)
optdb.register("network3_fuse_plain_gradient", in2out(fuse_plain_gradient), "network3", position=2.513)
optdb.register("network3_fuse_plain", in2out(fuse_plain), "network3", position=2.516)
optdb.register("network3_merge", MergeOptimizer(), "network3", position=2.52)
