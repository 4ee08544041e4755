"""The gradient of a convolution of any size to its images: filters times the output's gradient, added to the patches.

Two kernels for each type: `pack_filter_taps` packs the filters once per step; `conv2d_to_images` processes some images
per part, in 2 * filters * positions * maps * kh * kw floating-point operations each.
"""

from collections.abc import Callable

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, kernel, scratch
from network3.layers.backends.cpu.processor import lanes_of

from .moves import fill
from .panels import TERMS, make_height, make_sums, span_of
from .patches import extent, find_taps, make_scatter, make_segments

TAPS = 96  # number of taps whose patches fit into the L1 cache together; a multiple of the largest block


def tap_parts(taps: int) -> int:
    """Return the parts of `pack_filter_taps` for each group; packed filters have the same length as the filters."""
    return -(-taps // TAPS)


@kernel
def pack_filter_taps(dtype: str) -> Callable[..., None]:
    """Pack filters in blocks of taps for the product; `flip`, 0 or 1, as for `pack_filters`.

    w : (groups, filters, maps, kh, kw), packed : same length. Parts: `tap_parts` for each group.
    """
    height_of = make_height()

    def pack_filter_taps(part, w: Array(dtype), packed: Array(dtype), filters: Int, maps: Int, taps: Int, flip: Int):
        of_filter = maps * taps
        each = (of_filter + TAPS - 1) // TAPS
        group, block = part // each * filters * of_filter, part % each
        first, last = block * TAPS, min(of_filter, (block + 1) * TAPS)
        while first < last:
            high = height_of(last - first)
            for r in range(high):
                c, k = (first + r) // taps, (first + r) % taps
                source, to = group + c * taps + (taps - 1 - k if flip != 0 else k), group + first * filters + r
                for f in range(filters):
                    packed[to + f * high] = w[source + f * of_filter]
            first += high

    return pack_filter_taps


@kernel
def conv2d_to_images(dtype: str) -> Callable[..., None]:
    """Compute the gradient to each image.

    packed : from `pack_filter_taps`; g : (images, filters, oh, ow); dx : (images, maps, height, width); the rest as for
    `conv2d.conv2d`. Parts: `conv2d.image_parts`.

    Loops: images; positions, one panel at a time; taps, as many as keep their patches in the L1 cache; filters, some at
    a time; taps, one block at a time; filters, for which the sums of a block stay in registers.
    """
    number, lanes, span = np.dtype(dtype).type, lanes_of(dtype), span_of(dtype)
    sums, segments, scatter = make_sums(dtype), make_segments(span), make_scatter(dtype, span, span)
    row = Tile(dtype, lanes, (0,), tuple(range(0, span, lanes)))
    copy_inner = make_copy_inner(dtype)

    def conv2d_to_images(
        part, packed: Array(dtype), g: Array(dtype), dx: Array(dtype), work: Array(dtype), images: Int, each: Int,
        bordered: Int, maps: Int, height: Int, width: Int, filters: Int, kh: Int, kw: Int, oh: Int, ow: Int,
        down: Int, right: Int, top: Int, left: Int, tap_down: Int, tap_right: Int, groups: Int,
    ):  # fmt: skip
        panel, patches = scratch(TERMS * span, dtype), scratch(TAPS * span, dtype)
        table, bases = scratch(3 * span, "int64"), scratch(TAPS, "int64")
        tall, wide = extent(oh, kh, down, tap_down), extent(ow, kw, right, tap_right)
        at, positions, taps = part * bordered, oh * ow, maps * kh * kw
        for image in range(part * each, min(images, (part + 1) * each)):
            group = image % groups * filters * taps
            fill(work, at, bordered, number(0))
            for first in range(0, positions, span):
                columns = min(span, positions - first)
                found = segments(table, first, columns, ow, down * wide, right)
                for tap in range(0, taps, TAPS):
                    rows = min(TAPS, taps - tap)
                    find_taps(bases, at, tap, rows, kh, kw, tall, wide, tap_down, tap_right)
                    for start in range(0, filters, TERMS):
                        terms = min(TERMS, filters - start)
                        source = (image * filters + start) * positions + first
                        for k in range(terms):
                            if columns == span:
                                row.store(row.load(g, source + k * positions), panel, k * span, 0)
                            else:
                                for z in range(columns):
                                    panel[k * span + z] = g[source + k * positions + z]
                        done = 0
                        while done < rows:
                            i = group + (tap + done) * filters
                            done += sums(packed, i, rows - done, start, panel, 0, terms, patches, done * span)
                        scatter(patches, work, bases, rows, table, found, right)
            copy_inner(dx, image * maps * height * width, work, at, maps, height, width, tall, wide, top, left)

    return conv2d_to_images


def make_copy_inner(dtype: str) -> Callable[..., None]:
    """Return ``copy_inner(dx, i, work, at, maps, height, width, tall, wide, top, left)``: removes the border."""
    number = np.dtype(dtype).type

    def copy_inner(dx, i, work, at, maps, height, width, tall, wide, top, left):
        rows, columns = max(0, min(height, tall - top)), max(0, min(width, wide - left))
        for c in range(maps):
            for y in range(height):
                to, source = i + (c * height + y) * width, at + (c * tall + y + top) * wide + left
                inside = columns if y < rows else 0
                for z in range(inside):
                    dx[to + z] = work[source + z]
                fill(dx, to + inside, width - inside, number(0))

    return copy_inner
