"""`check_pair`: what it returns unchanged, what it converts, and what it rejects."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from network3.datasets import check_pair

IMAGES = np.arange(12, dtype=np.float32).reshape(3, 4)
LABELS = np.array([2, 0, 7], np.int32)


@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64])
def test_valid_arrays_are_returned_unchanged(dtype):
    images = IMAGES.astype(dtype)
    checked = check_pair("data", images, LABELS)
    assert checked[0] is images
    assert checked[1] is LABELS


def test_images_are_flattened_in_c_order_without_a_copy():
    images = np.arange(3 * 2 * 4 * 5, dtype=np.uint8).reshape(3, 2, 4, 5)
    flat, _ = check_pair("data", images, LABELS)
    assert np.shares_memory(flat, images)
    np.testing.assert_array_equal(flat, [image.ravel() for image in images])


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint16, np.int32, np.int64, np.uint64])
def test_other_integers_become_float32(dtype):
    images, _ = check_pair("data", IMAGES.astype(dtype), LABELS)
    assert images.dtype == np.float32
    np.testing.assert_array_equal(images, IMAGES.astype(dtype).astype(int))


@pytest.mark.parametrize("dtype", [">f4", ">f8", ">i2"])
def test_a_foreign_byte_order_becomes_native(dtype):
    images, _ = check_pair("data", IMAGES.astype(dtype), LABELS.astype(">i4"))
    assert images.dtype.isnative
    np.testing.assert_array_equal(images, IMAGES)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.uint64, np.float32, np.float64])
def test_labels_become_int32(dtype):
    _, labels = check_pair("data", IMAGES, LABELS.astype(dtype))
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, LABELS)


def test_lists_are_accepted():
    images, labels = check_pair("data", [[0.5, 1], [2, 3]], [1, 0])
    assert images.shape == (2, 2)
    assert labels.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES[0], LABELS, r"images must have the shape .* got \(4,\)\. Reshape a single image"),
        (
            IMAGES[:0],
            LABELS[:0],
            r"images must be at least one.* got the shape \(0, 4\)\. Omit an empty set",
        ),
        (IMAGES[:, :0], LABELS, r"got the shape \(3, 0\)"),
        (IMAGES, LABELS[:2], r"labels must be 3, one for each image; got the shape \(2,\)"),
        (IMAGES, 3, r"labels must be 3, .*got the shape \(\)"),
        (
            np.where(IMAGES == 9, np.nan, IMAGES),
            LABELS,
            r"images must be finite; got nan, first in row 2\. Remove",
        ),
        (
            np.where(IMAGES == 5, -np.inf, IMAGES),
            LABELS,
            r"images must be finite; got -inf, first in row 1",
        ),
        (
            np.where(IMAGES == 7, np.inf, IMAGES),
            LABELS,
            r"images must be finite; got inf, first in row 1",
        ),
        (np.full((3, 4), 2**24 + 1), LABELS, r"int64 must lie within .*16,777,216.*got 16777217"),
        (np.full((3, 4), np.iinfo(np.int64).min), LABELS, r"must lie within .* Scale them"),
        (np.full((3, 4), 2**63, np.uint64), LABELS, r"uint64 must lie within"),
        (
            IMAGES,
            [0, 1.5, 2],
            r"labels must be class numbers; got 1\.5 in row 1\. Number the classes",
        ),
        (IMAGES, [0, 1, np.nan], r"labels must be class numbers; got nan in row 2"),
        (IMAGES, [np.inf, 1, 0], r"labels must be class numbers; got inf in row 0"),
        (IMAGES, [0, -1, 2], r"labels must lie between 0 and 2147483647; got -1 to 2\. Number"),
        (IMAGES, [0, 1, 2**31], r"got 0 to 2147483648"),
        (IMAGES, np.array([0, 1, 2**31], np.float32), r"got 0 to 2147483648"),
        (IMAGES, [0, 1, 1e18], r"got 0 to 1000000000000000000"),
        (
            IMAGES,
            np.eye(3),
            r"labels must have the shape \(3,\); got \(3, 3\)\. Pass labels\.argmax\(axis=1\)",
        ),
        (IMAGES, LABELS[:, None], r"got \(3, 1\)\. Pass labels\.ravel\(\)"),
        ([[1, 2], [3]], [0, 1], r"images must be one array; .*Use the same shape for every example"),
    ],
)
def test_invalid_sets_are_rejected(images, labels, message):
    with pytest.raises(ValueError, match=f"training data: .*{message}"):
        check_pair("training data", images, labels)


@pytest.mark.parametrize("wrong", [["a", "b", "c"], [None, 1, 2], [1j, 0, 0]])
def test_values_that_are_not_numbers(wrong):
    with pytest.raises(TypeError, match=r"data: labels must be integers or floats; got dtype .*astype"):
        check_pair("data", IMAGES, wrong)
    with pytest.raises(TypeError, match="data: images must be integers or floats; got dtype"):
        check_pair("data", np.array(wrong)[:, None], LABELS)


@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 5, 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_regression_targets_are_returned_unchanged(shape, dtype):
    values = np.linspace(-1, 1, np.prod(shape)).reshape(shape).astype(dtype)
    assert check_pair("data", IMAGES, values, targets="values")[1] is values


def test_integer_targets_become_float32():
    assert check_pair("data", IMAGES, [3, -1, 2], targets="values")[1].dtype == np.float32
    assert check_pair("data", IMAGES, LABELS.astype(np.uint8), targets="values")[1].dtype == np.float32


def test_regression_targets_must_be_finite():
    with pytest.raises(ValueError, match="data: labels must be finite; got nan, first in row 1"):
        check_pair("data", IMAGES, [0.5, np.nan, 1], targets="values")


def test_unknown_targets():
    with pytest.raises(ValueError, match="targets must be 'labels' or 'values'; got 'classes'"):
        check_pair("data", IMAGES, LABELS, targets="classes")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), min_size=1, max_size=12))
def test_a_float_label_is_accepted_exactly_if_it_equals_its_int(values):
    valid = all(np.isfinite(v) and v == int(v) and 0 <= v < 2**31 for v in values)
    images = np.zeros((len(values), 2))
    if valid:
        assert check_pair("data", images, values)[1].tolist() == [int(v) for v in values]
    else:
        with pytest.raises(ValueError, match="labels"):
            check_pair("data", images, values)
