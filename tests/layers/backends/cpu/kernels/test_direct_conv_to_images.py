"""The direct gradient of a convolution to its images against NumPy in float64."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels import direct_conv_to_images as module
from network3.layers.backends.cpu.kernels.direct_conv_to_images import (
    direct_conv_to_images,
    pack_taps_last,
    to_images_layout,
)
from network3.layers.backends.cpu.kernels.winograd_rows import COLUMNS
from network3.layers.backends.cpu.processor import lanes_of
from tests.layers.backends.cpu.runs import WAYS, run

from .convolutions import Sizes, drawn, expected_to_images
from .pooled_convolutions import LIMITS, close, undefined


def cases(dtype):
    """Return sizes at which vectors and panels of maps are full, or have one element less or more."""
    n = lanes_of(dtype)
    return {
        "one pixel a filter": Sizes(2, n, 3, 4, n, 1, 1),
        "one pixel a filter, striding": Sizes(1, n, 4, 5, n, 1, 1, 2, 3),
        "3 x 3": Sizes(2, n, 4, 5, n, 3, 3, 1, 1, 1, 1),
        "3 x 3, striding": Sizes(1, n, 6, 7, n, 3, 3, 2, 2, 1, 1),
        "a large filter": Sizes(1, n, 6, 8, n, 5, 4, 1, 1, 2, 1, 0),
        "strides longer than the filter": Sizes(1, n, 9, 8, n, 2, 2, 3, 4, 0, 0),
        "strides beyond the border": Sizes(1, n, 5, 4, n, 3, 2, 4, 3, 2, 1),
        "one more map than a vector": Sizes(2, n + 1, 4, 6, n + 2, 2, 3, 1, 2),
        "several panels": Sizes(1, 5 * n - 1, 3, 5, n, 2, 2),
        "rows longer than a vector": Sizes(1, n, 3, n + 5, n, 3, 3, 1, 1, 1, 1),
        "many positions": Sizes(2, n, 19, 30, n, 3, 3, 1, 2, 1, 0),
    }


def random_sizes(rng, dtype, most) -> Sizes:
    """Draw random sizes."""
    lanes = lanes_of(dtype)
    images, maps, filters = (int(v) for v in (rng.integers(1, 4), *rng.integers(lanes, lanes + most, 2)))
    kh, kw, down, right = (int(v) for v in rng.integers(1, (6, 6, 4, 4)))
    top, left = int(rng.integers(0, 4)), int(rng.integers(0, kw))
    height, width = (max(1, k - 2 * pad) + int(rng.integers(0, most)) for k, pad in ((kh, top), (kw, left)))
    return Sizes(images, maps, height, width, filters, kh, kw, down, right, top, left, int(rng.integers(0, 2)))


def layout_of(s: Sizes, dtype):
    """Return the layout for some sizes."""
    return to_images_layout(dtype, s.filters, *s.out, *s[1:4], s.kh, s.kw, s.down, s.right, s.left)


def to_images(s: Sizes, w, g, how="compiled"):
    """Return the gradient to the images."""
    dtype, layout, taps = w.dtype.name, layout_of(s, w.dtype.name), s.kh * s.kw
    packed = undefined(layout.packed, dtype)
    dx = undefined((s.images, s.maps, s.height, s.width), dtype)
    run(
        pack_taps_last(dtype),
        [w, packed, s.filters, s.maps, taps, s.maps * taps, taps, s.flip],
        layout.filter_parts,
        how,
    )
    sizes = [s.filters, *s.out, *s[1:4], s.kh, s.kw, s.down, s.right, s.top, s.left]
    arguments = [g, packed, dx, layout.strip, layout.strips, *sizes]
    run(direct_conv_to_images(dtype), arguments, s.images * layout.strips, how)
    return dx


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("case", cases("float32"))
def test_boundary_sizes(case, dtype, how):
    if how == "python" and case in (
        "3 x 3",
        "a large filter",
        "several panels",
        "rows longer than a vector",
        "many positions",
    ):
        pytest.skip("too slow as plain Python")
    s = cases(dtype)[case]
    _, w, g = drawn(s, dtype)
    close(to_images(s, w, g, how), expected_to_images(s, w, g))


@pytest.mark.parametrize(("how", "times"), [("compiled", 30), ("checked", 15)])
@pytest.mark.parametrize("dtype", LIMITS)
def test_random_sizes(dtype, how, times):
    rng = np.random.default_rng(17)
    for time in range(times):
        s = random_sizes(rng, dtype, 40 if how == "compiled" else 15)
        _, w, g = drawn(s, dtype, time)
        try:
            close(to_images(s, w, g, how), expected_to_images(s, w, g))
        except AssertionError as error:
            raise AssertionError(f"{s}: {error}") from error


@pytest.mark.parametrize("dtype", LIMITS)
def test_images_in_strips(dtype, monkeypatch):
    s = Sizes(2, 33, 23, 20, 18, 5, 3, 2, 1, 2, 1)
    _, w, g = drawn(s, dtype)
    whole = to_images(s, w, g)
    assert layout_of(s, dtype).strips == 1
    monkeypatch.setattr(module, "PIXELS", 3 * 20 * module.span_of(dtype))
    assert layout_of(s, dtype).strips == 8
    np.testing.assert_array_equal(to_images(s, w, g), whole)


@pytest.mark.parametrize("s", [Sizes(2, 16, 6, 7, 17, 3, 3, 1, 1, 1, 1), Sizes(1, 16, 7, 9, 16, 3, 2, 2, 3, 1, 0)])
def test_nan_and_infinity_propagate_to_dependent_elements_only(s):
    _, w, g = drawn(s, "float32")
    g[0, 1, 1, 2], g[-1, 2, 0, 0] = np.nan, np.inf
    with np.errstate(invalid="ignore"):
        reference = expected_to_images(s, w, g)
    got = to_images(s, w, g)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(reference))
    np.testing.assert_array_equal(np.isfinite(got), np.isfinite(reference))


def test_images_do_not_depend_on_their_neighbours():
    s = Sizes(9, 20, 6, 7, 17, 3, 3, 2, 1, 1, 1)
    _, w, g = drawn(s, "float32")
    together = to_images(s, w, g)
    for k in (0, 5, 8):
        np.testing.assert_array_equal(to_images(s._replace(images=1), w, g[k : k + 1].copy())[0], together[k])


def test_sums_of_many_terms_are_accurate():
    s = Sizes(2, 16, 8, 8, 300, 5, 5, 1, 1, 2, 2)
    _, w, g = (abs(v) for v in drawn(s, "float32"))
    assert abs(to_images(s, w, g) / expected_to_images(s, w, g) - 1).max() < 2e-6


def test_sizes_that_the_kernels_do_not_support():
    n = lanes_of("float32")
    s = Sizes(1, n, 8, 8, n, 3, 3, 1, 1, 1, 1)
    assert layout_of(s, "float32")
    others = (
        {"maps": n - 1},
        {"filters": n - 1},
        {"width": COLUMNS + 1},
        {"left": 3},
        {"kh": 10, "kw": 13, "top": 9, "left": 9},
    )
    for other in others:
        assert layout_of(s._replace(**other), "float32") is None
    assert layout_of(s._replace(filters=100_000), "float32") is None
