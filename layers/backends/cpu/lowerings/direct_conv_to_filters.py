"""Lowering of the gradient of a convolution to its filters, for sizes at which no patches need to be packed."""

from network3.layers.backends.cpu.kernels.direct_conv_to_filters import (
    direct_conv_to_filters,
    direct_layout,
    sum_direct_chunks,
    sum_parts,
)
from network3.layers.backends.cpu.kernels.patches import extent
from network3.layers.backends.cpu.plan import View

from .conv_sizes import Sizes
from .registry import Lowering


def direct_grad_weight(low: Lowering, s: Sizes | None, x: View, g: View, w: View, flip: bool) -> View | None:
    """Return the gradient to the filters, or None if the kernels do not suit these sizes."""
    if s is None or not s.plain:
        return None
    tall, wide = extent(s.oh, s.kh, s.down, 1), extent(s.ow, s.kw, s.right, 1)
    bordered = s.top > 0 or s.left > 0 or tall > s.height or wide > s.width
    layout = direct_layout(x.dtype, s.images, s.maps, s.filters, s.kh, s.kw, s.oh * s.ow, bordered)
    if layout is None:
        return None
    # Images without a border are read where they are, and the kernel does not use its memory for bordered ones.
    work = low.new(x.dtype, (layout.parts * layout.together * s.maps * tall * wide,)) if bordered else x
    found, dw = low.new(x.dtype, (layout.found,)), low.new(x.dtype, w.shape)
    arguments: list[View | int] = [x, g, found, work, s.images, layout.images, layout.together]
    arguments += [s.maps, s.height, s.width, s.filters, s.oh, s.ow, s.down, s.right, s.top, s.left]
    low.run(direct_conv_to_filters(layout.tile), arguments, layout.parts)
    arguments = [found, dw, layout.chunks, s.maps, s.filters, int(flip)]
    low.run(sum_direct_chunks(x.dtype, s.kh * s.kw, layout.tile.vectors), arguments, sum_parts(layout, s.maps))
    return dw
