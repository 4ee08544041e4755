"""Deformed images against plain loops over pixels, and fields that are never too strong and never fold."""

import math
import sys

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from network3.datasets import deform
from network3.datasets.transforms.deform import MAX_STRAIN, folds, strain

SHAPE = (3, 5, 7)  # channels, rows and columns all differ, so that a swapped axis is detected
IMAGES = np.random.default_rng(1).uniform(10, 200, (2, *SHAPE))


def smoothed(noise, sigma):
    """Smooth the noise by a Gaussian truncated at 4 sigma; outside of the image the noise is 0."""
    reach = int(4 * sigma + 0.5)
    total = sum(math.exp(-0.5 * (k / sigma) ** 2) for k in range(-reach, reach + 1))
    along = []
    for size in noise.shape:
        apart = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
        along.append(np.where(apart <= reach, np.exp(-0.5 * (apart / sigma) ** 2) / total, 0))
    return along[0] @ noise @ along[1].T


def drawn(rng, count, shape, rotation, scaling, elastic, smoothness):
    """Draw fields as `deform` does: angles, factors, noise; the coordinates are computed pixel by pixel."""
    angles = np.radians(rng.uniform(-rotation, rotation, count))
    factors = rng.uniform(1 - scaling, 1 + scaling, count)
    noise = rng.uniform(-1, 1, size=(2, count, *shape)) if elastic else np.zeros((2, count, *shape))
    cy, cx = (shape[0] - 1) / 2, (shape[1] - 1) / 2
    fields = []
    for k, (angle, factor) in enumerate(zip(angles, factors, strict=True)):
        places = elastic * np.array([smoothed(part, smoothness) for part in noise[:, k]])
        for y, x in np.ndindex(*shape):
            places[0, y, x] += cy + ((y - cy) * math.cos(angle) - (x - cx) * math.sin(angle)) / factor
            places[1, y, x] += cx + ((y - cy) * math.sin(angle) + (x - cx) * math.cos(angle)) / factor
        fields.append(places)
    return fields


def unfolded(rng, count, *asked):
    """Draw fields, redrawing those that fold until none does; return also how many were redrawn."""
    fields, more = drawn(rng, count, *asked), 0
    while again := [k for k, places in enumerate(fields) if inside_out(places)]:
        for k, places in zip(again, drawn(rng, len(again), *asked), strict=True):
            fields[k] = places
        more += len(again)
    return fields, more


def inside_out(places):
    """Return whether the determinant of the derivatives is 0 or less anywhere."""
    dy, dx = (np.gradient(places, axis=axis) for axis in (1, 2))
    return (np.linalg.det(np.stack([dy, dx]).transpose(2, 3, 0, 1)) <= 0).any()


def interpolated(channel, places, fill):
    """Interpolate the value at each place from the four pixels around it; outside of the image it is the fill."""
    height, width = channel.shape
    result = np.full(channel.shape, float(fill))
    for i, j in np.ndindex(*channel.shape):
        y, x = places[:, i, j]
        if 0 <= y <= height - 1 and 0 <= x <= width - 1:
            top, left = min(int(y), height - 2), min(int(x), width - 2)
            down, right = y - top, x - left
            above = (1 - right) * channel[top, left] + right * channel[top, left + 1]
            below = (1 - right) * channel[top + 1, left] + right * channel[top + 1, left + 1]
            result[i, j] = (1 - down) * above + down * below
    return result


FIELDS = {
    "rotation": (40, 0.0, 0.0, 4.0),
    "rotation by up to a half turn": (180, 0.0, 0.0, 4.0),
    "scaling": (0, 0.6, 0.0, 4.0),
    "elastic": (0, 0.0, 5.0, 1.5),
    "all": (25, 0.3, 4.0, 1.3),
}


@pytest.mark.parametrize("fill", [0, -3.5])
@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_agrees_with_loops_over_pixels(field, fill):
    names = ("rotation", "scaling", "elastic", "smoothness")
    found = deform(IMAGES, **dict(zip(names, field, strict=True)), fill=fill, seed=3, image_shape=SHAPE)
    fields, _ = unfolded(np.random.default_rng(3), len(IMAGES), SHAPE[1:], *field)
    for image, places, result in zip(IMAGES, fields, found, strict=True):
        expected = [interpolated(channel, places, fill) for channel in image]
        np.testing.assert_allclose(result, expected, rtol=1e-9)
        assert not np.allclose(result, image)


