"""The gradient of a convolution of any size to its filters: the output's gradient times the patches of the images.

Kernels for each type: `add_borders` processes one image per part; `conv2d_to_filters` some taps and some images per
part, in 2 * filters * positions * maps * kh * kw floating-point operations per image; `sum_groups` sums the results
of the groups of images.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, kernel, scratch
from network3.layers.backends.cpu.processor import lanes_of

from .moves import fill
from .panels import make_multiply, span_of
from .patches import FEW, make_bordered, max_together

FILTERS = 48  # number of filters whose gradients are packed together
POSITIONS = 64  # number of positions in a partial sum, with their operands in the L1 cache
PARTS = 16  # minimum number, reached by grouping images if there are few panels of taps


@dataclass(frozen=True)
class ToFiltersLayout:
    """How the work is divided.

    Attributes
    ----------
    panels : int
        Panels of taps.
    images, groups : int
        Images per group, and number of groups.
    parts : int
        Parts of `conv2d_to_filters`: panels times groups.
    found : int
        Length of the result of `conv2d_to_filters`.
    """

    panels: int
    images: int
    groups: int
    parts: int
    found: int


def to_filters_layout(dtype: str, images: int, filters: int, taps: int) -> ToFiltersLayout:
    """Return the layout for filters of `taps` taps in all maps."""
    span = span_of(dtype)
    panels = -(-taps // span)
    of_group = max(1, -(-images // max(1, PARTS // panels)))
    groups = max(1, -(-images // of_group))
    return ToFiltersLayout(panels, of_group, groups, panels * groups, groups * panels * filters * span)


@kernel
def add_borders(dtype: str) -> Callable[..., None]:
    """Add a border to each image.

    x : (images, maps, height, width); work : (images, bordered), with `bordered` from `conv2d.bordered_length`; tall,
    wide : from `patches.extent`. Parts: images.
    """
    number, bordered_image = np.dtype(dtype).type, make_bordered(dtype)

    def add_borders(
        part, x: Array(dtype), work: Array(dtype), bordered: Int, maps: Int, height: Int, width: Int, tall: Int,
        wide: Int, top: Int, left: Int,
    ):  # fmt: skip
        at = part * bordered
        fill(work, at, bordered, number(0))
        bordered_image(work, at, x, part * maps * height * width, maps, height, width, tall, wide, top, left)

    return add_borders


@kernel
def conv2d_to_filters(dtype: str) -> Callable[..., None]:
    """Compute the gradient to a panel of taps, over a group of images.

    work : from `add_borders`; g : (images, filters, oh, ow); found : (groups, panels, filters, span); of_group : images
    per group, from the layout, as the parts.

    Loops: images; positions, as many as keep their patches in the L1 cache; filters, one block at a time; positions,
    for which the sums of a block stay in registers.
    """
    number, lanes, span = np.dtype(dtype).type, lanes_of(dtype), span_of(dtype)
    line, pitch = POSITIONS + lanes, span + max_together(dtype)
    multiply, find_runs, gather = (
        make_multiply(dtype, line, pitch),
        make_runs(span),
        make_transposed_gather(dtype, pitch),
    )

    def conv2d_to_filters(
        part, work: Array(dtype), g: Array(dtype), found: Array(dtype), images: Int, of_group: Int,
        bordered: Int, maps: Int, filters: Int, kh: Int, kw: Int, oh: Int, ow: Int, down: Int, right: Int,
    ):  # fmt: skip
        patches, gradients = scratch(POSITIONS * pitch, dtype), scratch(FILTERS * line, dtype)
        runs = scratch(3 * span, "int64")
        tall, wide, positions, taps = (oh - 1) * down + kh, (ow - 1) * right + kw, oh * ow, maps * kh * kw
        panels = (taps + span - 1) // span
        group, tap, to = part // panels, part % panels * span, part * filters * span
        several = find_runs(runs, tap, min(span, taps - tap), kh, kw, tall, wide)
        fill(found, to, filters * span, number(0))
        fill(patches, 0, POSITIONS * pitch, number(0))
        for image in range(group * of_group, min(images, (group + 1) * of_group)):
            for first in range(0, positions, POSITIONS):
                count = min(POSITIONS, positions - first)
                gather(patches, work, image * bordered, first, count, ow, down * wide, right, runs, several)
                for some in range(0, filters, FILTERS):
                    rows = min(FILTERS, filters - some)
                    for f in range(rows):
                        source = (image * filters + some + f) * positions + first
                        for z in range(count):
                            gradients[f * line + z] = g[source + z]
                    here = to + some * span
                    multiply(gradients, 0, rows, line, 0, patches, 0, count, found, here, span, span, False)

    return conv2d_to_filters


@kernel
def sum_groups(dtype: str) -> Callable[..., None]:
    """Sum the results of the groups for a filter, in the order of the groups.

    found : (groups, panels, filters, span); dw : (filters, maps, taps), rotated by 180 degrees for true convolution
    (`flip`, 0 or 1). Parts: filters.
    """
    span = span_of(dtype)

    def sum_groups(
        part, found: Array(dtype), dw: Array(dtype), groups: Int, filters: Int, maps: Int, taps: Int, flip: Int
    ):
        panels = (maps * taps + span - 1) // span
        for c in range(maps):
            to = (part * maps + c) * taps
            for k in range(taps):
                tap = c * taps + k
                panel = tap // span
                at = (panel * filters + part) * span + tap - panel * span
                total = found[at]
                for group in range(1, groups):
                    total += found[at + group * panels * filters * span]
                dw[to + (taps - 1 - k if flip != 0 else k)] = total

    return sum_groups


def make_runs(most: int) -> Callable[..., int]:
    """Return ``find_runs(runs, first, count, kh, kw, tall, wide) -> number of runs``.

    A run is a sequence of taps in [first, first + count) that are adjacent in a row of the image. For run s, runs[s] is
    its position among these taps, runs[most + s] its position in a patch, and runs[2 * most + s] its length.
    """

    def find_runs(runs, first, count, kh, kw, tall, wide):
        found, done = 0, 0
        while done < count:
            tap = first + done
            row = tap // kw
            j, c = tap - row * kw, row // kh
            length = min(kw - j, count - done)
            runs[found] = done
            runs[most + found] = (c * tall + row - c * kh) * wide + j
            runs[2 * most + found] = length
            done += length
            found += 1
        return found

    return find_runs


def make_transposed_gather(dtype: str, pitch: int) -> Callable[..., None]:
    """Return ``gather(to, image, at, first, count, columns, down, right, runs, several)``.

    It packs the patches of `count` positions, with adjacent taps, `pitch` elements per position. A run is written
    beyond its end by less than `FEW` elements: into the next one, which is written later, or beyond the panel.
    """
    span, few = span_of(dtype), Tile(dtype, FEW, (0,), (0,))

    def gather(to, image, at, first, count, columns, down, right, runs, several):
        row = first // columns
        for s in range(several):
            for z in range(0, runs[2 * span + s], FEW):
                place, y, x, done = runs[s] + z, row, first - row * columns, 0
                while done < count:
                    source = at + runs[span + s] + z + y * down + x * right
                    length = min(columns - x, count - done)
                    for p in range(length):
                        few.store(few.load(image, source + p * right), to, place + (done + p) * pitch, 0)
                    done += length
                    y += 1
                    x = 0

    return gather
