"""The expansion agrees with the book's method: roll by a pixel, blank the line that wraps around."""

import tracemalloc

import numpy as np
import pytest

from network3.datasets import expand, load_mnist

SHAPE = (3, 5)  # rows and columns differ, so that a swapped axis is detected


def by_rolling(image, fill=0):
    """The image and its four copies as the book's expand_mnist.py makes them."""
    copies = [image]
    # (step, axis, index of the line that wraps around)
    for step, axis, line in [(1, 0, 0), (-1, 0, -1), (1, 1, 0), (-1, 1, -1)]:
        copy = np.roll(image, step, axis)
        if axis == 0:
            copy[line, :] = fill
        else:
            copy[:, line] = fill
        copies.append(copy)
    return copies


@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64, np.int16])
@pytest.mark.parametrize("fill", [0, 9])
def test_agrees_with_rolling(dtype, fill):
    images = np.arange(1, 7 * 15 + 1).astype(dtype).reshape(7, 15)
    x, y = expand(images, np.arange(7), fill=fill, image_shape=SHAPE, shuffle=False)
    expected = [copy.ravel() for image in images for copy in by_rolling(image.reshape(SHAPE), fill)]
    assert x.dtype == dtype
    np.testing.assert_array_equal(x, expected)
    assert y.tolist() == [i for i in range(7) for _ in range(5)]


def test_more_images_than_one_chunk():
    images = np.random.default_rng(1).integers(0, 256, (2100, 15), np.uint8)
    x, y = expand(images, np.arange(2100), image_shape=SHAPE, shuffle=False)
    expected = [copy.ravel() for image in images for copy in by_rolling(image.reshape(SHAPE))]
    np.testing.assert_array_equal(x, expected)
    np.testing.assert_array_equal(y, np.arange(2100).repeat(5))


def test_the_shuffle_is_one_permutation_of_images_and_labels_together():
    images, labels = np.arange(1, 4 * 15 + 1).reshape(4, 15), np.array([3, 1, 4, 2])
    x, y = expand(images, labels, image_shape=SHAPE, shuffle=False)
    order = np.random.default_rng(5).permutation(20)
    shuffled_x, shuffled_y = expand(images, labels, image_shape=SHAPE, seed=5)
    np.testing.assert_array_equal(shuffled_x, x[order])
    np.testing.assert_array_equal(shuffled_y, y[order])


def test_a_seed_is_reproducible_and_another_differs():
    images, labels = np.arange(60).reshape(4, 15), np.arange(4)
    first, again, other = (expand(images, labels, image_shape=SHAPE, seed=seed)[1] for seed in (0, 0, 1))
    assert first.tolist() == again.tolist() != other.tolist()
    assert expand(images, labels, image_shape=SHAPE)[1].tolist() == first.tolist()


def test_labels_keep_their_dtype_and_shape():
    one_hot = np.eye(4, 6, dtype=np.float32)
    y = expand(np.zeros((4, 15)), one_hot, image_shape=SHAPE, shuffle=False)[1]
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, one_hot.repeat(5, axis=0))


def test_channels_are_shifted_together():
    images = np.arange(1, 2 * 2 * 15 + 1).reshape(2, 2, 3, 5)
    x, _ = expand(images, [0, 1], image_shape=(2, 3, 5), shuffle=False)
    assert x.shape == (10, 2, 3, 5)
    for i in range(2):
        for channel in range(2):
            np.testing.assert_array_equal(x[5 * i : 5 * i + 5, channel], by_rolling(images[i, channel]))


def test_the_arguments_are_neither_changed_nor_shared():
    images = np.arange(60).reshape(4, 15)
    before = images.copy()
    x, _ = expand(images, np.arange(4), image_shape=SHAPE)
    assert not np.shares_memory(x, images)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("shape", [(1, 4), (4, 1), (1, 1)])
def test_images_of_one_row_or_column(shape):
    image = np.arange(1, shape[0] * shape[1] + 1).reshape(shape)
    x, _ = expand(image.reshape(1, -1), [0], image_shape=shape, shuffle=False)
    np.testing.assert_array_equal(x, [copy.ravel() for copy in by_rolling(image)])


def test_mnist_gains_only_blank_borders():
    images, labels = load_mnist()[2]
    x, y = expand(images, labels)
    assert x.shape == (50_000, 784)
    np.testing.assert_array_equal(np.bincount(y), 5 * np.bincount(labels))


def test_memory_is_little_more_than_the_output():
    images = np.ones((20_000, 784), np.uint8)
    tracemalloc.start()
    try:
        x, _ = expand(images, np.zeros(20_000, np.int32))
        assert tracemalloc.get_traced_memory()[1] < x.nbytes + 8 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"images": np.zeros((4, 14))},
            r"images must have the shape \(n, 15\).*got \(4, 14\).*image_shape",
        ),
        ({"images": np.zeros(15)}, r"images must have the shape \(n, 15\).*got \(15,\)"),
        ({"labels": np.arange(3)}, r"labels must be 4, one for each image; got the shape \(3,\)"),
        ({"labels": 3}, r"got the shape \(\)"),
        ({"image_shape": (15,)}, r"image_shape must be \(height, width\).*got \(15,\)\. Write"),
        ({"image_shape": (-3, -5)}, r"each at least 1; got \(-3, -5\)"),
        ({"fill": np.nan}, r"fill must be a finite value.*got nan"),
        (
            {"images": np.zeros((4, 15), np.uint8), "fill": 0.5},
            r"uint8 images can represent; got 0\.5\. Choose",
        ),
        ({"images": np.zeros((4, 15), np.uint8), "fill": 256}, r"uint8 images can represent; got 256"),
        ({"images": np.zeros((4, 15), np.uint8), "fill": -1}, r"uint8 images can represent; got -1"),
        ({"images": np.zeros((4, 15), np.float16), "fill": 1e6}, r"float16 images can represent"),
    ],
)
def test_wrong_arguments(change, message):
    arguments = {"images": np.zeros((4, 15)), "labels": np.arange(4), "image_shape": SHAPE} | change
    with pytest.raises(ValueError, match=f"expand: .*{message}"):
        expand(**arguments)


def test_images_that_are_not_numbers():
    with pytest.raises(TypeError, match="expand: images must be integers or floats; got dtype <U1"):
        expand(np.full((4, 15), "a"), np.arange(4), image_shape=SHAPE)
