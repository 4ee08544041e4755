"""load_data_shared in all its forms, and the forms of data that SGD and predict accept."""

import gzip
import pickle

import numpy as np
import pytensor
import pytest

import network3
from network3 import FullyConnectedLayer, Network, RegressionLayer, SoftmaxLayer, datasets
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


def two(x, y, outer, inner):
    return outer(inner(pair) for pair in zip(x, y, strict=True))


@pytest.mark.parametrize("inner", [tuple, list])
@pytest.mark.parametrize("outer", [tuple, list])
def test_two_examples_are_not_mistaken_for_a_pair_of_arrays(net, small, outer, inner):
    x, y = small[0][:2], small[1][:2]
    for labels in (y, np.eye(3)[y]):
        checked = examples("data", two(x, labels, outer, inner), net)
        np.testing.assert_array_equal(checked.images, x)
        np.testing.assert_array_equal(checked.targets, y)
        checked = examples("data", outer((inner(x), inner(labels))), net)
        np.testing.assert_array_equal(checked.images, x)
        np.testing.assert_array_equal(checked.targets, y)


def test_two_by_two_that_may_be_either_is_refused_unless_tuples_decide():
    net = Network([RegressionLayer(3, 3)], 1)
    (a, b), (c, d) = np.random.default_rng(3).random((2, 2, 3))
    for ambiguous in ([[a, b], [c, d]], ((a, b), (c, d))):
        with pytest.raises(TypeError, match=r"got a (list|tuple) of 2 x 2, which may be either\. Pass arrays: \(np"):
            examples("data", ambiguous, net)
    np.testing.assert_array_equal(examples("data", [(a, b), (c, d)], net).images, np.float32([a, c]))
    np.testing.assert_array_equal(examples("data", ([a, b], [c, d]), net).images, np.float32([a, b]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y: iter(()), r"got an empty tuple_iterator\. It was read to its end before: write list\("),
        (lambda x, y: (), r"got an empty tuple\. To select examples, slice the examples: \(x\[:1000\]"),
        (lambda x, y: (x,), r"got tuple with ndarray of shape \(7, 6\) at 0\. Pass e\.g\."),
        (lambda x, y: {"x": x, "y": y}, r"got dict\. Pass \(images, labels\), two of its entries 'x', 'y'"),
        (lambda x, y: "mnist", "got str"),
        (lambda x, y: x, r"got ndarray of shape \(7, 6\)"),
        (lambda x, y: [(x, y)] * 3, r"got pairs of 7 images\. Join mini-batches"),
        (lambda x, y: [(x, y), (x[:3], y[:3])], r"got pairs of 7 images\. .*one of several data sets"),
        (lambda x, y: [tuple(map(pytensor.shared, (x, y)))] * 3, r"got 3 data sets\. Pass one of them"),
        (lambda x, y: [(x[0], 1), (x[1, :4], 2)], r"expected images of one shape; got shape \(4,\) in pair 1"),
        (lambda x, y: [(x[0], 1), ((x[1] * 9).astype("uint8"), 2)], r"got uint8 in pair 1, after float32\. Divide"),
        (lambda x, y: [(x[0], 1), (x[1], None)], "the label of pair 1 must be an array of numbers; got None"),
        (lambda x, y: (y, x), r"images must have the shape .*pass images before labels"),
        (lambda x, y: (x.T, y[:6]), r"images must have the shape \(n, 6\); got shape \(6, 7\)\. Write images\.T"),
        (lambda x, y: (x, np.eye(4)[y]), r"must have 3 entries, .*; got shape \(7, 4\)\. Give the last layer n_out=4"),
        (lambda x, y: (x, np.zeros((7, 3, 2))), r"rows with a single 1; got shape \(7, 3, 2\)"),
        (
            lambda x, y: (x, y[:, None] * pytensor.tensor.scalar("a")),
            r"got an expression of the input a\. Pass its value",
        ),
        (lambda x, y: (iter(x), y), r"got an iterator .*Write np\.array\(list\(x\)\)"),
    ],
)
def test_what_could_be_misread_is_refused_in_our_words(net, small, change, message):
    with pytest.raises((TypeError, ValueError), match=f"^data: .*{message}"):
        examples("data", change(*small), net)


def test_values_may_have_axes_of_length_1_but_no_other_number():
    x = np.random.default_rng(4).random((5, 6))
    one, three = Network([RegressionLayer(6, 1)], 1), Network([RegressionLayer(6, 3)], 1)
    for shape in ((5,), (5, 1), (5, 1, 1)):
        assert examples("data", (x, x[:, 0].reshape(shape)), one).targets.shape == (5, 1)
    assert examples("data", (x, x[:, :3, None]), three).targets.shape == (5, 3)
    assert examples("data", (np.arange(5), x[:, 0]), Network([RegressionLayer(1, 1)], 1)).images.shape == (5, 1)
    with pytest.raises(ValueError, match=r"targets must have 2 axes.*; got shape \(5,\)"):
        examples("data", (x, x[:, 0]), three)
    with pytest.raises(ValueError, match="targets must be finite; got inf"):
        examples("data", (x, np.full(5, np.inf)), one)
    with pytest.raises(ValueError, match="targets must be finite in float32; got 1e"):
        examples("data", (x, np.full(5, 1e300)), one)
