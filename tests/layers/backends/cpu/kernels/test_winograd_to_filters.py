"""The gradient of a convolution to its filters by Winograd's method against NumPy in float64."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels import winograd_to_filters as module
from network3.layers.backends.cpu.kernels.winograd_rows import COLUMNS
from network3.layers.backends.cpu.kernels.winograd_to_filters import (
    MAPS,
    winograd_sum_groups,
    winograd_to_filters,
    winograd_to_filters_fits,
    winograd_to_filters_layout,
)
from network3.layers.backends.cpu.processor import lanes_of
from tests.layers.backends.cpu.runs import WAYS, run

from .convolutions import Sizes, expected_to_filters
from .pooled_convolutions import undefined
from .test_winograd import LIMITS, NONE


def sizes(images, maps, height, width, filters, top=1, left=1, flip=0, taps=3):
    """Return the sizes of a convolution with as many columns of taps as rows."""
    return Sizes(images, maps, height, width, filters, taps, taps, 1, 1, top, left, flip)


def cases(dtype):
    """Return sizes at which tiles, blocks of maps and slices are full, or have one element less or more."""
    n = lanes_of(dtype)
    return {
        "one tile": sizes(1, n, 4, 4, n),
        "tiles that end early": sizes(2, n, 5, 7, n),
        "one pixel": sizes(2, n, 1, 1, n),
        "no border": sizes(2, n, 6, 9, n, 0, 0),
        "a wide border": sizes(1, n, 2, 3, n, 2, 2),
        "borders that differ": sizes(1, n, 6, 5, n, 0, 2, 1),
        "one more map than a vector": sizes(2, n + 1, 4, 6, n + 3, flip=1),
        "one less than two vectors": sizes(1, 2 * n - 1, 5, 4, 2 * n - 1),
        "several panels": sizes(1, n + 5, 4, 4, 5 * n + 2),
        "several slices": sizes(1, n, 4, 4, module.SLICE + n + 1),
        "many tiles": sizes(5, n, 14, 18, n),
    }


def random_sizes(rng, dtype, most) -> Sizes:
    """Draw random sizes."""
    lanes = lanes_of(dtype)
    images, maps, filters = (int(v) for v in (rng.integers(1, 5), *rng.integers(lanes, lanes + most, 2)))
    taps = int(rng.choice([3, 5]))
    (height, width), (top, left) = rng.integers(6, 6 + most, 2), rng.integers(0, taps, 2)
    return sizes(images, maps, int(height), int(width), filters, int(top), int(left), int(rng.integers(0, 2)), taps)


def drawn(s: Sizes, dtype, seed=0):
    """Return images, and the gradient of the output."""
    rng = np.random.default_rng(seed)
    x, g = (rng.normal(size=s.shapes[k]).astype(dtype) for k in (0, 2))
    return x, g


def to_filters(s: Sizes, x, g, how="compiled"):
    """Return the gradient to the filters."""
    dtype = x.dtype.name
    layout = winograd_to_filters_layout(dtype, s.kh, s.images, s.maps, s.filters, *s.out)
    found, dw = undefined(layout.found, dtype), undefined(s.shapes[1], dtype)
    divided = layout.high, layout.wide, layout.each, layout.slice, layout.slices, layout.together
    arguments = [x, g, NONE, found, *s[:5], *s.out, s.top, s.left, *divided]
    run(winograd_to_filters(dtype, s.kh), arguments, layout.groups * layout.slices, how)
    arguments = [found, dw, layout.groups, s.maps, s.filters, layout.slice, layout.slices, s.flip]
    run(winograd_sum_groups(dtype, s.kh), arguments, -(-s.maps // MAPS), how)
    return dw


def agree(s: Sizes, dtype, how, seed=0):
    """Check one way of running the kernels."""
    x, g = drawn(s, dtype, seed)
    dw = expected_to_filters(s, x, g)
    limit = LIMITS[dtype] * max(1.0, abs(dw).max())
    np.testing.assert_allclose(to_filters(s, x, g, how), dw, rtol=0, atol=limit)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("case", cases("float32"))
@pytest.mark.parametrize("taps", [3, 5])
def test_boundary_sizes(taps, case, dtype, how):
    if how == "python" and case in ("several panels", "several slices", "many tiles", "one less than two vectors"):
        pytest.skip("too slow as plain Python")
    s = cases(dtype)[case]._replace(kh=taps, kw=taps)
    if min(s.out) < 1:
        pytest.skip("filters larger than the image")
    agree(s, dtype, how)


@pytest.mark.parametrize(("how", "times"), [("compiled", 30), ("checked", 10)])
@pytest.mark.parametrize("dtype", LIMITS)
def test_random_sizes(dtype, how, times):
    rng = np.random.default_rng(18)
    for time in range(times):
        s = random_sizes(rng, dtype, 40 if how == "compiled" else 15)
        try:
            agree(s, dtype, how, time)
        except AssertionError as error:
            raise AssertionError(f"{s}: {error}") from error


@pytest.mark.parametrize("taps", [3, 5])
def test_sums_of_many_terms_are_accurate(taps):
    s = sizes(40, 16, 16, 16, 16, taps=taps)
    x, g = drawn(s, "float32")
    dw = expected_to_filters(s, x, g)
    assert abs(to_filters(s, x, g) - dw).max() < 4e-6 * abs(dw).max()
    x, g = abs(x), abs(g)
    assert abs(to_filters(s, x, g) / expected_to_filters(s, x, g) - 1).max() < 2e-6


def test_nan_and_infinity_reach_all_dependent_results():
    s = sizes(2, 16, 9, 9, 17)
    for value in (np.nan, np.inf):
        x, g = drawn(s, "float32")
        x[0, 3, 2, 3], g[1, 5, 8, 8] = value, value
        with np.errstate(invalid="ignore"):
            dependent = ~np.isfinite(expected_to_filters(s, x, g))
        assert dependent[:, 3].all()
        assert not np.isfinite(to_filters(s, x, g)[dependent]).any()


@pytest.mark.parametrize("taps", [3, 5])
def test_layouts_cover_all_tiles_and_filters(taps):
    for images in (1, 2, 10, 64):
        for maps, filters, rows, columns in ((16, 16, 32, 32), (256, 256, 8, 8), (64, 300, 1, 128), (16, 17, 7, 5)):
            layout = winograd_to_filters_layout("float32", taps, images, maps, filters, rows, columns)
            assert (layout.groups - 1) * layout.each < images * layout.high <= layout.groups * layout.each
            assert (layout.slices - 1) * layout.slice < filters <= layout.slices * layout.slice
            assert layout.slice <= module.SLICE


@pytest.mark.parametrize("taps", [3, 5])
def test_sizes_that_the_kernels_support(taps):
    lanes = lanes_of("float32")
    assert winograd_to_filters_fits("float32", taps, lanes, lanes, COLUMNS, COLUMNS)
    assert not winograd_to_filters_fits("float32", taps, lanes - 1, lanes, 8, 8)
    assert not winograd_to_filters_fits("float32", taps, lanes, lanes - 1, 8, 8)
    assert not winograd_to_filters_fits("float32", taps, lanes, lanes, COLUMNS + 1, 8)
    assert not winograd_to_filters_fits("float32", taps, 50_000, lanes, 32, 32)
    narrow = [n for n in range(lanes, 3000) if not winograd_to_filters_fits("float32", taps, lanes, n, 8, 8)]
    assert all(n % lanes for n in narrow)  # their last slice would be narrower than a vector
    largest = max(
        n for n in range(lanes, 4000, lanes) if winograd_to_filters_fits("float32", taps, n, 130, COLUMNS, COLUMNS)
    )
    agree(sizes(1, largest, 2, COLUMNS, 130, taps // 2, taps // 2, taps=taps), "float32", "compiled")
