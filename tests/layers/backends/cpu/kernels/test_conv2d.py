"""Plain convolutions and their gradients against NumPy in float64; one kernel per type supports all sizes."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels.conv2d import filter_parts, image_parts, images_of_part
from network3.layers.backends.cpu.kernels.conv2d_to_filters import to_filters_layout
from tests.layers.backends.cpu.runs import WAYS

from .convolutions import (
    SLOW,
    Sizes,
    convolved,
    drawn,
    expected,
    expected_to_filters,
    expected_to_images,
    fixed,
    random_sizes,
    to_filters,
    to_images,
)
from .pooled_convolutions import LIMITS, close, same_kind


def agree(s, x, w, g, how, check=close):
    """Check the convolution and both gradients."""
    with np.errstate(invalid="ignore"):
        check(convolved(s, x, w, how), expected(s, x, w))
        check(to_filters(s, x, g, how), expected_to_filters(s, x, g))
        check(to_images(s, w, g, how), expected_to_images(s, w, g))


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("case", fixed("float32"))
def test_boundary_sizes(case, dtype, how):
    if how == "python" and case in SLOW:
        pytest.skip("too slow as plain Python")
    s = fixed(dtype)[case]
    agree(s, *drawn(s, dtype), how)


@pytest.mark.parametrize(("how", "times", "most"), [("python", 4, 5), ("compiled", 60, 40), ("checked", 40, 30)])
@pytest.mark.parametrize("dtype", LIMITS)
def test_random_sizes(dtype, how, times, most):
    rng = np.random.default_rng(15)
    for time in range(times):
        s = random_sizes(rng, most)
        try:
            agree(s, *drawn(s, dtype, time), how)
        except AssertionError as error:
            raise AssertionError(f"{s}: {error}") from error


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("s", [Sizes(2, 3, 6, 7, 4, 3, 2, 1, 1, 1, 2), Sizes(2, 2, 7, 9, 3, 2, 3, 2, 3, 1, 0, 0)])
def test_nan_and_infinity_propagate_to_dependent_elements_only(s, dtype, how):
    x, w, g = drawn(s, dtype)
    x[0, 1, 2, 3], x[1, 0, 5, 6] = np.nan, np.inf
    agree(s, x, w, g, how, same_kind)
    x, w, g = drawn(s, dtype)
    w[2, 1, 0, 1], w[0, 0, 1, 0] = np.nan, -np.inf
    agree(s, x, w, g, how, same_kind)
    x, w, g = drawn(s, dtype)
    g[0, 1, 1, 2], g[1, 2, 0, 0] = np.nan, np.inf
    agree(s, x, w, g, how, same_kind)


def test_images_do_not_depend_on_their_neighbours():
    s = Sizes(35, 2, 6, 7, 3, 3, 2, 1, 1, 2, 1)
    x, w, g = drawn(s, "float32")
    together, gradients = convolved(s, x, w), to_images(s, w, g)
    for k in (0, 1, 17, 34):
        one = slice(k, k + 1)
        np.testing.assert_array_equal(convolved(s._replace(images=1), x[one].copy(), w)[0], together[k])
        np.testing.assert_array_equal(to_images(s._replace(images=1), w, g[one].copy())[0], gradients[k])


def test_sums_of_many_terms_are_accurate():
    s = Sizes(20, 40, 12, 12, 8, 5, 5)
    x, w, g = (np.abs(v) for v in drawn(s, "float32"))
    for got, reference in (
        (convolved(s, x, w), expected(s, x, w)),
        (to_filters(s, x, g), expected_to_filters(s, x, g)),
        (to_images(s, w, g), expected_to_images(s, w, g)),
    ):
        assert np.abs(got / reference - 1).max() < 2e-6


@pytest.mark.parametrize("images", [1, 2, 16, 31, 32, 33, 100, 1000])
def test_every_image_is_in_a_part(images):
    each, parts = images_of_part(images), image_parts(images)
    assert (parts - 1) * each < images <= parts * each
    assert parts <= 32
    for taps in (1, 25, 500, 5000):
        layout = to_filters_layout("float32", images, 20, taps, 1)
        assert (layout.chunks - 1) * layout.images < images <= layout.chunks * layout.images


def test_no_images_have_no_parts():
    assert image_parts(0) == 0
    assert filter_parts(0) == 0
