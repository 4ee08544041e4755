"""Sizes, reference implementation in float64, and calls of the kernels for the tests of plain convolutions."""

from typing import NamedTuple

import numpy as np

from network3.layers.backends.cpu.kernels.conv2d import (
    bordered_length,
    conv2d,
    filter_parts,
    image_parts,
    images_of_part,
    pack_filters,
)
from network3.layers.backends.cpu.kernels.conv2d_to_filters import (
    add_borders,
    conv2d_to_filters,
    sum_chunks,
    to_filters_layout,
)
from network3.layers.backends.cpu.kernels.conv2d_to_images import conv2d_to_images, pack_filter_taps, tap_parts
from network3.layers.backends.cpu.kernels.patches import extent
from network3.layers.backends.cpu.processor import lanes_of
from tests.layers.backends.cpu.runs import run

from .pooled_convolutions import undefined


class Sizes(NamedTuple):
    """The sizes of a convolution; maps and filters are those of a group."""

    images: int
    maps: int
    height: int
    width: int
    filters: int
    kh: int
    kw: int
    down: int = 1
    right: int = 1
    top: int = 0
    left: int = 0
    flip: int = 1
    tap_down: int = 1
    tap_right: int = 1
    groups: int = 1
    lower: int = 0  # rows and columns of the border at the bottom and right, besides those of the other sides
    farther: int = 0

    @property
    def padded(self) -> tuple[int, int]:
        """Rows and columns of an image with its border."""
        return self.height + 2 * self.top + self.lower, self.width + 2 * self.left + self.farther

    @property
    def out(self) -> tuple[int, int]:
        """Rows and columns of the output."""
        (tall, wide), high, broad = self.padded, (self.kh - 1) * self.tap_down, (self.kw - 1) * self.tap_right
        return (tall - high - 1) // self.down + 1, (wide - broad - 1) // self.right + 1

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The shapes of images, filters, and a gradient of the output."""
        maps, filters = self.maps * self.groups, self.filters * self.groups
        of_filters = filters, self.maps, self.kh, self.kw
        return [(self.images, maps, self.height, self.width), of_filters, (self.images, filters, *self.out)]

    @property
    def for_kernels(self) -> tuple[int, ...]:
        """The sizes from the maps on, in the order of the kernels' parameters."""
        return (*self[1:7], *self.out, *self[7:11], *self[12:15])

    @property
    def parts(self) -> tuple[int, int]:
        """Parts, and images per part, where each group of an image counts as an image."""
        images = self.images * self.groups
        return image_parts(images), images_of_part(images)

    @property
    def of_border(self) -> tuple[int, ...]:
        """The sizes that determine the length of an image with its border."""
        return self.maps, self.kh, self.kw, *self.out, self.down, self.right, self.tap_down, self.tap_right


