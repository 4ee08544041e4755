"""The MNIST in the package is the published one."""

import gzip
import hashlib
import shutil
from importlib.resources import files

import numpy as np
import pytest

from network3 import datasets
from network3.datasets import load_mnist, mnist, read

DATA = files(datasets) / "data"
# Images of each digit, 0 to 9: the tables of the MNIST page and of many papers since.
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
TRAINING_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]  # of all 60,000
FILES = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"]


@pytest.fixture(scope="module")
def sets():
    return load_mnist()


def test_three_sets_in_the_books_sizes(sets):
    assert isinstance(sets, list)
    assert [images.shape for images, _ in sets] == [(50_000, 784), (10_000, 784), (10_000, 784)]
    assert [labels.shape for _, labels in sets] == [(50_000,), (10_000,), (10_000,)]
    assert {images.dtype for images, _ in sets} == {np.dtype(np.uint8)}
    assert {labels.dtype for _, labels in sets} == {np.dtype(np.int32)}


def test_class_counts(sets):
    counts = [np.bincount(labels, minlength=10) for _, labels in sets]
    assert counts[2].tolist() == TEST_COUNTS
    assert (counts[0] + counts[1]).tolist() == TRAINING_COUNTS
    assert counts[1][0] == 991  # a dead network scores 9.91 % on the validation set


def test_the_first_labels(sets):
    assert sets[0][1][:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert sets[2][1][:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


def test_rows_of_pixels_against_the_file_itself(sets):
    raw = gzip.decompress((DATA / "train-images-idx3-ubyte.gz").read_bytes())[16:]
    for row, (images, i) in {
        0: (sets[0][0], 0),
        49_999: (sets[0][0], -1),
        50_000: (sets[1][0], 0),
    }.items():
        assert images[i].tobytes() == raw[784 * row : 784 * (row + 1)]


def test_ink_is_bright_on_a_black_background(sets):
    images = sets[0][0]
    assert images.min() == 0
    assert images.max() == 255
    assert not images[:, 0].any()
    # Mean and deviation of the 60,000 images, which PyTorch's examples normalise by.
    everything = np.concatenate([sets[0][0], sets[1][0]]) / np.float32(255)
    assert everything.mean(dtype=np.float64) == pytest.approx(0.1307, abs=5e-5)
    assert everything.std(dtype=np.float64) == pytest.approx(0.3081, abs=5e-5)


def test_training_and_validation_are_views_of_one_array(sets):
    assert sets[0][0].base is not None
    first, second = sets[0][0], sets[1][0]
    assert second.__array_interface__["data"][0] - first.__array_interface__["data"][0] == 50_000 * 784


@pytest.mark.parametrize("name", FILES)
def test_hashes_are_those_of_the_files_and_of_the_attribution(name):
    raw = gzip.decompress((DATA / f"{name}-ubyte.gz").read_bytes())
    digest = hashlib.sha256(raw).hexdigest()
    assert digest == mnist.SHA256[name]
    assert f"| `{digest}` |" in (DATA / "ATTRIBUTION.md").read_text("utf-8")


def test_the_attribution_names_makers_and_licence():
    text = (DATA / "ATTRIBUTION.md").read_text("utf-8")
    for needed in ("LeCun", "Cortes", "Burges", "NIST", "CC BY-SA 3.0"):
        assert needed in text


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the data that tests may damage."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in FILES:
        shutil.copy(str(DATA / f"{name}-ubyte.gz"), folder)
    monkeypatch.setattr(mnist, "files", lambda package: tmp_path)
    return folder


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file(copy, name):
    (copy / f"{name}-ubyte.gz").unlink()
    with pytest.raises(
        FileNotFoundError, match=rf"load_mnist: expected {name}-ubyte\.gz .*; got .* without it\. Reinstall network3"
    ):
        load_mnist()


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file(copy, name):
    path = copy / f"{name}-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(
        ValueError, match=rf"load_mnist: expected an intact {name}-ubyte\.gz .*; got .*Reinstall network3"
    ):
        load_mnist()


@pytest.mark.parametrize("name", FILES[1::2])
def test_one_wrong_bit(copy, name):
    path = copy / f"{name}-ubyte.gz"
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[-1] ^= 1
    path.write_bytes(gzip.compress(raw))
    with pytest.raises(ValueError, match=rf"load_mnist: expected {name}-ubyte\.gz with the sha256 .*Reinstall"):
        load_mnist()


def test_the_package_reads_the_same_as_its_folder(sets):
    for (x, y), (images, labels) in zip(sets, read(str(DATA)), strict=True):
        np.testing.assert_array_equal(x, images)
        np.testing.assert_array_equal(y, labels)
