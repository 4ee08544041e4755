"""load_data_shared in all its forms, and the forms of data that SGD and predict accept."""

import gzip
import pickle

import numpy as np
import pytensor
import pytest

import network3
from network3 import FullyConnectedLayer, Network, SoftmaxLayer, datasets
from network3.data import examples, scaled


@pytest.fixture(scope="module")
def mnist():
    return datasets.load_mnist()


@pytest.fixture
def net():
    return Network([FullyConnectedLayer(n_in=6, n_out=5), SoftmaxLayer(n_in=5, n_out=3)], 4)


@pytest.fixture
def small():
    rng = np.random.default_rng(2)
    return rng.random((7, 6)).astype("float32"), np.array([0, 1, 2, 2, 1, 0, 1])


def test_the_packaged_mnist_equals_that_of_the_book(mnist):
    data = network3.load_data_shared()
    assert isinstance(data, list)
    assert [network3.size(pair) for pair in data] == [50_000, 10_000, 10_000]
    for (x, y), (images, labels) in zip(data, mnist, strict=True):
        assert x.dtype == "float32"
        assert y.dtype == "int32"
        np.testing.assert_array_equal(x.get_value(borrow=True), images / np.float32(256))
        np.testing.assert_array_equal(y.get_value(borrow=True), labels)
    assert np.array_equal(data[2][1].eval(mode="FAST_COMPILE"), mnist[2][1]), "labels have eval(), as in the original"


def test_uint8_storage_keeps_the_grey_levels(mnist):
    x, _ = network3.load_data_shared(storage="uint8")[1]
    assert x.dtype == "uint8"
    assert np.array_equal(x.get_value(borrow=True), mnist[1][0])


def test_data_have_the_chosen_type():
    network3.use(floatX="float64")
    assert network3.load_data_shared()[2][0].dtype == "float64"


@pytest.mark.parametrize("compress", [True, False], ids=["gz", "plain"])
def test_a_pickle_is_read_from_its_path(tmp_path, small, compress):
    path = tmp_path / "own.pkl.gz"
    content = pickle.dumps((small, small, small))
    path.write_bytes(gzip.compress(content) if compress else content)
    data = network3.load_data_shared(path)
    assert np.array_equal(data[1][0].get_value(), small[0])
    assert np.array_equal(data[1][1].get_value(), small[1])


def test_an_npz_is_read_from_its_path(tmp_path, small):
    x, y = small
    np.savez(
        tmp_path / "own.npz", x_train=x, y_train=y, x_test=x[:2], y_test=y[:2], x_validation=x[:3], y_validation=y[:3]
    )
    assert [network3.size(pair) for pair in network3.load_data_shared(str(tmp_path / "own.npz"))] == [7, 3, 2]


def test_the_path_of_the_book_is_read_from_the_package(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    data = network3.load_data_shared("../data/mnist.pkl.gz")
    assert network3.size(data[0]) == 50_000
    assert capsys.readouterr().out == "../data/mnist.pkl.gz is not there: using the MNIST inside network3.\n"


def test_the_expanded_path_of_the_book_is_expanded_from_the_package(capsys, mnist):
    data = network3.load_data_shared("../data/mnist_expanded.pkl.gz", storage="uint8")
    assert [network3.size(pair) for pair in data] == [250_000, 10_000, 10_000]
    assert "expanded five-fold" in capsys.readouterr().out
    assert np.bincount(data[0][1].get_value()).tolist() == (5 * np.bincount(mnist[0][1])).tolist()


def test_another_missing_path_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"my_digits\.pkl\.gz"):
        network3.load_data_shared(tmp_path / "my_digits.pkl.gz")


def test_pixels_that_are_not_grey_levels_are_not_stored_as_uint8(tmp_path, small):
    path = tmp_path / "own.pkl"
    path.write_bytes(pickle.dumps((small, small, small)))
    with pytest.raises(ValueError, match=r"load_data_shared: storage='uint8' needs .* grey levels.*; got values from"):
        network3.load_data_shared(path, storage="uint8")


def forms(x, y):
    one_hot = np.eye(3)[y]
    shared = pytensor.shared
    return {
        "arrays": (x, y),
        "a list of two arrays": [x, y],
        "images with maps, rows and columns": (x.reshape(7, 1, 2, 3), y),
        "shared variables": (shared(x), shared(y.astype("int32"))),
        "the original's cast labels": (shared(x), pytensor.tensor.cast(shared(y.astype("float32")), "int32")),
        "float labels": (x, y.astype(float)),
        "one-hot rows": (x, one_hot),
        "nested lists": (x.tolist(), y.tolist()),
        "pairs with labels": [(image[:, None], int(label)) for image, label in zip(x, y, strict=True)],
        "pairs with one-hot columns": [(image[:, None], row[:, None]) for image, row in zip(x, one_hot, strict=True)],
        "pairs as a zip": zip(x, y, strict=True),
        "float64 images": (x.astype(float), y),
        "labels as a column": (x, y[:, None]),
    }


@pytest.mark.parametrize("form", forms(np.zeros((7, 6)), np.zeros(7, int)))
def test_every_form_of_data_is_converted_to_the_same_arrays(net, small, form):
    checked = examples("training data", forms(*small)[form], net)
    assert checked.images.dtype == "float32"
    assert checked.targets.dtype == "int32"
    np.testing.assert_array_equal(checked.images, small[0])
    np.testing.assert_array_equal(checked.targets, small[1])


def test_two_pairs_are_two_examples(net, small):
    x, y = small
    checked = examples("training data", [(x[0], y[0]), (x[1], y[1])], net)
    np.testing.assert_array_equal(checked.images, x[:2])


def test_arrays_that_fit_are_not_copied(net, small):
    x, y = small[0], small[1].astype("int32")
    checked = examples("training data", (x, y), net)
    assert np.shares_memory(checked.images, x)
    assert np.shares_memory(checked.targets, y)


def test_grey_levels_are_scaled_exactly():
    levels = np.arange(256, dtype=np.uint8)
    assert scaled(levels, "float32").dtype == "float32"
    assert np.array_equal(scaled(levels, "float64"), np.arange(256) / 256)