def fixed(dtype):
    """Return sizes at which panels, blocks and chunks are full, or have one element less or more."""
    lanes = lanes_of(dtype)
    return {
        "one of everything": Sizes(1, 1, 1, 1, 1, 1, 1),
        "one pixel a filter": Sizes(3, 5, 6, 7, 11, 1, 1),
        "one pixel a filter, striding": Sizes(2, 3, 6, 7, 4, 1, 1, 2, 3),
        "one position": Sizes(2, 3, 4, 5, 6, 4, 5),
        "one less than a vector": Sizes(2, 1, 1, lanes - 1, 2, 1, 1),
        "one more than a vector": Sizes(2, 1, 1, lanes + 1, 3, 1, 1),
        "one less than a panel": Sizes(2, 2, 4, 2 * lanes + 1, 2 * lanes - 1, 3, 3, 1, 1),
        "one more than a panel": Sizes(1, 2, 4, 2 * lanes + 3, 2 * lanes + 1, 2, 3),
        "as many taps as a panel": Sizes(2, 2, 5, lanes + 3, 3, 1, lanes),
        "more taps than terms": Sizes(1, 11, 8, 9, 5, 3, 4, flip=0),
        "more filters than terms": Sizes(1, 2, 5, 6, 131, 2, 3),
        "more positions than terms": Sizes(1, 1, 13, 14, 2, 2, 3),
        "more images than parts": Sizes(37, 1, 4, 3, 2, 2, 2),
        "a border": Sizes(2, 2, 6, 7, 3, 3, 2, 1, 1, 2, 1),
        "a border wider than the filter": Sizes(1, 2, 3, 4, 3, 2, 3, 1, 1, 3, 4, 0),
        "strides beyond the border": Sizes(2, 1, 2, 3, 2, 1, 2, 5, 4, 3, 3),
        "a row of pixels": Sizes(2, 3, 1, 19, 4, 1, 5, 1, 2, 0, 2),
        "a column of pixels": Sizes(2, 3, 19, 1, 4, 5, 1, 2, 1, 2, 0),
        "strides longer than the filter": Sizes(2, 2, 16, 19, 3, 2, 2, 3, 4),
        "dilation": Sizes(2, 2, 13, 16, 3, 3, 2, 1, 1, 2, 1, 1, 3, 4),
        "dilation of rows, with strides": Sizes(1, 2, 13, 16, 3, 3, 4, 2, 3, 0, 0, 0, 2, 1),
        "dilation of columns": Sizes(1, 2, 5, 2 * lanes + 9, 3, 2, 3, 1, 1, 0, 0, 1, 1, 4),
        "groups": Sizes(2, 2, 6, 7, 3, 3, 2, groups=3),
        "a filter for each map": Sizes(3, 1, 6, 2 * lanes + 5, 1, 3, 3, top=1, left=1, groups=7),
        "filters of more blocks in groups": Sizes(2, 13, 5, 6, 19, 3, 3, groups=2),
        "more groups than parts": Sizes(2, 1, 4, 3, 2, 2, 2, 1, 2, groups=19),
        "sides of the border that differ": Sizes(2, 2, 6, 7, 3, 3, 2, 2, 1, 1, 0, lower=2, farther=3),
    }


SLOW = ["more filters than terms", "more taps than terms", "one more than a panel", "more images than parts"]


def random_sizes(rng, most: int) -> Sizes:
    """Draw random sizes."""
    images, maps, filters = (int(v) for v in rng.integers(1, (4, 5, most)))
    kh, kw, down, right = (int(v) for v in rng.integers(1, (6, 6, 4, 4)))
    top, left = (int(v) for v in rng.integers(0, 4, 2))
    tap_down, tap_right, groups = (int(v) for v in rng.integers(1, (4, 4, 4)))
    lower, farther = (int(v) for v in rng.integers(0, 3, 2))
    reached = ((kh - 1) * tap_down + 1, top), ((kw - 1) * tap_right + 1, left)
    height, width = (max(1, reach - 2 * pad) + int(rng.integers(0, most)) for reach, pad in reached)
    flip = int(rng.integers(0, 2))
    of_image, of_filter = (images, maps, height, width), (filters, kh, kw, down, right, top, left, flip)
    return Sizes(*of_image, *of_filter, tap_down, tap_right, groups, lower, farther)


