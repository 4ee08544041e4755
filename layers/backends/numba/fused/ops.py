"""Convolution with max-pooling as Ops of the Numba back end, which its rewrites put in the place of the plain ones.

``perform`` is NumPy's truth, for tests; programs reach these Ops compiled only.
"""

import numpy as np
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key
from pytensor.tensor.type import TensorType

from .. import kernel as kernel_module
from ..kernel import kernel
from ..version import source_version
from . import backward, forward, geometry, simd
from .geometry import Geometry, planes_of

MODULES = (kernel_module, backward, forward, geometry, simd)
VERSION = source_version(__file__, *(str(module.__file__) for module in MODULES))


class _Fused(Op):
    """What the Ops share: their geometry, of which they and the kernels are made."""

    __props__: tuple[str, ...] = ("geometry",)

    def __init__(self, geometry: Geometry):
        self.geometry = geometry

    def _vector(self):
        return TensorType(self.geometry.dtype, shape=(None,))()

    def _tensor(self, *shape, dtype=None):
        return TensorType(dtype or self.geometry.dtype, shape=shape)()


class ConvMaxPool(_Fused):
    """The pooled maps; with `keep` also the bits of the winners, and the planes of the images, for the gradients."""

    __props__ = ("geometry", "keep")

    def __init__(self, geometry: Geometry, keep: bool):
        super().__init__(geometry)
        self.keep = keep

    def make_node(self, x, w):
        shape = (x.type.shape[0], self.geometry.filters, *self.geometry.pooled)
        kept = [self._tensor(*shape, dtype="int32"), self._vector()] if self.keep else []
        return Apply(self, [x, w], [self._tensor(*shape), *kept])

    def perform(self, node, inputs, output_storage):
        x, w = inputs
        g = self.geometry
        planes = planes_of(g, x)
        taps = w[:, :, ::-1, ::-1] if g.flip else w
        sums = np.zeros((len(g.places), len(x), g.filters, g.windows), x.dtype)
        for f, (i, j, plane) in _meetings(g, planes):
            sums[f] += np.einsum("oc,ncq->noq", taps[:, :, i, j], plane)
        best = sums.max(0)
        bits = sum((values == best) * (1 << f) for f, values in enumerate(sums))
        shape = (len(x), g.filters, *g.pooled)
        found = [best.reshape(shape), np.asarray(bits, np.int32).reshape(shape), planes.reshape(-1)]
        for storage, value in zip(output_storage, found, strict=False):
            storage[0] = value


class SpreadGradient(_Fused):
    """The gradient of the pooled maps at every place that won, 0 elsewhere; flat of (n, filters, places, padded)."""

    def make_node(self, bits, gradient):
        return Apply(self, [bits, gradient], [self._vector()])

    def perform(self, node, inputs, output_storage):
        bits, gradient = (value.reshape(-1, self.geometry.filters, self.geometry.windows) for value in inputs)
        g = self.geometry
        spread = np.zeros((*bits.shape[:2], len(g.places), g.padded), gradient.dtype)
        for f in range(len(g.places)):
            spread[:, :, f, : g.windows] = np.where(bits & (1 << f), gradient, 0)
        output_storage[0][0] = spread.reshape(-1)


class GradientToWeight(_Fused):
    """The gradient to the filters, from planes and spread; w gives its shape."""

    def make_node(self, planes, spread, w):
        return Apply(self, [planes, spread, w], [w.type()])

    def perform(self, node, inputs, output_storage):
        planes, spread, w = inputs
        g = self.geometry
        planes = planes.reshape(-1, g.maps, *g.reach, g.padded)
        spread = spread.reshape(-1, g.filters, len(g.places), g.padded)[..., : g.windows]
        dw = np.zeros(w.shape, w.dtype)
        for f, (i, j, plane) in _meetings(g, planes):
            dw[:, :, i, j] += np.einsum("noq,ncq->oc", spread[:, :, f], plane)
        output_storage[0][0] = np.ascontiguousarray(dw[:, :, ::-1, ::-1]) if g.flip else dw


class GradientToInput(_Fused):
    """The gradient to the images, from filters and spread; x gives its shape."""

    def make_node(self, w, spread, x):
        return Apply(self, [w, spread, x], [x.type()])

    def perform(self, node, inputs, output_storage):
        w, spread, x = inputs
        g = self.geometry
        spread = spread.reshape(-1, g.filters, len(g.places), g.padded)[..., : g.windows]
        taps = w[:, :, ::-1, ::-1] if g.flip else w
        bordered = np.zeros((*x.shape[:2], *(n + 2 * pad for n, pad in zip(x.shape[2:], g.pad, strict=True))), x.dtype)
        (ph, pw), (down, right) = g.pooled, g.step
        for f, (a, b) in enumerate(g.places):
            for i in range(g.kh):
                for j in range(g.kw):
                    r, s = g.stride[0] * a + i, g.stride[1] * b + j
                    part = bordered[:, :, r : r + down * (ph - 1) + 1 : down, s : s + right * (pw - 1) + 1 : right]
                    part += np.einsum("noq,oc->ncq", spread[:, :, f], taps[:, :, i, j]).reshape(part.shape)
        output_storage[0][0] = bordered[:, :, g.pad[0] : g.pad[0] + g.height, g.pad[1] : g.pad[1] + g.width].copy()


def _meetings(g: Geometry, planes):
    """Yield (place, (tap row, tap column, the plane that they meet in, of shape (n, maps, windows)))."""
    for f, (a, b) in enumerate(g.places):
        for i in range(g.kh):
            for j in range(g.kw):
                yield f, (i, j, planes[:, :, g.stride[0] * a + i, g.stride[1] * b + j, : g.windows])


@register_funcify_default_op_cache_key(ConvMaxPool)
def numba_conv_max_pool(op, node, **kwargs):
    run = forward.make_forward(op.geometry)
    if op.keep:

        @kernel
        def conv_max_pool(x, w):
            return run(x, w, True)

    else:

        @kernel
        def conv_max_pool(x, w):
            return run(x, w, False)[0]

    return conv_max_pool, VERSION


@register_funcify_default_op_cache_key(SpreadGradient)
def numba_spread_gradient(op, node, **kwargs):
    return backward.make_spread(op.geometry), VERSION


@register_funcify_default_op_cache_key(GradientToWeight)
def numba_gradient_to_weight(op, node, **kwargs):
    return backward.make_gradient_to_weight(op.geometry), VERSION


@register_funcify_default_op_cache_key(GradientToInput)
def numba_gradient_to_input(op, node, **kwargs):
    run = backward.make_gradient_to_input(op.geometry)

    @kernel
    def gradient_to_input(w, spread, x):
        return run(w, spread)

    return gradient_to_input, VERSION
