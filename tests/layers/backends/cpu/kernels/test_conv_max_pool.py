"""Convolution with max-pooling against NumPy in float64: sizes, strides, borders, windows; ties, NaN and infinity."""

from dataclasses import replace

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels.conv_max_pool import conv_max_pool, forward_layout
from network3.layers.backends.cpu.kernels.geometry import planes_of
from tests.layers.backends.cpu.runs import WAYS

from .pooled_convolutions import (
    LIMITS,
    about_vectors,
    close,
    drawn,
    expected,
    expected_sums,
    geometry,
    pooled,
    runs,
    same_kind,
)


@pytest.mark.parametrize(("case", "dtype", "how"), runs())
def test_values_and_winners(case, dtype, how):
    g = geometry(case, dtype, flip=len(case) % 2 == 0)  # both values occur
    x, w, _ = drawn(case, dtype)
    got, bits = pooled(g, x, w, how)
    sums = np.sort(expected_sums(g, x, w), -1)
    reference, expected_bits = expected(g, x, w)
    close(got, reference)
    assert (bits > 0).all()
    # If two positions have nearly the same value, rounding decides between them.
    ahead = sums[..., -1] - sums[..., -2] if len(g.places) > 1 else np.ones(reference.shape)
    clear = (ahead == 0) | (ahead > LIMITS[dtype] * 100)
    np.testing.assert_array_equal(bits[clear], expected_bits[clear])


@pytest.mark.parametrize("how", ["compiled", "checked"])
@pytest.mark.parametrize("case", about_vectors())
def test_one_element_less_and_more_than_full_vectors(case, how):
    g = geometry(case, "float32")
    x, w, _ = drawn(case, "float32")
    close(pooled(g, x, w, how)[0], expected(g, x, w)[0])


@pytest.mark.parametrize("how", WAYS)
def test_all_positions_of_a_tie_win(how):
    case = "windows smaller than a vector"
    g = geometry(case, "float32")
    x, w, _ = drawn(case, "float32")
    x, w = np.round(x), np.round(w)  # small integers: sums are exact, and many are equal
    x[0] = 0
    got, bits = pooled(g, x, w, how)
    assert (bits[0] == 0b111111).all()
    assert (bits[1] & (bits[1] - 1)).any()
    for one, other in zip((got, bits), expected(g, x, w), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", LIMITS)
def test_nan_and_infinity_propagate(dtype, how):
    case = "a border"
    g = geometry(case, dtype)
    x, w, _ = drawn(case, dtype)
    x[0, 1, 3, 4], x[1, 0, 6, 8], w[2, 1, 0, 3] = np.nan, np.inf, -np.inf
    got, bits = pooled(g, x, w, how)
    with np.errstate(invalid="ignore"):
        reference, expected_bits = expected(g, x, w)
    same_kind(got, reference)
    assert np.isnan(got).any()
    assert not np.isnan(got).all()
    np.testing.assert_array_equal(bits[~np.isfinite(reference)], expected_bits[~np.isfinite(reference)])


def test_images_do_not_depend_on_their_neighbours():
    case = "a border"
    g = geometry(case, "float32")
    x, w, _ = drawn(case, "float32")
    together = pooled(g, x, w)[0]
    for k in range(len(x)):
        np.testing.assert_array_equal(pooled(g, x[k : k + 1].copy(), w)[0][0], together[k])


def test_sums_of_many_terms_are_accurate():
    """Sums of 500 terms in several partial sums: the error is as small as that of a product of matrices."""
    case = "the chapter's second layer"
    g = geometry(case, "float32")
    x, w, _ = drawn(case, "float32")
    reference = expected(g, x, w)[0]
    assert np.abs(pooled(g, x, w)[0] - reference).max() < 5e-7 * np.abs(reference).max()


def test_planes_contain_the_pixels_that_taps_read():
    """Convolution with the reference implementation of the planes agrees with the one without planes."""
    g = geometry("strides", "float64", flip=False)
    x, w, _ = drawn("strides", "float64")
    planes = planes_of(g, x)
    for f, (a, b) in enumerate(g.places):
        rows, columns = slice(g.stride[0] * a, g.stride[0] * a + g.kh), slice(g.stride[1] * b, g.stride[1] * b + g.kw)
        sums = np.einsum("ocij,ncijq->noq", w, planes[:, :, rows, columns, : g.windows])
        np.testing.assert_allclose(sums.reshape(len(x), g.filters, *g.pooled), expected_sums(g, x, w)[..., f])


def test_a_kernel_is_identified_by_its_geometry():
    g = geometry("strides", "float32")
    assert conv_max_pool(g) == conv_max_pool(replace(g))
    assert conv_max_pool(g) != conv_max_pool(replace(g, flip=False))
    assert "Geometry(maps=2, height=13, width=17, filters=4, kh=3, kw=4, stride=(2, 3)" in conv_max_pool(g).key


@pytest.mark.parametrize("filters", [1, 5, 7, 19, 40])
def test_every_filter_is_in_a_share(filters):
    g = replace(geometry("strides", "float32"), filters=filters)
    layout = forward_layout(g)
    assert 1 <= layout.share <= filters
    assert (layout.shares - 1) * layout.share < filters <= layout.shares * layout.share
