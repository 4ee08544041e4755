"""The gradient to filters without packed patches, against NumPy in float64."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels.direct_conv_to_filters import (
    POSITIONS,
    direct_conv_to_filters,
    direct_layout,
    sum_direct_chunks,
    sum_parts,
)
from network3.layers.backends.cpu.kernels.patches import extent
from network3.layers.backends.cpu.processor import lanes_of
from tests.layers.backends.cpu.runs import WAYS, run

from .convolutions import Sizes, drawn, expected_to_filters
from .pooled_convolutions import LIMITS, close, same_kind, undefined

LANES = lanes_of("float32")


def layout_of(s, dtype):
    """Return the layout for some sizes, and the rows and columns of an image with its border."""
    (oh, ow), (top, left) = s.out, (s.top, s.left)
    tall, wide = extent(oh, s.kh, s.down, 1), extent(ow, s.kw, s.right, 1)
    bordered = top > 0 or left > 0 or tall > s.height or wide > s.width
    return direct_layout(dtype, s.images, s.maps, s.filters, s.kh, s.kw, oh * ow, bordered), tall, wide


def to_filters(s, x, g, how="compiled"):
    """Return the gradient to the filters."""
    dtype = x.dtype.name
    layout, tall, wide = layout_of(s, dtype)
    tile = layout.tile
    shape = (layout.parts, layout.together, s.maps, tall, wide) if tile.bordered else 1
    work, found = undefined(shape, dtype), undefined(layout.found, dtype)
    dw = undefined((s.filters, s.maps, s.kh, s.kw), dtype)
    sizes = s.maps, s.height, s.width, s.filters, *s.out, s.down, s.right, s.top, s.left
    arguments = [x, g, found, work, s.images, layout.images, layout.together, *sizes]
    run(direct_conv_to_filters(tile), arguments, layout.parts, how)
    arguments = [found, dw, layout.chunks, s.maps, s.filters, s.flip]
    run(sum_direct_chunks(dtype, s.kh * s.kw, tile.vectors), arguments, sum_parts(layout, s.maps), how)
    return dw


def random_sizes(rng, dtype, most):
    """Draw sizes that the kernel suits; those that are part of its key are one of a few."""
    vectors, maps, kh, kw = KEYS[rng.integers(len(KEYS))]
    lanes = lanes_of(dtype)
    filters = vectors * lanes - int(rng.integers(0, vectors * lanes // 4 + 1))
    images, down, right = (int(v) for v in rng.integers(1, (8, 4, 4)))
    top, left = (int(v) for v in rng.integers(1, 4, 2))
    lower, farther = (int(v) for v in rng.integers(0, 3, 2))
    height, width = (max(1, k - 2 * pad) + int(rng.integers(0, most)) for k, pad in ((kh, top), (kw, left)))
    of_image, of_filter = (images, maps, height, width), (filters, kh, kw, down, right, top, left)
    return Sizes(*of_image, *of_filter, int(rng.integers(0, 2)), lower=lower, farther=farther)


KEYS = [
    (1, 4, 3, 3),
    (2, 3, 3, 3),
    (1, 6, 1, 1),
    (3, 1, 4, 5),
]  # vectors of filters, maps, rows and columns of a filter
CASES = {
    "one of everything but filters": Sizes(1, 1, 1, 1, LANES, 1, 1),
    "half padding": Sizes(3, 2, 5, 6, LANES, 3, 3, 1, 1, 1, 1),
    "strides": Sizes(3, 2, 6, 7, LANES, 3, 3, 2, 2, 1, 1),
    "one pixel a filter, with strides": Sizes(2, 3, 6, 7, LANES, 1, 1, 2, 3),
    "several maps in a tile": Sizes(2, 4, 3, 5, LANES, 1, 2, flip=0),
    "many maps": Sizes(1, 17, 2, 3, LANES, 1, 1),
    "some rows of a filter in a tile": Sizes(2, 2, 6, 6, LANES, 6, 4, 1, 1, 1, 0),
    "two slices": Sizes(2, 2, 4, 3, 2 * LANES, 3, 5, 1, 1, 1, 2),
    "an incomplete slice": Sizes(2, 2, 4, 7, 2 * LANES - LANES // 4, 3, 3, 1, 1, 1, 1),
    "a position more than in a sum": Sizes(2, 1, 1, POSITIONS + 1, LANES, 1, 1),
    "small images together": Sizes(35, 1, 3, 3, LANES, 2, 2),
    "sides of the border that differ": Sizes(2, 2, 6, 7, LANES, 3, 2, 2, 1, 1, 0, lower=2, farther=3),
}


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("case", CASES)
def test_boundary_sizes(case, dtype, how):
    s = CASES[case]
    x, _, g = drawn(s, dtype)
    close(to_filters(s, x, g, how), expected_to_filters(s, x, g))


@pytest.mark.parametrize(("how", "times", "most"), [("python", 2, 3), ("compiled", 40, 20), ("checked", 15, 12)])
@pytest.mark.parametrize("dtype", LIMITS)
def test_random_sizes(dtype, how, times, most):
    rng = np.random.default_rng(16)
    for time in range(times):
        s = random_sizes(rng, dtype, most)
        x, _, g = drawn(s, dtype, time)
        try:
            close(to_filters(s, x, g, how), expected_to_filters(s, x, g))
        except AssertionError as error:
            raise AssertionError(f"{s}: {error}") from error


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", LIMITS)
def test_nan_and_infinity_propagate_to_dependent_elements_only(dtype, how):
    s = Sizes(2, 2, 5, 6, 2 * LANES - LANES // 4, 3, 3, 1, 1, 1, 1)
    x, _, g = drawn(s, dtype)
    x[0, 1, 2, 3], g[1, LANES // 2, 0, 1] = np.nan, np.inf
    with np.errstate(invalid="ignore"):
        same_kind(to_filters(s, x, g, how), expected_to_filters(s, x, g))


def test_sums_of_many_terms_are_accurate():
    s = Sizes(40, 3, 20, 20, LANES, 3, 3, 1, 1, 1, 1)
    x, _, g = (np.abs(v) for v in drawn(s, "float32"))
    assert np.abs(to_filters(s, x, g) / expected_to_filters(s, x, g) - 1).max() < 2e-6


def test_few_filters_and_wide_ones_are_left_to_other_kernels():
    assert direct_layout("float32", 10, 3, LANES, 3, 3, 100, True) is not None
    assert direct_layout("float32", 10, 3, LANES // 2, 3, 3, 100, True) is None
    assert direct_layout("float32", 10, 3, LANES, 3, 50, 100, False) is None
    assert direct_layout("float32", 0, 3, LANES, 3, 3, 100, True) is None


@pytest.mark.parametrize("images", [1, 2, 16, 17, 100])
@pytest.mark.parametrize("filters", [LANES, 5 * LANES, 40 * LANES])
def test_every_image_and_filter_is_in_a_part(images, filters):
    layout = direct_layout("float32", images, 4, filters, 3, 3, 64, True)
    assert (layout.chunks - 1) * layout.images < images <= layout.chunks * layout.images
    assert (layout.slices - 1) * layout.tile.slice < filters <= layout.slices * layout.tile.slice
    assert layout.parts == layout.chunks * layout.slices
