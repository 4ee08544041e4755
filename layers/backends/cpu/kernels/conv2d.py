"""Convolution of any size: a product of the filters and the patches of an image, one panel of positions at a time.

Two kernels for each type: `pack_filters` packs the filters once per step; `conv2d` processes some images per part, in
2 * filters * positions * maps * kh * kw floating-point operations each.
"""

from collections.abc import Callable

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, kernel, scratch

from .moves import fill
from .panels import TERMS, heights, make_height, make_multiply, span_of
from .patches import extent, find_taps, image_length, make_bordered, make_gather, make_segments

PARTS = 32  # maximum; each part needs memory for an image with its border


def images_of_part(images: int) -> int:
    """Return the number of images per part."""
    return max(1, -(-images // PARTS))


def image_parts(images: int) -> int:
    """Return the number of parts for a number of images."""
    return -(-images // images_of_part(images))


def filter_parts(filters: int) -> int:
    """Return the parts of `pack_filters` for each group; packed filters have the same length as the filters."""
    return -(-filters // heights()[0])


def bordered_length(
    dtype: str, maps: int, kh: int, kw: int, oh: int, ow: int, down: int, right: int, tap_down: int, tap_right: int
) -> int:
    """Return the length of an image with its border: each part of `conv2d` needs one."""
    return image_length(dtype, maps, extent(oh, kh, down, tap_down), extent(ow, kw, right, tap_right))


@kernel
def pack_filters(dtype: str) -> Callable[..., None]:
    """Pack filters in blocks for the product; true convolution rotates them by 180 degrees (`flip`, 0 or 1).

    w : (groups, filters, maps, kh, kw), packed : same length. Parts: `filter_parts` for each group.
    """
    tall, height_of = heights()[0], make_height()

    def pack_filters(part, w: Array(dtype), packed: Array(dtype), filters: Int, maps: Int, taps: Int, flip: Int):
        of_filter, each = maps * taps, (filters + tall - 1) // tall
        group, block = part // each, part % each
        first, last = group * filters + block * tall, group * filters + min(filters, (block + 1) * tall)
        while first < last:
            high = height_of(last - first)
            for f in range(high):
                for c in range(maps):
                    source, to = ((first + f) * maps + c) * taps, first * of_filter + c * taps * high + f
                    for k in range(taps):
                        packed[to + k * high] = w[source + (taps - 1 - k if flip != 0 else k)]
            first += high

    return pack_filters


@kernel
def conv2d(dtype: str) -> Callable[..., None]:
    """Convolve each image with all filters.

    x : (images, maps, height, width); packed : from `pack_filters`; y : (images, filters, oh, ow); work :
    (parts, bordered); down, right : strides; top, left : border, whose other sides follow from oh and ow; tap_down,
    tap_right : dilation. `bordered` is `bordered_length`, `each` is `images_of_part`. Parts: `image_parts`.

    With groups, `maps` and `filters` are those of one group, and each group of an image counts as an image: in memory
    its maps are neighbours, and so are its filters.

    Loops: images; positions, one panel at a time; taps, as many as keep their patches in the L1 cache; filters, one
    block at a time; taps, for which the sums of a block stay in registers.
    """
    number, span = np.dtype(dtype).type, span_of(dtype)
    multiply, bordered_image = make_multiply(dtype), make_bordered(dtype)
    segments, gather = make_segments(span), make_gather(dtype, span, span)

    def conv2d(
        part, x: Array(dtype), packed: Array(dtype), y: Array(dtype), work: Array(dtype), images: Int, each: Int,
        bordered: Int, maps: Int, height: Int, width: Int, filters: Int, kh: Int, kw: Int, oh: Int, ow: Int,
        down: Int, right: Int, top: Int, left: Int, tap_down: Int, tap_right: Int, groups: Int,
    ):  # fmt: skip
        panel, table, bases = scratch(TERMS * span + span, dtype), scratch(3 * span, "int64"), scratch(TERMS, "int64")
        tall, wide = extent(oh, kh, down, tap_down), extent(ow, kw, right, tap_right)
        at, positions, taps = part * bordered, oh * ow, maps * kh * kw
        fill(work, at, bordered, number(0))
        for image in range(part * each, min(images, (part + 1) * each)):
            to, group = image * filters * positions, image % groups * filters * taps
            bordered_image(work, at, x, image * maps * height * width, maps, height, width, tall, wide, top, left)
            for first in range(0, positions, span):
                columns = min(span, positions - first)
                found = segments(table, first, columns, ow, down * wide, right)
                for start in range(0, max(taps, 1), TERMS):
                    terms = min(TERMS, taps - start)
                    find_taps(bases, at, start, terms, kh, kw, tall, wide, tap_down, tap_right)
                    gather(panel, work, bases, terms, table, found, right)
                    here, fresh = to + first, start == 0
                    multiply(packed, group, filters, taps, start, panel, 0, terms, y, here, positions, columns, fresh)

    return conv2d
