"""Lowerings of convolution fused with max-pooling, and of its gradients."""

from pytensor.graph.basic import Apply

from network3.layers.backends.cpu.kernels.conv_max_pool import conv_max_pool, forward_layout, pack_taps
from network3.layers.backends.cpu.kernels.gradient_to_input import gradient_to_input, input_layout, pack_rows
from network3.layers.backends.cpu.kernels.gradient_to_weight import gradient_to_weight, lay_out_images, weight_layout
from network3.layers.backends.cpu.ops import ConvMaxPool, GradientToInput, GradientToWeight
from network3.layers.backends.cpu.plan import View

from . import direct_conv, winograd
from .conv_sizes import Sizes
from .direct_conv_to_filters import direct_grad_weight
from .elementwise import contiguous
from .registry import Lowering, lowers


@lowers(ConvMaxPool)
def lower_conv_max_pool(low: Lowering, node: Apply, x: View, w: View) -> list[View]:
    """Convolve and pool in one pass; the filters are packed first."""
    g = node.op.geometry
    x, w, layout, images = contiguous(low, x), contiguous(low, w), forward_layout(g), x.shape[0]
    pooled, bits = (low.new(dtype, (images, g.filters, *g.pooled)) for dtype in (g.dtype, "int32"))
    if winograd.suits(g):
        winograd.convolve(low, g, x, w, pooled, bits)
        return [pooled, bits][: len(node.outputs)]
    if len(node.outputs) == 1 and direct_conv.convolve(low, Sizes.of(images, g), g.flip, w, x, pooled):
        return [pooled]
    packed = low.new(g.dtype, (layout.packed,))
    sizes = [g.maps, g.kh, g.kw]
    low.run(pack_taps(g.dtype, g.flip), [w, packed, g.filters, *sizes, layout.share], layout.shares)
    low.run(conv_max_pool(g), [x, packed, *sizes, pooled, bits], images)
    return [pooled, bits][: len(node.outputs)]


@lowers(GradientToWeight)
def lower_gradient_to_weight(low: Lowering, node: Apply, x: View, bits: View, gradient: View, w: View) -> View:
    """Sum, for each filter, the patches at the maxima of its windows."""
    g = node.op.geometry
    x, bits, gradient = (contiguous(low, v) for v in (x, bits, gradient))
    dw = winograd.to_filters(low, g, x, bits, gradient, w)
    if dw is not None:
        return dw
    if (direct := direct_grad_weight(low, Sizes.of(x.shape[0], g), x, gradient, w, g.flip)) is not None:
        return direct
    layout, n = weight_layout(g), x.shape[0]
    images, seen = low.new(g.dtype, (n * layout.image,)), low.new("int64", (n * (g.windows + 1),))
    count, dw = low.new("int64", (n,)), low.new(g.dtype, w.shape)
    low.run(lay_out_images(g), [x, images, seen, count], n)
    low.run(gradient_to_weight(g), [images, seen, count, bits, gradient, dw, n], layout.parts)
    return dw


@lowers(GradientToInput)
def lower_gradient_to_input(low: Lowering, node: Apply, w: View, bits: View, gradient: View, x: View) -> View:
    """Add the filter of each maximum to the patch that it covers."""
    g = node.op.geometry
    w, bits, gradient = (contiguous(low, v) for v in (w, bits, gradient))
    layout, dx = input_layout(g), low.new(g.dtype, x.shape)
    if winograd.suits(g):
        winograd.convolve_back(low, g, w, bits, gradient, dx)
        return dx
    if direct_conv.to_images(low, Sizes.of(x.shape[0], g), g.flip, w, gradient, dx):
        return dx
    packed = low.new(g.dtype, (layout.packed,))
    low.run(pack_rows(g.dtype, g.flip), [w, packed, g.maps, g.kh, g.kw, layout.row], g.filters)
    low.run(gradient_to_input(g), [packed, bits, gradient, dx], x.shape[0])
    return dx
