"""Written files are read back unchanged, by our readers and by plain pickle."""

import gzip
import io
import pickle

import numpy as np
import pytest

from network3.datasets import read, write_npz, write_pickle

GREY = np.random.default_rng(3).integers(0, 256, (13, 12), dtype="uint8")


def pair(start, stop):
    return GREY[start:stop], np.arange(start, stop) % 10


SETS = pair(0, 7), pair(7, 11), pair(11, 13)


def test_a_pickle_has_the_format_of_the_book(tmp_path):
    path = tmp_path / "mnist_expanded.pkl.gz"
    with path.open("wb") as file:
        write_pickle(file, *SETS)
    for content in (pickle.loads(gzip.decompress(path.read_bytes())), read(path)):
        assert len(content) == 3
        for (images, labels), (grey, expected) in zip(content, SETS, strict=True):
            assert images.dtype == np.float32
            np.testing.assert_array_equal(images, grey / 256)
            np.testing.assert_array_equal(labels, expected)


def test_floats_are_preserved():
    file = io.BytesIO()
    one = np.array([[0.1, 0.7]]), np.array([3])
    write_pickle(file, one, one, one)
    np.testing.assert_array_equal(pickle.loads(gzip.decompress(file.getvalue()))[1][0], np.float32([[0.1, 0.7]]))


def test_an_npz_preserves_grey_levels(tmp_path):
    path = tmp_path / "expanded.npz"
    with path.open("wb") as file:
        write_npz(file, *SETS)
    for (images, labels), (grey, expected) in zip(read(path), SETS, strict=True):
        assert images.dtype == np.uint8
        np.testing.assert_array_equal(images, grey)
        np.testing.assert_array_equal(labels, expected)


@pytest.mark.parametrize("write", [write_npz, write_pickle])
def test_equal_data_give_equal_files(write):
    files = io.BytesIO(), io.BytesIO()
    for file in files:
        write(file, *SETS)
    assert files[0].getvalue() == files[1].getvalue()