def test_each_image_is_shifted_by_a_different_amount():
    found = deform(IMAGES, shift=2.5, seed=3, fill=4, image_shape=SHAPE)
    rng = np.random.default_rng(3)
    drawn(rng, 2, SHAPE[1:], 0, 0, 0, 4.0)  # the angles and factors are drawn first
    for image, shift, result in zip(IMAGES, rng.uniform(-2.5, 2.5, (2, 2)).T, found, strict=True):
        places = np.indices(SHAPE[1:]) + shift[:, None, None]
        np.testing.assert_allclose(result, [interpolated(channel, places, 4) for channel in image], rtol=1e-9)


def test_without_any_deformation_the_images_are_equal():
    x = deform(IMAGES, image_shape=SHAPE)
    np.testing.assert_array_equal(x, IMAGES)
    assert not np.shares_memory(x, IMAGES)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
@pytest.mark.parametrize("flat", [True, False], ids=["rows", "images"])
def test_dtype_and_shape_are_preserved_and_integers_rounded(dtype, flat):
    images = IMAGES.astype(dtype).reshape((6, 35) if flat else (6, 5, 7))
    before = images.copy()
    x = deform(images, rotation=30, seed=8, image_shape=(5, 7))
    assert (x.dtype, x.shape) == (images.dtype, images.shape)
    np.testing.assert_array_equal(images, before)
    fields = drawn(np.random.default_rng(8), 6, (5, 7), 30, 0, 0, 4.0)
    for image, places, result in zip(images.reshape(6, 5, 7), fields, x.reshape(6, 5, 7), strict=True):
        expected = interpolated(image.astype(float), places, 0)
        np.testing.assert_allclose(result, np.rint(expected) if dtype in (np.uint8, np.int16) else expected, rtol=1e-6)


def test_a_seed_is_reproducible_and_none_is_not():
    def deformed(**seed):
        return deform(IMAGES, rotation=20, elastic=3, smoothness=2, image_shape=SHAPE, **seed)

    np.testing.assert_array_equal(deformed(seed=5), deformed(seed=5))
    np.testing.assert_array_equal(deformed(), deformed(seed=0))
    np.testing.assert_array_equal(deformed(seed=np.random.default_rng(5)), deformed(seed=5))
    assert not np.array_equal(deformed(seed=5), deformed(seed=6))
    assert not np.array_equal(deformed(seed=None), deformed(seed=None))


@pytest.mark.parametrize("smoothness", [4.0, 6.0])
def test_strain_is_the_deviation_of_the_derivative(smoothness):
    noise = np.random.default_rng(2).uniform(-1, 1, (1100, 1000))
    displacement = 30 * gaussian_filter(noise, smoothness)
    for axis in (0, 1):
        deviation = np.gradient(displacement, axis=axis)[40:-40, 40:-40].std()
        assert strain(30, smoothness) == pytest.approx(deviation, rel=0.05)


def test_a_map_that_mirrors_or_collapses_an_area_folds():
    y, x = np.indices((5, 7), dtype=float)
    crossed = x.copy()
    crossed[2, 3], crossed[2, 4] = x[2, 4] + 1, x[2, 3] - 1  # two neighbours are exchanged
    intact = [(y, x), (-y, -x), (x, -y)]  # the identity, a half turn, a quarter turn
    torn = [(y, -x), (x, y), (y, np.full((5, 7), 2.0)), (y, crossed)]  # mirrors, an area of 0
    found = folds(np.array(intact + torn).transpose(1, 0, 2, 3))
    assert found.tolist() == [False] * 3 + [True] * 4


