"""Published data sets: read as they are on the web, and refused where they are damaged or others."""

import dataclasses
import gzip
import hashlib
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from network3 import ConvPoolLayer, FullyConnectedLayer, Network, ReLU, SoftmaxLayer
from network3.datasets import load, published
from network3.datasets.formats import cifar
from network3.optim import Adam, CosineDecay

RNG = np.random.default_rng(0)
DEBIAN = Path(os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist"))


def idx(array):
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_idx(folder, prefix, counts, classes, first=0):
    """Write four gzipped files with a few images, and return them upright with their labels from 0."""
    folder.mkdir(parents=True, exist_ok=True)
    sets = []
    for part, count in zip(("train", "test" if prefix else "t10k"), counts, strict=True):
        images = RNG.integers(0, 256, (count, 28, 28), np.uint8)
        labels = (np.arange(count) % classes).astype(np.uint8)
        for what, array in (("images-idx3", images), ("labels-idx1", labels + np.uint8(first))):
            (folder / f"{prefix}{part}-{what}-ubyte.gz").write_bytes(gzip.compress(idx(array)))
        sets.append((images, labels))
    return sets


@pytest.fixture
def smaller(monkeypatch):
    """Return a function that lets a data set have fewer images."""

    def shrink(name, counts):
        known = dataclasses.replace(published.PUBLISHED[name], counts=counts, sha256={})
        monkeypatch.setitem(published.PUBLISHED, name, known)

    return shrink


def test_mnist_is_in_the_package():
    data = load("mnist")
    assert data.class_names == tuple("0123456789")
    assert [len(labels) for _, labels in data] == [50_000, 10_000, 10_000]


@pytest.mark.parametrize("inner", ["", "gzip"])
def test_letters_are_upright_and_numbered_from_0(tmp_path, smaller, inner):
    smaller("emnist-letters", (120, 40))
    (training, labels), (test, _) = write_idx(tmp_path / inner, "emnist-letters-", (120, 40), 26, first=1)
    write_idx(tmp_path / inner, "emnist-digits-", (30, 20), 10)  # another of the archive's
    data = load("emnist-letters", tmp_path)
    assert [len(part) for _, part in data] == [100, 20, 40]
    np.testing.assert_array_equal(data[0][0].reshape(-1, 28, 28), training[:100].swapaxes(1, 2))
    np.testing.assert_array_equal(data[2][0].reshape(-1, 28, 28), test.swapaxes(1, 2))
    np.testing.assert_array_equal(data[0][1], labels[:100])
    assert data.names([0, 25]).tolist() == ["A", "Z"]


@pytest.mark.parametrize(("name", "classes"), [("emnist-balanced", 47), ("emnist-byclass", 62), ("kmnist", 10)])
def test_there_are_as_many_names_as_classes(name, classes):
    names = published.PUBLISHED[name].class_names
    assert len(set(names)) == len(names) == classes


def test_damaged_files_and_those_of_other_data_sets_are_refused(tmp_path, smaller):
    write_idx(tmp_path, "", (120, 40), 10)
    with pytest.raises(ValueError, match=r"training data: expected 60,000 images of 784 values; got 120 of 784"):
        load("kmnist", tmp_path)
    smaller("kmnist", (120, 40))
    load("kmnist", tmp_path)
    known = published.PUBLISHED["kmnist"]
    published.PUBLISHED["kmnist"] = dataclasses.replace(known, sha256={"t10k-labels-idx1": "0" * 64})
    with pytest.raises(ValueError, match=r"test data: expected t10k-labels-idx1 of SHA-256 0{64}; got [0-9a-f]{64}\."):
        load("kmnist", tmp_path)
    published.PUBLISHED["kmnist"] = dataclasses.replace(known, class_names=known.class_names[:9])
    with pytest.raises(ValueError, match=r"expected labels from 0 to 8; got 0 to 9\."):
        load("kmnist", tmp_path)


def cifar_records(count, labels=1, classes=10):
    images = RNG.integers(0, 256, (count, 3072), np.uint8)
    numbers = (np.arange(count) % classes).astype(np.uint8)
    heads = np.stack([numbers // 5, numbers][-labels:], axis=1)
    return images, numbers, np.concatenate([heads, images], axis=1).tobytes()


@pytest.mark.parametrize("inner", ["", "cifar-10-batches-bin"])
def test_binary_files_of_cifar10(tmp_path, smaller, inner):
    smaller("cifar10", (60, 12))
    (tmp_path / inner).mkdir(exist_ok=True)
    parts = [cifar_records(12) for _ in range(6)]
    for name, (_, _, content) in zip([*cifar.BATCHES, "test_batch"], parts, strict=True):
        (tmp_path / inner / f"{name}.bin").write_bytes(content)
    data = load("cifar10", tmp_path)
    np.testing.assert_array_equal(np.concatenate([data[0][0], data[1][0]]), np.concatenate([p[0] for p in parts[:5]]))
    np.testing.assert_array_equal(data[2][1], parts[5][1])
    assert data.names(data[2][1][:2]).tolist() == ["airplane", "automobile"]


def test_pickles_of_cifar10_are_read_without_calling_their_functions(tmp_path, smaller, monkeypatch):
    smaller("cifar10", (60, 12))
    parts = {}
    for name in (*cifar.BATCHES, "test_batch"):
        images, labels, _ = cifar_records(12)
        content = {b"batch_label": b"one", b"labels": labels.tolist(), b"data": images, b"filenames": [b"a.png"] * 12}
        (tmp_path / name).write_bytes(pickle.dumps(content, protocol=2))
        digest = hashlib.md5((tmp_path / name).read_bytes(), usedforsecurity=False).hexdigest()
        monkeypatch.setitem(cifar.MD5, name, digest)
        parts[name] = images, labels
    data = load("cifar10", tmp_path)
    np.testing.assert_array_equal(data[2][0], parts["test_batch"][0])
    np.testing.assert_array_equal(data[0][1][:12], parts["data_batch_1"][1])
    (tmp_path / "test_batch").write_bytes(pickle.dumps({"data": os.system, "labels": []}))
    with pytest.raises(ValueError, match=r"expected the published file, of MD5 [0-9a-f]{32}; got [0-9a-f]{32}"):
        load("cifar10", tmp_path)
    with pytest.raises(ValueError, match="expected a batch of CIFAR; got a file that cannot be read"):
        cifar.unpickled_batch(tmp_path / "test_batch", "labels")


def test_fine_classes_of_cifar100_have_the_names_of_its_file(tmp_path, smaller):
    smaller("cifar100", (200, 100))
    for name, count in (("train", 200), ("test", 100)):
        (tmp_path / f"{name}.bin").write_bytes(cifar_records(count, labels=2, classes=100)[2])
    assert load("cifar100", tmp_path).class_names[3] == "class 3"
    (tmp_path / "fine_label_names.txt").write_text("\n".join(f"animal{k}" for k in range(100)), encoding="utf-8")
    data = load("cifar100", tmp_path)
    assert data.names(data[2][1][:2]).tolist() == ["animal0", "animal1"]


def test_missing_files_and_names_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"load: name: expected one of mnist, .*; got 'fashion'\."):
        load("fashion", tmp_path)
    with pytest.raises(ValueError, match=r"load\('kmnist'\): expected the folder of its files; got none"):
        load("kmnist")
    with pytest.raises(
        FileNotFoundError, match=r"load\('cifar10'\): expected its files in .*; got no data_batch_1\.bin"
    ):
        load("cifar10", tmp_path)
    with pytest.raises(FileNotFoundError, match="train-images-idx3-ubyte"):
        load("fashion-mnist", tmp_path)
    for name in ("fashion-mnist", "cifar10"):
        with pytest.raises(FileNotFoundError, match=r"got .*nowhere, which is none\."):
            load(name, tmp_path / "nowhere")
    (tmp_path / "data_batch_1.bin").write_bytes(b"abc")
    with pytest.raises(ValueError, match=r"expected records of 3,073 bytes; got 3 bytes"):
        load("cifar10", tmp_path)


with_debian = pytest.mark.skipif(
    not DEBIAN.is_dir(), reason="Fashion-MNIST is not installed (apt install dataset-fashion-mnist)"
)


@with_debian
def test_fashion_mnist_of_debian_is_the_published_one():
    data = load("fashion-mnist", DEBIAN)
    assert data.names(data[0][1][:4]).tolist() == ["Ankle boot", "T-shirt/top", "T-shirt/top", "Dress"]
    assert [x.shape for x, _ in data] == [(50_000, 784), (10_000, 784), (10_000, 784)]


@with_debian
@pytest.mark.slow
def test_two_convolutions_reach_90_percent_on_fashion_mnist():
    training, validation, test = load("fashion-mnist", DEBIAN)
    np.random.seed(0)
    first = ConvPoolLayer(image_shape=(32, 1, 28, 28), filter_shape=(20, 1, 5, 5), activation_fn=ReLU)
    second = ConvPoolLayer(image_shape=(32, 20, 12, 12), filter_shape=(40, 20, 5, 5), activation_fn=ReLU)
    dense = FullyConnectedLayer(n_in=40 * 4 * 4, n_out=100, activation_fn=ReLU)
    net = Network([first, second, dense, SoftmaxLayer(n_in=100, n_out=10)], 32)
    options = {"rule": Adam(), "schedule": CosineDecay(10), "shuffle": True, "seed": 0}
    net.SGD(training, 10, 32, 0.002, validation, verbose=False, **options)
    assert net.accuracy(test) >= 0.90
