"""The gradient of a pooled convolution to its 3 x 3 filters, one maximum at a time, against NumPy in float64."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels import winners_to_filters as module
from network3.layers.backends.cpu.kernels.winners_to_filters import (
    FILTERS,
    winners_layout,
    winners_sum_groups,
    winners_to_filters,
)
from network3.layers.backends.cpu.kernels.winograd_rows import COLUMNS
from network3.layers.backends.cpu.processor import lanes_of
from tests.layers.backends.cpu.runs import WAYS, run

from .convolutions import Sizes, expected_to_filters
from .pooled_convolutions import LIMITS, undefined
from .test_winograd import halved


def sizes(images, maps, height, width, filters, top=1, left=1, flip=0):
    """Return the sizes of a convolution with 3 x 3 taps, before pooling."""
    return Sizes(images, maps, height, width, filters, 3, 3, 1, 1, top, left, flip)


def cases(dtype):
    """Return sizes at which blocks of maps, strips and slices are full, or have one element less or more."""
    n = lanes_of(dtype)
    return {
        "one window": sizes(1, n, 2, 2, 1),
        "rows and columns left over": sizes(2, n, 5, 7, 3),
        "no border": sizes(2, n, 6, 9, 4, 0, 0),
        "a wide border": sizes(1, n, 2, 3, 2, 2, 2),
        "borders that differ": sizes(1, n, 6, 5, 3, 0, 2, 1),
        "one more map than a vector": sizes(2, n + 1, 4, 6, 5, flip=1),
        "one less than two vectors": sizes(1, 2 * n - 1, 5, 4, 2),
        "several strips together": sizes(17, n, 4, 4, 2),
        "several strips of an image": sizes(6, n, 14, 40, 3),
        "several slices": sizes(1, n, 4, 4, module.SLICE + 1),
        "the widest images": sizes(1, n, 4, COLUMNS, 2),
    }


def drawn(s: Sizes, dtype, seed=0):
    """Return images, the gradient of the windows with some zeros, and the bits of their maxima, none to all four."""
    rng = np.random.default_rng(seed)
    x, g = (rng.normal(size=shape).astype(dtype) for shape in (s.shapes[0], (s.images, s.filters, *halved(s.out))))
    g[g > 1] = 0
    return x, g, rng.integers(0, 16, g.shape).astype("int32")


def expected(s: Sizes, x, g, won):
    """Return the gradient to the filters."""
    dense, (rows, columns) = np.zeros(s.shapes[2]), g.shape[2:]
    for place in range(4):
        met = np.s_[:, :, place // 2 : 2 * rows : 2, place % 2 : 2 * columns : 2]
        dense[met] = np.where(won >> place & 1, g, 0)
    return expected_to_filters(s, x, dense)


def to_filters(s: Sizes, x, g, won, how="compiled"):
    """Return the gradient to the filters."""
    dtype, (high, across) = x.dtype.name, g.shape[2:]
    layout = winners_layout(dtype, s.images, s.maps, s.filters, high, across)
    found, dw = undefined(layout.found, dtype), undefined(s.shapes[1], dtype)
    divided = layout.lines, layout.strips, layout.each, layout.slice, layout.slices, layout.together
    arguments = [x, g, won, found, *s[:5], high, across, s.top, s.left, *divided]
    run(winners_to_filters(dtype), arguments, layout.groups * layout.slices, how)
    run(winners_sum_groups(dtype), [found, dw, layout.groups, s.maps, s.filters, s.flip], -(-s.filters // FILTERS), how)
    return dw


def random_sizes(rng, dtype, most) -> Sizes:
    """Draw random sizes."""
    lanes = lanes_of(dtype)
    images, maps, filters = (int(rng.integers(*ends)) for ends in ((1, 5), (lanes, lanes + most), (1, 1 + most)))
    (height, width), (top, left) = rng.integers(4, 4 + most, 2), rng.integers(0, 3, 2)
    return sizes(images, maps, int(height), int(width), filters, int(top), int(left), int(rng.integers(0, 2)))


def agree(s: Sizes, dtype, how, seed=0):
    """Check one way of running the kernels."""
    x, g, won = drawn(s, dtype, seed)
    dw = expected(s, x, g, won)
    limit = LIMITS[dtype] * max(1.0, abs(dw).max())
    np.testing.assert_allclose(to_filters(s, x, g, won, how), dw, rtol=0, atol=limit)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("case", cases("float32"))
def test_boundary_sizes(case, dtype, how):
    if how == "python" and case in ("several strips of an image", "several slices", "the widest images"):
        pytest.skip("too slow as plain Python")
    agree(cases(dtype)[case], dtype, how)


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


def test_sums_of_many_terms_are_accurate():
    s = sizes(40, 16, 16, 16, 16)
    x, g, won = drawn(s, "float32")
    dw = expected(s, x, g, won)
    assert abs(to_filters(s, x, g, won) - dw).max() < 1e-6 * abs(dw).max()


def test_all_four_positions_of_a_tie_receive_the_gradient():
    s = sizes(2, 16, 6, 6, 3)
    x, g, won = drawn(s, "float32")
    won[:] = 15
    np.testing.assert_allclose(to_filters(s, x, g, won), expected(s, x, g, won), rtol=0, atol=1e-4)


def test_windows_without_a_maximum_or_a_gradient_add_nothing():
    s = sizes(2, 16, 6, 6, 3)
    x, g, won = drawn(s, "float32")
    assert (to_filters(s, x, g, np.zeros_like(won)) == 0).all()
    assert (to_filters(s, x, np.zeros_like(g), won) == 0).all()


def test_nan_and_infinity_reach_the_dependent_results_only():
    s = sizes(2, 17, 6, 8, 3)
    for value in (np.nan, np.inf):
        x, g, won = drawn(s, "float32")
        x[0, 3, 2, 3], g[1, 2, 2, 3], won[1, 2, 2, 3] = value, value, 1
        with np.errstate(invalid="ignore"):
            got, alone = to_filters(s, x, g, won), _of_winners_alone(s, x, g, won)
        np.testing.assert_array_equal(np.isfinite(got), np.isfinite(alone))
        assert np.isfinite(alone).any()
        assert not np.isfinite(alone).all()


def _of_winners_alone(s: Sizes, x, g, won):
    """Return the gradient to the filters as a sum over the maxima that receive a gradient."""
    images = np.pad(x.astype(float), ((0, 0), (0, 0), (s.top, 2), (s.left, 2)))
    dw = np.zeros(s.shapes[1])
    for n, o, row, column in zip(*np.nonzero(g), strict=True):
        for place in range(4):
            if won[n, o, row, column] >> place & 1:
                y, z = 2 * row + place // 2, 2 * column + place % 2
                dw[o] += float(g[n, o, row, column]) * images[n, :, y : y + 3, z : z + 3]
    return dw


def test_layouts_cover_all_windows_and_filters_evenly():
    for images in (1, 2, 10, 64):
        for maps, filters, high, across in ((16, 16, 16, 16), (64, 64, 4, 4), (256, 256, 4, 4), (16, 5, 1, 64)):
            layout = winners_layout("float32", images, maps, filters, high, across)
            units = images * layout.strips
            assert (layout.strips - 1) * layout.lines < high <= layout.strips * layout.lines
            assert (layout.groups - 1) * layout.each < units <= layout.groups * layout.each
            assert (layout.slices - 1) * layout.slice < filters <= layout.slices * layout.slice
            assert layout.slice <= module.SLICE
            assert layout.together * layout.lines * across <= module.WINDOWS
    parts = winners_layout("float32", 10, 16, 16, 16, 16)
    assert parts.groups * parts.each == 10 * parts.strips
