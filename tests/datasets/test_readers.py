"""`read` detects the format of a path and applies the same checks to every set."""

import gzip
import pickle
import runpy
from pathlib import Path

import numpy as np
import pytest

from network3.datasets import read
from network3.datasets.formats.idx import idx_header

make = runpy.run_path(str(Path(__file__).parent / "formats" / "make_python2_pickle.py"))
RNG = np.random.default_rng(4)


def pair(n, shape=(2, 3), dtype=np.uint8):
    return RNG.integers(0, 256, (n, *shape)).astype(dtype), RNG.integers(0, 10, n).astype(np.uint8)


TRAINING, VALIDATION, TEST = pair(13), pair(3), pair(4)


def write_folder(folder, training=TRAINING, test=TEST):
    for part, (images, labels) in {"train": training, "t10k": test}.items():
        for name, array in {"images-idx3": images, "labels-idx1": labels}.items():
            content = idx_header(array.shape) + array.tobytes()
            (folder / f"{part}-{name}-ubyte").write_bytes(content)
    return folder


def write_npz(folder, training=TRAINING, test=TEST, validation=None):
    sets = {"train": training, "test": test} | ({"validation": validation} if validation else {})
    arrays = {f"{x}_{name}": array for name, one in sets.items() for x, array in zip("xy", one, strict=True)}
    np.savez(folder / "sets.npz", **arrays)
    return folder / "sets.npz"


def write_pickle(folder, sets, name="sets.pkl.gz", pack=gzip.compress):
    (folder / name).write_bytes(pack(pickle.dumps(sets)))
    return folder / name


def assert_set(one, images, labels):
    assert one[1].dtype == np.int32
    np.testing.assert_array_equal(one[0], images.reshape(len(images), -1))
    np.testing.assert_array_equal(one[1], labels)


@pytest.mark.parametrize("write", [write_folder, write_npz])
@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder_or_an_npz_without_validation_gives_its_last_sixth(tmp_path, write, kind):
    sets = read(kind(write(tmp_path)))
    assert isinstance(sets, list)
    assert_set(sets[0], TRAINING[0][:11], TRAINING[1][:11])
    assert_set(sets[1], TRAINING[0][11:], TRAINING[1][11:])
    assert_set(sets[2], *TEST)
    assert sets[0][0].dtype == np.uint8


def test_an_npz_with_validation(tmp_path):
    sets = read(write_npz(tmp_path, validation=VALIDATION))
    for one, expected in zip(sets, (TRAINING, VALIDATION, TEST), strict=True):
        assert_set(one, *expected)


@pytest.mark.parametrize("name", ["mnist.pkl.gz", "mnist.pkl", "noname"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_anything_else_is_read_as_a_pickle(tmp_path, name, pack):
    sets = read(write_pickle(tmp_path, (TRAINING, VALIDATION, TEST), name, pack))
    for one, expected in zip(sets, (TRAINING, VALIDATION, TEST), strict=True):
        assert_set(one, *expected)


def test_a_pickle_of_the_books_expand_mnist(tmp_path):
    path = tmp_path / "mnist_expanded.pkl.gz"
    path.write_bytes(gzip.compress(make["python2_pickle"](make["small_sets"](), 0)))
    sets = read(path)
    for one, (images, labels) in zip(sets, make["small_sets"](), strict=True):
        assert one[0].dtype == np.float32
        assert_set(one, np.array(images), np.array(labels))


def test_a_missing_path(tmp_path):
    with pytest.raises(
        FileNotFoundError,
        match=r"read\(.*nowhere\.pkl\.gz\): expected .* got a path .*Correct the path",
    ):
        read(tmp_path / "nowhere.pkl.gz")


def test_an_empty_folder(tmp_path):
    with pytest.raises(
        FileNotFoundError,
        match=r"expected a folder of IDX files, with one of train-images-idx3-ubyte",
    ):
        read(tmp_path)


def broken(which, images=None, labels=None):
    """Three sets, one of them with other images or labels."""
    sets = [pair(7, dtype=np.float32), pair(3, dtype=np.float32), pair(4, dtype=np.float32)]
    old = sets[which]
    sets[which] = (old[0] if images is None else images, old[1] if labels is None else labels)
    return sets


NAN = np.full((4, 2, 3), np.nan, np.float32)


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (
            broken(0, labels=np.linspace(0, 1, 7)),
            r"training data: labels must be class numbers; got 0\.1",
        ),
        (broken(1, labels=np.array([0, -1, 2])), r"validation data: labels must lie between 0"),
        (broken(2, images=NAN), r"test data: images must be finite; got nan, first in row 0"),
        (
            broken(1, images=np.zeros((0, 6)), labels=np.zeros(0)),
            r"validation data: images must be at least one",
        ),
        (
            broken(2, images=np.zeros((4, 5))),
            r"test images must have 6 values each, .*got 5\. Resize",
        ),
    ],
)
def test_bad_data_in_a_pickle_or_npz(tmp_path, sets, message):
    with pytest.raises(ValueError, match=message):
        read(write_pickle(tmp_path, sets))
    with pytest.raises(ValueError, match=message):
        read(write_npz(tmp_path, sets[0], sets[2], sets[1]))


def test_missing_labels_are_detected_before_the_split(tmp_path):
    images, labels = TRAINING
    for path in (
        write_folder(tmp_path, (images, labels[:-1])),
        write_npz(tmp_path, (images, labels[:-1])),
    ):
        with pytest.raises(ValueError, match=r"training data: labels must be 13, one for each image; got .*\(12,\)"):
            read(path)


def test_a_training_set_too_small_to_split(tmp_path):
    with pytest.raises(ValueError, match="training data: expected at least 6 examples"):
        read(write_folder(tmp_path, pair(5)))
