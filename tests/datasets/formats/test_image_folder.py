"""Folders of images: each class has a folder, grey or in colour, resized or of one size."""

import numpy as np
import pytest
from PIL import Image

from network3.datasets import read, read_image_folder

RNG = np.random.default_rng(0)


def write(folder, count, shape=(5, 4), first=0):
    """Write PNG files of random pixels, whose first pixel is their number, and return their arrays by that."""
    folder.mkdir(parents=True, exist_ok=True)
    images = {}
    for k in range(first, first + count):
        array = RNG.integers(0, 256, shape, np.uint8)
        array[0, 0] = k
        Image.fromarray(array).save(folder / f"{k:03}.png")
        images[k] = array
    return images


def test_each_folder_is_a_class_and_pixels_are_unchanged(tmp_path):
    images = write(tmp_path / "cats", 7) | write(tmp_path / "dogs", 7, first=7)
    (tmp_path / "cats" / "notes.txt").write_text("not an image", encoding="utf-8")
    (tmp_path / ".hidden").mkdir()
    data = read_image_folder(tmp_path)
    assert data.class_names == ("cats", "dogs")
    assert [len(labels) for _, labels in data] == [10, 2, 2]
    for x, labels in data:
        for image, label in zip(x, labels, strict=True):
            np.testing.assert_array_equal(image, images[image[0]].ravel())
            assert label == image[0] // 7
    np.testing.assert_array_equal(read(tmp_path)[0][0], data[0][0])


def test_parts_have_folders_of_their_own(tmp_path):
    write(tmp_path / "train" / "a", 6)
    write(tmp_path / "train" / "b", 6, first=6)
    write(tmp_path / "val" / "a", 2, first=12)
    write(tmp_path / "test" / "b", 3, first=14)
    data = read_image_folder(tmp_path)
    assert [sorted(x[:, 0].tolist()) for x, _ in data] == [list(range(12)), [12, 13], [14, 15, 16]]
    assert [set(labels.tolist()) for _, labels in data] == [{0, 1}, {0}, {1}]
    assert data.class_names == ("a", "b")


def test_colours_are_three_maps(tmp_path):
    images = write(tmp_path / "a", 7, (5, 4, 3))
    x, _ = read_image_folder(tmp_path, color=True)[0]
    for image in x:
        np.testing.assert_array_equal(image.reshape(3, 5, 4), images[image[0]].transpose(2, 0, 1))
    grey, _ = read_image_folder(tmp_path)[0]
    assert grey.shape[1] == 20


def test_sizes_must_agree_unless_one_is_given(tmp_path):
    write(tmp_path / "a", 6)
    write(tmp_path / "b", 6, shape=(8, 4))
    with pytest.raises(ValueError, match=r"expected images of one size, 5 x 4 as the first; got 8 x 4 in .*Pass size="):
        read_image_folder(tmp_path)
    assert read_image_folder(tmp_path, size=(3, 6))[0][0].shape == (8, 18)


def test_resizing_averages(tmp_path):
    squares = np.indices((8, 8)).sum(axis=0) % 2 * 200
    (tmp_path / "a").mkdir()
    for k in range(6):
        Image.fromarray(squares.astype(np.uint8)).save(tmp_path / "a" / f"{k}.png")
    x, _ = read_image_folder(tmp_path, size=(2, 2))[0]
    np.testing.assert_allclose(x, 100, atol=2)


def test_a_damaged_image_is_named(tmp_path):
    write(tmp_path / "a", 6)
    (tmp_path / "a" / "007.png").write_bytes(b"\x89PNG and no more")
    with pytest.raises(ValueError, match=r"expected an intact image .*; got .*007\.png"):
        read_image_folder(tmp_path)


def test_a_folder_without_classes_is_refused(tmp_path):
    write(tmp_path, 3)
    with pytest.raises(FileNotFoundError, match=r"expected a folder of images for each class; got none"):
        read_image_folder(tmp_path)