def test_the_strongest_field_does_not_fold():
    """Images of coordinates show the source of each pixel; some of the fields drawn first do fold."""
    ramps = np.tile(np.indices((20, 26), dtype=float), (40, 1, 1, 1))
    strongest = 0.999 * MAX_STRAIN / strain(1, 3)
    asked = {"elastic": strongest, "smoothness": 3, "seed": 4, "image_shape": (2, 20, 26)}
    seen = deform(ramps, fill=-1, **asked)
    fields, again = unfolded(np.random.default_rng(4), 40, (20, 26), 0, 0, strongest, 3)
    for places, field in zip(seen, fields, strict=True):
        within = (places >= 0).all(axis=0)
        np.testing.assert_allclose(places[:, within], field[:, within], rtol=1e-9, atol=1e-9)
        assert within.sum() > 300
        assert not folds(field[:, None]).any()
    assert again > 0


def test_an_error_if_every_field_folds():
    with pytest.raises(ValueError, match=r"deform: expected .* does not fold; got none in 100 tries .*\. Lower them"):
        deform(np.zeros((1, 90_000)), elastic=0.999 * MAX_STRAIN / strain(1, 2), smoothness=2, image_shape=(360, 250))


def test_many_images_are_deformed_in_chunks(monkeypatch):
    images = np.random.default_rng(6).uniform(10, 200, (7, 35))
    asked = {"rotation": 30, "elastic": 2, "smoothness": 2, "image_shape": (5, 7)}
    monkeypatch.setattr(sys.modules["network3.datasets.transforms.deform"], "CHUNK", 3)
    rng = np.random.default_rng(9)
    parts = [deform(some, **asked, seed=rng) for some in (images[:3], images[3:6], images[6:])]
    np.testing.assert_array_equal(deform(images, **asked, seed=9), np.concatenate(parts))


@pytest.mark.parametrize("shape", [(1, 6), (6, 1), (1, 1)])
def test_images_of_one_row_or_column(shape):
    image = np.arange(1.0, shape[0] * shape[1] + 1).reshape(1, -1)
    assert deform(image, rotation=10, elastic=1, image_shape=shape).shape == image.shape
    np.testing.assert_array_equal(deform(image, elastic=0, image_shape=shape), image)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"elastic": 60},
            r"elastic must be at most 48\.6 for a smoothness of 4, or the digit would tear; got 60\. Lower",
        ),
        ({"elastic": 34, "smoothness": 3}, r"elastic must be at most 27\.4 for a smoothness of 3.*; got 34"),
        ({"elastic": -1}, r"elastic must be a number, at least 0; got -1\. Choose"),
        ({"elastic": np.inf}, r"elastic must be a number, at least 0; got inf"),
        (
            {"rotation": 200},
            r"rotation must be a number, at least 0 and at most 180; got 200\. Choose e\.g\. 15 degrees\.",
        ),
        ({"rotation": np.nan}, r"rotation must be a number.*; got nan"),
        ({"rotation": "text"}, r"rotation must be a number.*; got 'text'"),
        ({"scaling": 1}, r"scaling must be a number, at least 0 and at most 0\.9; got 1\. Choose e\.g\. 0\.15\."),
        ({"shift": -1}, r"shift must be a number, at least 0; got -1\. Choose e\.g\. 1 pixel\."),
        ({"smoothness": 0}, r"smoothness must be a number, at least 0\.1; got 0\. Choose e\.g\. 4 pixels\."),
        ({"image_shape": (5, 6)}, r"images must have the shape \(n, 30\).*got \(4, 35\)\. Pass the image_shape"),
        ({"fill": np.nan}, r"fill must be a finite value.*got nan\. Choose"),
        ({"images": np.zeros((4, 35), np.uint8), "fill": 256}, r"fill must .* uint8 images can represent; got 256"),
    ],
)
def test_wrong_arguments(change, message):
    with pytest.raises(ValueError, match=f"^deform: {message}"):
        deform(**({"images": np.zeros((4, 35)), "image_shape": (5, 7)} | change))


@pytest.mark.parametrize("dtype", [object, "U1", bool])
def test_images_that_are_not_numbers(dtype):
    with pytest.raises(TypeError, match=r"^deform: images must be integers or floats; got dtype .*\. Convert"):
        deform(np.zeros((4, 35), dtype), image_shape=(5, 7))
