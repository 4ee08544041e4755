"""Lowerings of convolutions of any size that are not fused with pooling, and of their gradients."""

from typing import NamedTuple

from pytensor.graph.basic import Apply

from network3.layers.backends.cpu.kernels import conv2d as forward
from network3.layers.backends.cpu.kernels import conv2d_to_filters as to_filters
from network3.layers.backends.cpu.kernels import conv2d_to_images as to_images
from network3.layers.backends.cpu.kernels.patches import extent
from network3.layers.backends.cpu.plan import View
from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight, Convolution
from network3.layers.ops.conv_shapes import border

from .elementwise import contiguous
from .registry import Lowering, lowers


class _Sizes(NamedTuple):
    """The sizes of a convolution, in the order of the kernels' parameters."""

    images: int
    maps: int
    height: int
    width: int
    filters: int
    kh: int
    kw: int
    oh: int
    ow: int
    down: int
    right: int
    top: int
    left: int

    @property
    def bordered(self) -> tuple[int, int, int, int, int, int, int]:
        """The sizes that determine the length of an image with its border."""
        return self.maps, self.kh, self.kw, self.oh, self.ow, self.down, self.right


def _sizes(op: Convolution, x: View, w: View) -> _Sizes:
    _, _, oh, ow = op.fitting_output_shape(x.shape, w.shape)
    (images, maps, height, width), (filters, _, kh, kw) = x.shape, w.shape
    (down, right), (top, left) = op.stride, border(op.padding, (kh, kw))
    return _Sizes(images, maps, height, width, filters, kh, kw, oh, ow, down, right, top, left)


@lowers(Conv2D)
def lower_conv2d(low: Lowering, node: Apply, x: View, w: View) -> View:
    """Convolve each image with all filters, which are packed first."""
    s, x, w = _sizes(node.op, x, w), contiguous(low, x), contiguous(low, w)
    y, packed = low.new(x.dtype, (s.images, s.filters, s.oh, s.ow)), low.new(x.dtype, (w.size,))
    flip, parts = int(node.op.flip), forward.image_parts(s.images)
    bordered = forward.bordered_length(x.dtype, *s.bordered)
    work, each = low.new(x.dtype, (parts * bordered,)), forward.images_of_part(s.images)
    arguments: list[View | int] = [w, packed, s.filters, s.maps, s.kh * s.kw, flip]
    low.run(forward.pack_filters(x.dtype), arguments, forward.filter_parts(s.filters))
    low.run(forward.conv2d(x.dtype), [x, packed, y, work, s.images, each, bordered, *s[1:]], parts)
    return y


@lowers(Conv2DGradInput)
def lower_grad_input(low: Lowering, node: Apply, w: View, g: View, x: View) -> View:
    """Add the filters of each position, times its gradient, to the patch that it covers."""
    s, w, g = _sizes(node.op, x, w), contiguous(low, w), contiguous(low, g)
    dx, packed = low.new(w.dtype, x.shape), low.new(w.dtype, (w.size,))
    flip, parts = int(node.op.flip), forward.image_parts(s.images)
    bordered = forward.bordered_length(w.dtype, *s.bordered)
    work, each = low.new(w.dtype, (parts * bordered,)), forward.images_of_part(s.images)
    arguments: list[View | int] = [w, packed, s.filters, s.maps, s.kh * s.kw, flip]
    low.run(to_images.pack_filter_taps(w.dtype), arguments, to_images.tap_parts(s.maps * s.kh * s.kw))
    low.run(to_images.conv2d_to_images(w.dtype), [packed, g, dx, work, s.images, each, bordered, *s[1:]], parts)
    return dx


@lowers(Conv2DGradWeight)
def lower_grad_weight(low: Lowering, node: Apply, x: View, g: View, w: View) -> View:
    """Sum the products of gradients and patches for each group of images, then over the groups."""
    s, x, g = _sizes(node.op, x, w), contiguous(low, x), contiguous(low, g)
    bordered, taps = forward.bordered_length(x.dtype, *s.bordered), s.maps * s.kh * s.kw
    tall, wide = extent(s.oh, s.kh, s.down), extent(s.ow, s.kw, s.right)
    layout = to_filters.to_filters_layout(x.dtype, s.images, s.filters, taps)
    work, found = low.new(x.dtype, (s.images * bordered,)), low.new(x.dtype, (layout.found,))
    dw = low.new(x.dtype, w.shape)
    arguments: list[View | int] = [x, work, bordered, *s[1:4], tall, wide, s.top, s.left]
    low.run(to_filters.add_borders(x.dtype), arguments, s.images)
    arguments = [work, g, found, s.images, layout.images, bordered, s.maps, *s[4:11]]
    low.run(to_filters.conv2d_to_filters(x.dtype), arguments, layout.parts)
    arguments = [found, dw, layout.groups, s.filters, s.maps, s.kh * s.kw, int(node.op.flip)]
    low.run(to_filters.sum_groups(x.dtype), arguments, s.filters)
    return dw
