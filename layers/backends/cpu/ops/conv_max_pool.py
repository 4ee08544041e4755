"""Convolution with max-pooling in one pass, and its gradients, which use the positions of the maxima.

The positions of a window that have its largest value are stored as bits; the gradients need no other data.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op, OutputStorageType
from pytensor.tensor.type import TensorType

from network3.layers.backends.cpu.kernels.geometry import Geometry, planes_of
from network3.layers.ops.base import TensorOp
from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from network3.layers.ops.pool import Pool2D
from network3.layers.ops.pool_maxima import MaxPool2DGrad


class _Fused(Op):
    """Base class of the Ops: their geometry, which also determines the kernels."""

    __props__: tuple[str, ...] = ("geometry",)

    def __init__(self, geometry: Geometry):
        self.geometry = geometry

    def convolution(self, kind: Callable[..., TensorOp]) -> TensorOp:
        """Return a plain Op of this geometry."""
        return kind(self.geometry.stride, self.geometry.pad, self.geometry.flip)

    def convolved_gradient(self, x: Variable, w: Variable, gradient: Variable) -> Variable:
        """Return the gradient to the convolved maps, from that to the pooled ones."""
        if self.geometry.size == (1, 1):
            return gradient
        convolved = self.convolution(Conv2D)(x, w)
        return MaxPool2DGrad(self.geometry.size)(convolved, Pool2D(self.geometry.size)(convolved), gradient)


class ConvMaxPool(_Fused):
    """The pooled maps; with `keep` also the bits of the maxima, int32, bit f for the f-th position in a window."""

    __props__ = ("geometry", "keep")

    def __init__(self, geometry: Geometry, keep: bool):
        super().__init__(geometry)
        self.keep = keep

    def make_node(self, *inputs: Variable) -> Apply:
        x, w = inputs
        shape = (x.type.shape[0], self.geometry.filters, *self.geometry.pooled)
        kinds = (self.geometry.dtype, "int32")[: 1 + self.keep]
        return Apply(self, [x, w], [TensorType(kind, shape=shape)() for kind in kinds])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        x, w = inputs
        g = self.geometry
        taps = w[:, :, ::-1, ::-1] if g.flip else w
        sums = np.zeros((len(g.places), len(x), g.filters, g.windows), x.dtype)
        for f, i, j, plane in _contributions(g, planes_of(g, x)):
            sums[f] += np.einsum("oc,ncq->noq", taps[:, :, i, j], plane)
        best = sums.max(0)
        bits = np.sum([(values == best) * (1 << f) for f, values in enumerate(sums)], axis=0, dtype=np.int32)
        for storage, value in zip(output_storage, (best, bits), strict=False):
            storage[0] = value.reshape(len(x), g.filters, *g.pooled)

    def expand(self, node: Apply) -> list[Variable]:
        """Return the same with plain Ops; the bits are zeros, since expanded gradients do not use them."""
        convolved = self.convolution(Conv2D)(*node.inputs)
        pooled = convolved if self.geometry.size == (1, 1) else Pool2D(self.geometry.size)(convolved)
        return [pooled, pt.zeros_like(pooled, dtype="int32")][: len(node.outputs)]


class GradientToWeight(_Fused, TensorOp):
    """The gradient to the filters, from images, bits, and the gradient to the pooled maps; w gives its shape."""

    def make_node(self, *inputs: Variable) -> Apply:
        return Apply(self, list(inputs), [inputs[3].type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        x, bits, gradient, w = inputs
        g = self.geometry
        dw = np.zeros(w.shape, w.dtype)
        for f, i, j, plane in _contributions(g, planes_of(g, x)):
            dw[:, :, i, j] += np.einsum("noq,ncq->oc", _received(g, bits, gradient, f), plane)
        output_storage[0][0] = np.ascontiguousarray(dw[:, :, ::-1, ::-1]) if g.flip else dw

    def expand(self, node: Apply) -> list[Variable]:
        """Return the same with plain Ops."""
        x, _, gradient, w = node.inputs
        return [self.convolution(Conv2DGradWeight)(x, self.convolved_gradient(x, w, gradient), w)]


class GradientToInput(_Fused, TensorOp):
    """The gradient to the images, from filters, bits, and the gradient to the pooled maps; x gives its shape."""

    def make_node(self, *inputs: Variable) -> Apply:
        return Apply(self, list(inputs), [inputs[3].type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: OutputStorageType) -> None:
        w, bits, gradient, x = inputs
        g = self.geometry
        taps = w[:, :, ::-1, ::-1] if g.flip else w
        bordered = np.zeros((*x.shape[:2], *(n + 2 * pad for n, pad in zip(x.shape[2:], g.pad, strict=True))), x.dtype)
        (ph, pw), (down, right) = g.pooled, g.step
        for f, (a, b) in enumerate(g.places):
            received = _received(g, bits, gradient, f)
            for i in range(g.kh):
                for j in range(g.kw):
                    r, s = g.stride[0] * a + i, g.stride[1] * b + j
                    part = bordered[:, :, r : r + down * (ph - 1) + 1 : down, s : s + right * (pw - 1) + 1 : right]
                    part += np.einsum("noq,oc->ncq", received, taps[:, :, i, j]).reshape(part.shape)
        output_storage[0][0] = bordered[:, :, g.pad[0] : g.pad[0] + g.height, g.pad[1] : g.pad[1] + g.width].copy()

    def expand(self, node: Apply) -> list[Variable]:
        """Return the same with plain Ops."""
        w, _, gradient, x = node.inputs
        return [self.convolution(Conv2DGradInput)(w, self.convolved_gradient(x, w, gradient), x)]


def _contributions(g: Geometry, planes: np.ndarray) -> Iterator[tuple[int, int, int, np.ndarray]]:
    """Yield (position in the window, tap row, tap column, the plane that they read, of shape (n, maps, windows))."""
    for f, (a, b) in enumerate(g.places):
        for i in range(g.kh):
            for j in range(g.kw):
                yield f, i, j, planes[:, :, g.stride[0] * a + i, g.stride[1] * b + j, : g.windows]


def _received(g: Geometry, bits: np.ndarray, gradient: np.ndarray, f: int) -> np.ndarray:
    """Return the gradient of position f of each window, (n, filters, windows): 0 where it is not a maximum."""
    return np.where(bits & (1 << f) if len(g.places) > 1 else True, gradient, 0).reshape(-1, g.filters, g.windows)
