"""The gradient of a convolution of any size to its filters: the output's gradient times the patches of the images.

Kernels for each type: `add_borders` processes one image per part; `conv2d_to_filters` some taps and some images per
part, in 2 * filters * positions * maps * kh * kw floating-point operations per image; `sum_chunks` sums the results
of the chunks of images.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, Tile, kernel, scratch
from network3.layers.backends.cpu.processor import lanes_of

from .moves import fill
from .panels import make_multiply, span_of
from .patches import FEW, extent, make_bordered, max_together

FILTERS = 48  # number of filters whose gradients are packed together
POSITIONS = 64  # number of positions in a partial sum, with their operands in the L1 cache
PARTS = 16  # minimum number, reached by chunks of images if there are few panels of taps


@dataclass(frozen=True)
class ToFiltersLayout:
    """How the work is divided.

    Attributes
    ----------
    panels : int
        Panels of taps.
    images, chunks : int
        Images per chunk, and number of chunks.
    parts : int
        Parts of `conv2d_to_filters`: groups of filters times chunks times panels.
    found : int
        Length of the result of `conv2d_to_filters`.
    """

    panels: int
    images: int
    chunks: int
    parts: int
    found: int


def to_filters_layout(dtype: str, images: int, filters: int, taps: int, groups: int) -> ToFiltersLayout:
    """Return the layout for groups of `filters` filters, each of `taps` taps in all maps of its group."""
    span = span_of(dtype)
    panels = -(-taps // span)
    of_chunk = max(1, -(-images // max(1, PARTS // max(1, panels * groups))))
    chunks = max(1, -(-images // of_chunk))
    parts = groups * chunks * panels
    return ToFiltersLayout(panels, of_chunk, chunks, parts, parts * filters * span)


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
    """Compute the gradient to a panel of taps of a group of filters, over a chunk of images.

    work : (images, groups, bordered), from `add_borders`; g : (images, groups, filters, oh, ow); found :
    (groups, chunks, panels, filters, span); of_chunk : images per chunk, from the layout, as the parts; tap_down,
    tap_right : dilation; the rest as for `conv2d.conv2d`.

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
        part, work: Array(dtype), g: Array(dtype), found: Array(dtype), images: Int, of_chunk: Int,
        bordered: Int, maps: Int, filters: Int, kh: Int, kw: Int, oh: Int, ow: Int, down: Int, right: Int,
        tap_down: Int, tap_right: Int, groups: Int,
    ):  # fmt: skip
        patches, gradients = scratch(POSITIONS * pitch, dtype), scratch(FILTERS * line, dtype)
        runs = scratch(3 * span, "int64")
        tall, wide = extent(oh, kh, down, tap_down), extent(ow, kw, right, tap_right)
        positions, taps = oh * ow, maps * kh * kw
        panels, chunks = (taps + span - 1) // span, max(1, (images + of_chunk - 1) // of_chunk)
        group, chunk, tap = part // (panels * chunks), part // panels % chunks, part % panels * span
        to = part * filters * span
        several = find_runs(runs, tap, min(span, taps - tap), kh, kw, tall, wide, tap_down, tap_right)
        fill(found, to, filters * span, number(0))
        fill(patches, 0, POSITIONS * pitch, number(0))
        for image in range(chunk * of_chunk, min(images, (chunk + 1) * of_chunk)):
            here = image * groups + group
            for first in range(0, positions, POSITIONS):
                count = min(POSITIONS, positions - first)
                gather(patches, work, here * bordered, first, count, ow, down * wide, right, runs, several)
                for some in range(0, filters, FILTERS):
                    rows = min(FILTERS, filters - some)
                    for f in range(rows):
                        source = (here * filters + some + f) * positions + first
                        for z in range(count):
                            gradients[f * line + z] = g[source + z]
                    multiply(gradients, 0, rows, line, 0, patches, 0, count, found, to + some * span, span, span, False)

    return conv2d_to_filters


@kernel
def sum_chunks(dtype: str) -> Callable[..., None]:
    """Sum the results of the chunks for a filter, in the order of the chunks.

    found : (groups, chunks, panels, filters, span); dw : (groups, filters, maps, taps), rotated by 180 degrees for true
    convolution (`flip`, 0 or 1). Parts: filters of all groups.
    """
    span = span_of(dtype)

    def sum_chunks(
        part, found: Array(dtype), dw: Array(dtype), chunks: Int, filters: Int, maps: Int, taps: Int, flip: Int
    ):
        panels = (maps * taps + span - 1) // span
        group, f = part // filters, part % filters
        for c in range(maps):
            to = (part * maps + c) * taps
            for k in range(taps):
                tap = c * taps + k
                panel = tap // span
                at = ((group * chunks * panels + panel) * filters + f) * span + tap - panel * span
                total = found[at]
                for chunk in range(1, chunks):
                    total += found[at + chunk * panels * filters * span]
                dw[to + (taps - 1 - k if flip != 0 else k)] = total

    return sum_chunks


def make_runs(most: int) -> Callable[..., int]:
    """Return ``find_runs(runs, first, count, kh, kw, tall, wide, tap_down, tap_right) -> number of runs``.

    A run is a sequence of taps in [first, first + count) that are adjacent in a row of the image; single ones if
    filters are dilated. For run s, runs[s] is its position among these taps, runs[most + s] its position in a patch,
    and runs[2 * most + s] its length.
    """

    def find_runs(runs, first, count, kh, kw, tall, wide, tap_down, tap_right):
        found, done = 0, 0
        while done < count:
            tap = first + done
            row = tap // kw
            j, c = tap - row * kw, row // kh
            length = min(kw - j, count - done) if tap_right == 1 else 1
            runs[found] = done
            runs[most + found] = (c * tall + (row - c * kh) * tap_down) * wide + j * tap_right
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
