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
    sum_groups,
    to_filters_layout,
)
from network3.layers.backends.cpu.kernels.conv2d_to_images import conv2d_to_images, pack_filter_taps, tap_parts
from network3.layers.backends.cpu.kernels.patches import extent
from network3.layers.backends.cpu.processor import lanes_of
from tests.layers.backends.cpu.runs import run

from .pooled_convolutions import undefined


class Sizes(NamedTuple):
    """The sizes of a convolution."""

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

    @property
    def out(self) -> tuple[int, int]:
        """Rows and columns of the output."""
        return (
            (self.height + 2 * self.top - self.kh) // self.down + 1,
            (self.width + 2 * self.left - self.kw) // self.right + 1,
        )

    @property
    def for_kernels(self) -> tuple[int, ...]:
        """The sizes from the maps on, in the order of the kernels' parameters."""
        return (*self[1:7], *self.out, *self[7:11])


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
    }


SLOW = ["more filters than terms", "more taps than terms", "one more than a panel", "more images than parts"]


def random_sizes(rng, most: int) -> Sizes:
    """Draw random sizes."""
    images, maps, filters = (int(v) for v in rng.integers(1, (4, 5, most)))
    kh, kw, down, right = (int(v) for v in rng.integers(1, (6, 6, 4, 4)))
    top, left = (int(v) for v in rng.integers(0, 4, 2))
    height, width = (max(1, k - 2 * pad) + int(rng.integers(0, most)) for k, pad in ((kh, top), (kw, left)))
    return Sizes(images, maps, height, width, filters, kh, kw, down, right, top, left, int(rng.integers(0, 2)))


def drawn(s: Sizes, dtype, seed=0):
    """Return images, filters, and a gradient of the output."""
    rng = np.random.default_rng(seed)
    shapes = (s.images, s.maps, s.height, s.width), (s.filters, s.maps, s.kh, s.kw), (s.images, s.filters, *s.out)
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


# --- the reference implementation


def _bordered(s: Sizes, x):
    return np.pad(x.astype(float), ((0, 0), (0, 0), (s.top, s.top), (s.left, s.left)))


def _taps(s: Sizes):
    """Yield each tap with the rows and columns of the bordered images that it reads."""
    for i in range(s.kh):
        for j in range(s.kw):
            y, x = (s.kh - 1 - i, s.kw - 1 - j) if s.flip else (i, j)
            rows = slice(y, y + (s.out[0] - 1) * s.down + 1, s.down)
            columns = slice(x, x + (s.out[1] - 1) * s.right + 1, s.right)
            yield (slice(None), slice(None), i, j), (slice(None), slice(None), rows, columns)


def expected(s: Sizes, x, w):
    """Return the convolved images."""
    images, w = _bordered(s, x), w.astype(float)
    return sum(np.einsum("nchw,oc->nohw", images[met], w[tap]) for tap, met in _taps(s))


def expected_to_filters(s: Sizes, x, g):
    """Return the gradient to the filters."""
    images, dw = _bordered(s, x), np.zeros((s.filters, s.maps, s.kh, s.kw))
    for tap, met in _taps(s):
        dw[tap] = np.einsum("nohw,nchw->oc", g.astype(float), images[met])
    return dw


def expected_to_images(s: Sizes, w, g):
    """Return the gradient to the images."""
    dx = _bordered(s, np.zeros((s.images, s.maps, s.height, s.width)))
    for tap, met in _taps(s):
        dx[met] += np.einsum("nohw,oc->nchw", g.astype(float), w.astype(float)[tap])
    return dx[:, :, s.top : s.top + s.height, s.left : s.left + s.width]


# --- the kernels


def convolved(s: Sizes, x, w, how="compiled"):
    """Return the convolved images."""
    dtype, parts, length = x.dtype.name, image_parts(s.images), bordered_length(x.dtype.name, s.maps, *_of_border(s))
    packed, work = undefined(w.shape, dtype), undefined((parts, length), dtype)
    y = undefined((s.images, s.filters, *s.out), dtype)
    arguments = [w, packed, s.filters, s.maps, s.kh * s.kw, s.flip]
    run(pack_filters(dtype), arguments, filter_parts(s.filters), how)
    run(conv2d(dtype), [x, packed, y, work, s.images, images_of_part(s.images), length, *s.for_kernels], parts, how)
    return y


def to_filters(s: Sizes, x, g, how="compiled"):
    """Return the gradient to the filters."""
    dtype, length = x.dtype.name, bordered_length(x.dtype.name, s.maps, *_of_border(s))
    layout = to_filters_layout(dtype, s.images, s.filters, s.maps * s.kh * s.kw)
    work, found = undefined((s.images, length), dtype), undefined(layout.found, dtype)
    dw = undefined((s.filters, s.maps, s.kh, s.kw), dtype)
    tall, wide = extent(s.out[0], s.kh, s.down), extent(s.out[1], s.kw, s.right)
    arguments = [x, work, length, s.maps, s.height, s.width, tall, wide, s.top, s.left]
    run(add_borders(dtype), arguments, s.images, how)
    arguments = [work, g, found, s.images, layout.images, length, s.maps, *s.for_kernels[3:10]]
    run(conv2d_to_filters(dtype), arguments, layout.parts, how)
    run(sum_groups(dtype), [found, dw, layout.groups, s.filters, s.maps, s.kh * s.kw, s.flip], s.filters, how)
    return dw


def to_images(s: Sizes, w, g, how="compiled"):
    """Return the gradient to the images."""
    dtype, parts, length = w.dtype.name, image_parts(s.images), bordered_length(w.dtype.name, s.maps, *_of_border(s))
    packed, work = undefined(w.shape, dtype), undefined((parts, length), dtype)
    dx = undefined((s.images, s.maps, s.height, s.width), dtype)
    arguments = [w, packed, s.filters, s.maps, s.kh * s.kw, s.flip]
    run(pack_filter_taps(dtype), arguments, tap_parts(s.maps * s.kh * s.kw), how)
    arguments = [packed, g, dx, work, s.images, images_of_part(s.images), length, *s.for_kernels]
    run(conv2d_to_images(dtype), arguments, parts, how)
    return dx


def _of_border(s: Sizes) -> tuple[int, ...]:
    return s.kh, s.kw, *s.out, s.down, s.right
