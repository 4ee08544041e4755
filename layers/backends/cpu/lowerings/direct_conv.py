"""The gradient of a convolution to its images as sums in registers, where its kernels are the fastest."""

from network3.layers.backends.cpu.kernels.direct_conv_to_images import (
    direct_conv_to_images,
    pack_taps_last,
    to_images_layout,
)
from network3.layers.backends.cpu.plan import View

from .conv_sizes import Sizes
from .registry import Lowering


def to_images(low: Lowering, s: Sizes | None, flip: bool, w: View, g: View, dx: View) -> bool:
    """Compute the gradient to images; return whether the kernels support these sizes."""
    if s is None or not s.plain:
        return False
    taps = s.kh * s.kw
    return _run(low, s, (s.maps * taps, taps, int(flip)), w, g, dx)


def convolve(low: Lowering, s: Sizes | None, flip: bool, w: View, x: View, y: View) -> bool:
    """Convolve at stride 1, as the gradient to images does; return whether the kernels support these sizes."""
    if s is None or not s.plain or (s.down, s.right) != (1, 1):
        return False
    taps = s.kh * s.kw
    return _run(low, s.backward, (taps, s.maps * taps, int(not flip)), w, x, y)


def _run(low: Lowering, s: Sizes, strides: tuple[int, int, int], w: View, g: View, dx: View) -> bool:
    sizes = s.filters, s.oh, s.ow, *s[1:4], *s[5:7], *s[9:13]  # in the order of the kernel's parameters
    layout = to_images_layout(w.dtype, *sizes[:10], s.left)
    if layout is None:
        return False
    packed = low.new(w.dtype, (layout.packed,))
    low.run(pack_taps_last(w.dtype), [w, packed, s.filters, s.maps, s.kh * s.kw, *strides], layout.filter_parts)
    arguments: list[View | int] = [g, packed, dx, layout.strip, layout.strips, *sizes]
    low.run(direct_conv_to_images(w.dtype), arguments, dx.shape[0] * layout.strips)
    return True
