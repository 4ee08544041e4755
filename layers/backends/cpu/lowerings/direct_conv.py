"""The gradient of a convolution to its images as sums in registers, where its kernels are the fastest."""

from typing import NamedTuple

from network3.layers.backends.cpu.kernels.direct_conv_to_images import (
    direct_conv_to_images,
    pack_taps_last,
    to_images_layout,
)
from network3.layers.backends.cpu.kernels.geometry import Geometry
from network3.layers.backends.cpu.plan import View

from .registry import Lowering


class Sizes(NamedTuple):
    """The sizes of a convolution without groups and dilation, in the order of the kernel's parameters."""

    filters: int
    oh: int
    ow: int
    maps: int
    height: int
    width: int
    kh: int
    kw: int
    down: int
    right: int
    top: int
    left: int

    @classmethod
    def of(cls, g: Geometry) -> "Sizes | None":
        """Return the sizes of a geometry; None with pooling."""
        if g.size != (1, 1):
            return None
        return cls(g.filters, *g.pooled, g.maps, g.height, g.width, g.kh, g.kw, *g.stride, *g.pad)


def to_images(low: Lowering, s: Sizes | None, flip: bool, w: View, g: View, dx: View) -> bool:
    """Compute the gradient to images; return whether the kernels support these sizes."""
    if s is None:
        return False
    taps = s.kh * s.kw
    return _run(low, s, (s.maps * taps, taps, int(flip)), w, g, dx)


def convolve(low: Lowering, s: Sizes | None, flip: bool, w: View, x: View, y: View) -> bool:
    """Convolve at stride 1, as the gradient to images does; return whether the kernels support these sizes."""
    if s is None or (s.down, s.right) != (1, 1):
        return False
    taps, border = s.kh * s.kw, (s.kh - 1 - s.top, s.kw - 1 - s.left)
    back = Sizes(s.maps, s.height, s.width, s.filters, s.oh, s.ow, s.kh, s.kw, 1, 1, *border)
    return _run(low, back, (taps, s.maps * taps, int(not flip)), w, x, y)


def _run(low: Lowering, s: Sizes, strides: tuple[int, int, int], w: View, g: View, dx: View) -> bool:
    layout = to_images_layout(w.dtype, *s[:10], s.left)
    if layout is None:
        return False
    packed = low.new(w.dtype, (layout.packed,))
    low.run(pack_taps_last(w.dtype), [w, packed, s.filters, s.maps, s.kh * s.kw, *strides], layout.filter_parts)
    arguments: list[View | int] = [g, packed, dx, layout.strip, layout.strips, *s]
    low.run(direct_conv_to_images(w.dtype), arguments, dx.shape[0] * layout.strips)
    return True
