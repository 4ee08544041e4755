"""Lowerings of convolutions of any size that are not fused with pooling, and of their gradients."""

from typing import TypeAlias

from pytensor.graph.basic import Apply

from network3.layers.backends.cpu.kernels import conv2d as forward
from network3.layers.backends.cpu.kernels import conv2d_to_filters as to_filters
from network3.layers.backends.cpu.kernels import conv2d_to_images as to_images
from network3.layers.backends.cpu.kernels.patches import extent
from network3.layers.backends.cpu.plan import View
from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from network3.layers.ops.conv_transpose import Conv2DTranspose
from network3.layers.ops.convolution import Convolution

from . import direct_conv
from .conv_sizes import Sizes
from .direct_conv_to_filters import direct_grad_weight
from .elementwise import contiguous
from .registry import Lowering, lowers

Shape: TypeAlias = tuple[int, ...]


def _sizes(op: Convolution, x_shape: Shape, w: View) -> Sizes:
    _, _, oh, ow = op.fitting_output_shape(x_shape, w.shape)
    (images, _, height, width), (filters, maps, kh, kw), groups = x_shape, w.shape, op.groups
    (top, _), (left, _) = op.border(x_shape, w.shape)
    output = oh, ow, *op.stride, top, left, *op.dilation, groups
    return Sizes(images * groups, maps, height, width, filters // groups, kh, kw, *output)


@lowers(Conv2D)
def lower_conv2d(low: Lowering, node: Apply, x: View, w: View) -> View:
    """Convolve each image with all filters, which are packed first."""
    s, x, w = _sizes(node.op, x.shape, w), contiguous(low, x), contiguous(low, w)
    y, packed = low.new(x.dtype, (x.shape[0], w.shape[0], s.oh, s.ow)), low.new(x.dtype, (w.size,))
    flip, parts = int(node.op.flip), forward.image_parts(s.images)
    bordered = forward.bordered_length(x.dtype, *s.bordered)
    work, each = low.new(x.dtype, (parts * bordered,)), forward.images_of_part(s.images)
    arguments: list[View | int] = [w, packed, s.filters, s.maps, s.kh * s.kw, flip]
    low.run(forward.pack_filters(x.dtype), arguments, s.groups * forward.filter_parts(s.filters))
    low.run(forward.conv2d(x.dtype), [x, packed, y, work, s.images, each, bordered, *s[1:]], parts)
    return y


@lowers(Conv2DGradInput)
def lower_grad_input(low: Lowering, node: Apply, w: View, g: View, x: View) -> View:
    """Compute the gradient to images of the shape of `x`."""
    return _to_images(low, node.op, w, g, x.shape)


@lowers(Conv2DTranspose)
def lower_transpose(low: Lowering, node: Apply, w: View, g: View) -> View:
    """Compute a gradient to images whose shape follows from the others."""
    return _to_images(low, node.op, w, g, node.op.fitting_images_shape(w.shape, g.shape))


def _to_images(low: Lowering, op: Convolution, w: View, g: View, shape: Shape) -> View:
    """Add the filters of each position, times its gradient, to the patch that it covers."""
    s, w, g = _sizes(op, shape, w), contiguous(low, w), contiguous(low, g)
    dx = low.new(w.dtype, shape)
    if direct_conv.to_images(low, s, op.flip, w, g, dx):
        return dx
    packed = low.new(w.dtype, (w.size,))
    parts, bordered = forward.image_parts(s.images), forward.bordered_length(w.dtype, *s.bordered)
    work, each = low.new(w.dtype, (parts * bordered,)), forward.images_of_part(s.images)
    arguments: list[View | int] = [w, packed, s.filters, s.maps, s.kh * s.kw, int(op.flip)]
    low.run(to_images.pack_filter_taps(w.dtype), arguments, s.groups * to_images.tap_parts(s.maps * s.kh * s.kw))
    low.run(to_images.conv2d_to_images(w.dtype), [packed, g, dx, work, s.images, each, bordered, *s[1:]], parts)
    return dx


@lowers(Conv2DGradWeight)
def lower_grad_weight(low: Lowering, node: Apply, x: View, g: View, w: View) -> View:
    """Sum the products of gradients and patches for each chunk of images, then over the chunks."""
    s, x, g = _sizes(node.op, x.shape, w), contiguous(low, x), contiguous(low, g)
    if (direct := direct_grad_weight(low, s, x, g, w, node.op.flip)) is not None:
        return direct
    bordered, images = forward.bordered_length(x.dtype, *s.bordered), x.shape[0]
    tall, wide = extent(s.oh, s.kh, s.down, s.tap_down), extent(s.ow, s.kw, s.right, s.tap_right)
    layout = to_filters.to_filters_layout(x.dtype, images, s.filters, s.maps * s.kh * s.kw, s.groups)
    work, found = low.new(x.dtype, (s.images * bordered,)), low.new(x.dtype, (layout.found,))
    dw = low.new(x.dtype, w.shape)
    arguments: list[View | int] = [x, work, bordered, *s[1:4], tall, wide, s.top, s.left]
    low.run(to_filters.add_borders(x.dtype), arguments, s.images)
    arguments = [work, g, found, images, layout.images, bordered, s.maps, *s[4:11], *s[13:]]
    low.run(to_filters.conv2d_to_filters(x.dtype), arguments, layout.parts)
    arguments = [found, dw, layout.chunks, s.filters, s.maps, s.kh * s.kw, int(node.op.flip)]
    low.run(to_filters.sum_chunks(x.dtype), arguments, s.groups * s.filters)
    return dw