def drawn(s: Sizes, dtype, seed=0):
    """Return images, filters, and a gradient of the output."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype(dtype) for shape in s.shapes]


# --- the reference implementation


def _grouped(s: Sizes, v, axis):
    """Return an array whose axis of maps or filters is divided into groups and their maps or filters."""
    return v.astype(float).reshape(*v.shape[:axis], s.groups, -1, *v.shape[axis + 1 :])


def _bordered(s: Sizes, x):
    top, left = (s.top, s.top + s.lower), (s.left, s.left + s.farther)
    return np.pad(_grouped(s, x, 1), ((0, 0), (0, 0), (0, 0), top, left))


def _taps(s: Sizes):
    """Yield each tap with the rows and columns of the bordered images that it reads."""
    for i in range(s.kh):
        for j in range(s.kw):
            y, x = (s.kh - 1 - i, s.kw - 1 - j) if s.flip else (i, j)
            y, x = y * s.tap_down, x * s.tap_right
            rows = slice(y, y + (s.out[0] - 1) * s.down + 1, s.down)
            columns = slice(x, x + (s.out[1] - 1) * s.right + 1, s.right)
            yield (..., i, j), (..., rows, columns)


def expected(s: Sizes, x, w):
    """Return the convolved images."""
    images, w = _bordered(s, x), _grouped(s, w, 0)
    y = sum(np.einsum("nkchw,koc->nkohw", images[met], w[tap]) for tap, met in _taps(s))
    return y.reshape(s.images, -1, *s.out)


def expected_to_filters(s: Sizes, x, g):
    """Return the gradient to the filters."""
    images, dw = _bordered(s, x), np.zeros((s.groups, s.filters, s.maps, s.kh, s.kw))
    for tap, met in _taps(s):
        dw[tap] = np.einsum("nkohw,nkchw->koc", _grouped(s, g, 1), images[met])
    return dw.reshape(-1, *dw.shape[2:])


def expected_to_images(s: Sizes, w, g):
    """Return the gradient to the images."""
    dx = _bordered(s, np.zeros((s.images, s.groups * s.maps, s.height, s.width)))
    for tap, met in _taps(s):
        dx[met] += np.einsum("nkohw,koc->nkchw", _grouped(s, g, 1), _grouped(s, w, 0)[tap])
    inside = dx[..., s.top : s.top + s.height, s.left : s.left + s.width]
    return inside.reshape(s.images, -1, s.height, s.width)


# --- the kernels


def convolved(s: Sizes, x, w, how="compiled"):
    """Return the convolved images."""
    dtype, (parts, each), length = x.dtype.name, s.parts, bordered_length(x.dtype.name, *s.of_border)
    packed, work = undefined(w.shape, dtype), undefined((parts, length), dtype)
    y = undefined((s.images, s.groups * s.filters, *s.out), dtype)
    arguments = [w, packed, s.filters, s.maps, s.kh * s.kw, s.flip]
    run(pack_filters(dtype), arguments, s.groups * filter_parts(s.filters), how)
    run(conv2d(dtype), [x, packed, y, work, s.images * s.groups, each, length, *s.for_kernels], parts, how)
    return y


def to_filters(s: Sizes, x, g, how="compiled"):
    """Return the gradient to the filters."""
    dtype, length = x.dtype.name, bordered_length(x.dtype.name, *s.of_border)
    layout = to_filters_layout(dtype, s.images, s.filters, s.maps * s.kh * s.kw, s.groups)
    work, found = undefined((s.images * s.groups, length), dtype), undefined(layout.found, dtype)
    dw = undefined((s.groups * s.filters, s.maps, s.kh, s.kw), dtype)
    tall, wide = extent(s.out[0], s.kh, s.down, s.tap_down), extent(s.out[1], s.kw, s.right, s.tap_right)
    arguments = [x, work, length, s.maps, s.height, s.width, tall, wide, s.top, s.left]
    run(add_borders(dtype), arguments, s.images * s.groups, how)
    sizes = *s.for_kernels[3:10], *s.for_kernels[12:]
    arguments = [work, g, found, s.images, layout.images, length, s.maps, *sizes]
    run(conv2d_to_filters(dtype), arguments, layout.parts, how)
    arguments = [found, dw, layout.chunks, s.filters, s.maps, s.kh * s.kw, s.flip]
    run(sum_chunks(dtype), arguments, s.groups * s.filters, how)
    return dw


def to_images(s: Sizes, w, g, how="compiled"):
    """Return the gradient to the images."""
    dtype, (parts, each), length = w.dtype.name, s.parts, bordered_length(w.dtype.name, *s.of_border)
    packed, work = undefined(w.shape, dtype), undefined((parts, length), dtype)
    dx = undefined((s.images, s.groups * s.maps, s.height, s.width), dtype)
    arguments = [w, packed, s.filters, s.maps, s.kh * s.kw, s.flip]
    run(pack_filter_taps(dtype), arguments, s.groups * tap_parts(s.maps * s.kh * s.kw), how)
    arguments = [packed, g, dx, work, s.images * s.groups, each, length, *s.for_kernels]
    run(conv2d_to_images(dtype), arguments, parts, how)
    return dx
