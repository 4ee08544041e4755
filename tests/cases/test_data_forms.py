"""Data mean what they look like, or are refused: slices, axes, single images, ranges, targets (S02 to S52, N15)."""

import copy
import pickle
import warnings
from itertools import product

import numpy as np
import pytest
from pytensor import shared

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, RegressionLayer, SoftmaxLayer, datasets, sigmoid
from network3.images import TrainingWarning
from network3.layers.initializers import normalized
from network3.plotting import draw_errors, draw_feature_maps
from tests.cases.entries import case

RNG = np.random.default_rng(7)
FLAT, LABELS = RNG.random((12, 6)).astype("float32"), np.arange(12) % 3
COLOURED = RNG.random((12, 3, 6, 5)).astype("float32")


def dense():
    return Network([FullyConnectedLayer(6, 5), SoftmaxLayer(5, 3)], 4)


def conv(maps=3):
    options = {"initializer": normalized, "rng": np.random.default_rng(1)}
    first = ConvPoolLayer((4, maps, 3, 2), (4, maps, 6, 5), (2, 2), sigmoid, **options)
    return Network([first, SoftmaxLayer(16, 3, **options)], 4)


def regression(n_out=1):
    return Network([FullyConnectedLayer(6, 5), RegressionLayer(5, n_out)], 4)


def expected_probabilities(net, images):
    """Return what `conv` computes for images (n, maps, 6, 5), by loops in NumPy: filters flipped, 2 x 2 pooled."""
    w, b, v, c = (p.astype("float64") for p in net.get_weights())
    z = np.zeros((len(images), len(w), 4, 4))
    for i, j in product(range(4), range(4)):
        z[:, :, i, j] = np.tensordot(images[:, :, i : i + 3, j : j + 2], w[:, :, ::-1, ::-1], ([1, 2, 3], [1, 2, 3]))
    pooled = z.reshape(len(images), len(w), 2, 2, 2, 2).max(axis=(3, 5)) + b[:, None, None]
    logits = (1 / (1 + np.exp(-pooled))).reshape(len(images), -1) @ v + c
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def mnist():
    return network3.load_data_shared(storage="uint8")


@case("S02")
@pytest.mark.parametrize("index", [slice(1000), slice(1000, None), slice(None, None, 2), np.arange(3), 5])
def test_s02_a_slice_of_a_pair_is_refused_because_it_has_all_examples(mnist, index):
    for pair in (*mnist, *datasets.load_mnist()):
        with pytest.raises(TypeError, match=r"^data\[.*: the index must be 0 .*; got .*slice the examples: \(x\["):
            pair[index]


@case("S02")
@case("S03")
@pytest.mark.parametrize("of", [tuple, pickle.dumps, copy.copy, list], ids=lambda of: of.__name__)
def test_s02_s03_a_pair_is_a_tuple_otherwise(mnist, of):
    pair = pickle.loads(of(mnist[1])) if of is pickle.dumps else of(mnist[1])
    x, y = pair
    assert isinstance(mnist[1], tuple)
    assert len(pair) == 2
    assert pair[0] is x
    assert pair[-1] is y
    assert dense_mnist().SGD(pair, 0, 10, 0.1, verbose=False).batches == 1000
    sliced = dense_mnist().SGD((x[:1000], y[:1000]), 0, 10, 0.1, verbose=False)
    assert sliced.batches == 100


def dense_mnist():
    return Network([SoftmaxLayer(784, 10)], 10)


@case("S04")
@pytest.mark.parametrize("label", [3, 10, 255, -1])
def test_s04_the_message_for_data_without_labels_names_predict(label):
    with pytest.raises(ValueError, match=r"labels must lie .*images without labels are for .*predict\.$"):
        dense().SGD((FLAT, np.where(np.arange(12) == 7, label, LABELS)), 1, 4, 0.1)


@case("S09")
@pytest.mark.parametrize(
    "values", [FLAT[:, :1] + 0.01, FLAT[:, 0] + 0.01, FLAT[:, :3]], ids=["column", "1 axis", "rows"]
)
def test_s09_values_for_a_layer_with_labels_name_the_regression_layer(values):
    with pytest.raises(ValueError, match=r"labels must be class numbers.* end with a RegressionLayer"):
        dense().SGD((FLAT, values), 1, 4, 0.1)


@case("S19")
@pytest.mark.parametrize(
    ("images", "write"),
    [
        (COLOURED.transpose(0, 2, 3, 1), r"got images of \(6, 5, 3\)\. Write images\.transpose\(0, 3, 1, 2\)\."),
        (COLOURED.transpose(0, 1, 3, 2), r"got images of \(3, 5, 6\)\. Write images\.transpose\(0, 1, 3, 2\)\."),
        (COLOURED.transpose(0, 3, 2, 1), r"got images of \(5, 6, 3\)\. Write images\.transpose\(0, 3, 2, 1\)\."),
        (COLOURED.reshape(12, 18, 5), r"got images of \(18, 5\)\. Reshape or resize them to \(3, 6, 5\)"),
    ],
)
def test_s19_axes_in_another_order_are_refused_everywhere(images, write):
    net, message = conv(), rf"takes images of its image_shape \(3, 6, 5\), .*; {write}"
    for act in (
        lambda: net.SGD((images, LABELS), 1, 4, 0.1),
        lambda: net.SGD(list(zip(images, LABELS, strict=True)), 1, 4, 0.1),
        lambda: net.SGD((COLOURED, LABELS), 1, 4, 0.1, (images, LABELS)),
        lambda: net.accuracy((images, LABELS)),
        lambda: net.predict(images),
        lambda: net.predict_proba(images[:2]),
        lambda: network3.ensemble([net], (images, LABELS)),
        lambda: network3.gradient_norms(net, (images, LABELS)),
    ):
        with pytest.raises(ValueError, match=message):
            act()


@case("S19")
def test_s19_single_images_and_images_without_maps_are_compared_as_well():
    image = COLOURED[0].transpose(1, 2, 0)
    for act in (conv().predict, lambda image: draw_feature_maps(conv(), 0, image)):
        with pytest.raises(ValueError, match=r"got images of \(6, 5, 3\)\. Write images\.transpose\(2, 0, 1\)"):
            act(image)
        with pytest.raises(ValueError, match=r"takes 90 values .* of shape \(3, 6, 5\); got images of 75 values"):
            act(image[:5])
    with pytest.raises(ValueError, match=r"got images of \(5, 6\)\. Write images\.transpose\(0, 2, 1\)"):
        conv(1).predict(COLOURED[:, 0].transpose(0, 2, 1))
    with pytest.raises(ValueError, match=r"^draw_errors: expected images of one map; got images of \(3, 12, 4\)"):
        draw_errors(np.zeros((2, 3, 12, 4)), [0, 1], [1, 0])  # 144 values, no square of 12 x 12
    with pytest.raises(ValueError, match="expected one image; got 2 images"):
        draw_feature_maps(conv(), 0, COLOURED[:2])


@case("S19")
@case("S34")
@pytest.mark.parametrize("form", [lambda x: x, lambda x: x.ravel(), lambda x: x.reshape(-1, 1), lambda x: x[None]])
@pytest.mark.parametrize("maps", [3, 1])
def test_s19_s34_a_single_image_in_each_form_is_predicted_as_numpy_does(maps, form):
    net, images = conv(maps), COLOURED[:, :maps]
    expected = expected_probabilities(net, images)
    np.testing.assert_allclose(net.predict_proba(images), expected, rtol=1e-5)
    for k in (0, 5):
        np.testing.assert_allclose(net.predict_proba(form(images[k])), expected[k : k + 1], rtol=1e-5)
        assert net.predict(form(images[k]).tolist()) == expected[k].argmax()


@case("S19")
@pytest.mark.parametrize("form", [lambda x: x[:, 0], lambda x: x.transpose(0, 2, 3, 1), lambda x: x.reshape(12, 30, 1)])
def test_s19_axes_of_length_1_change_nothing(form):
    net, images = conv(1), COLOURED[:, :1]
    np.testing.assert_allclose(net.predict_proba(form(images)), expected_probabilities(net, images), rtol=1e-5)


@case("S29")
@pytest.mark.parametrize("labels", [np.where(LABELS == 0, 1.0, -1.0)[:, None], np.where(LABELS == 0, 1, -1)])
def test_s29_two_classes_as_plus_and_minus_1(labels):
    with pytest.raises(ValueError, match=r"labels must lie .*; got -1 to 1\. Number .*np\.unique\(labels, return_inv"):
        dense().SGD((FLAT, labels), 1, 4, 0.1)


@case("S34")
@pytest.mark.parametrize("scale", [255, -255, 11])
def test_s34_a_word_about_the_range_in_predict_as_in_training(scale):
    net = dense()
    for act in (net.predict, net.predict_proba, lambda x: net.accuracy((np.array(x), LABELS[: len(x)]))):
        with pytest.warns(TrainingWarning, match=r"expected values between 0 and 1, or near them; got values from"):
            act(np.ones((3, 6)) * scale)
        with pytest.warns(TrainingWarning, match="Divide grey levels by 256"):
            act(np.full((3, 6), scale, dtype="int64"))
    with pytest.warns(TrainingWarning, match="^validation data: expected values"):
        net.SGD((FLAT, LABELS), 0, 4, 0.1, (FLAT * 255, LABELS), verbose=False)


@case("S34")
@case("N15")
def test_n15_scaled_columns_are_no_pixels_and_give_no_warning():
    """A StandardScaler gives single values far over 10 to columns that are almost always 0."""
    columns = RNG.normal(size=(500, 6))
    columns[:, 0] = 0
    columns[0, 0] = 1
    scaled = (columns - columns.mean(0)) / columns.std(0)
    assert scaled.max() > 20
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dense().SGD((scaled, np.arange(500) % 3), 1, 50, 0.1, verbose=False)
        dense().predict(scaled)
        dense().predict((FLAT * 255).astype("uint8"))


@case("S34")
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.where(np.arange(6) == 2, np.nan, FLAT[:2]), "must be finite; got nan, first in row 0"),
        (np.where(np.arange(6) == 2, -np.inf, FLAT[0]), "must be finite; got -inf"),
        (FLAT.astype("float64") + 1e39, "must be finite in float32; got 1e"),
        (FLAT.astype(complex), r"integers or floats; got dtype complex128\. Pass x\.real"),
        (FLAT.astype(str), "integers or floats; got dtype <U.*astype"),
        (FLAT.astype(object), r"integers or floats; got dtype object\. Write x\.astype\(float\)"),
        (np.ma.array(FLAT, mask=FLAT > 0.9), r"got a masked array\. Write x\.filled"),
    ],
)
def test_s34_values_that_are_no_finite_numbers_are_refused(wrong, message):
    for act in (dense().predict, dense().predict_proba):
        with pytest.raises((TypeError, ValueError), match=f"^predict: images .*{message}"):
            act(wrong)
    with pytest.raises((TypeError, ValueError), match=f"^accuracy: data: images .*{message}"):
        dense().accuracy((wrong.reshape(-1, 6), LABELS[: wrong.size // 6]))


@case("S37")
@pytest.mark.parametrize(
    "none", [[], np.zeros((0, 6)), np.zeros((0, 2, 3)), np.zeros((0, 6), "uint8"), shared(FLAT[:0])]
)
def test_s37_no_images_have_no_answers(none):
    assert dense().predict(none).shape == (0,)
    assert dense().predict(none).dtype == dense().predict(FLAT).dtype
    assert dense().predict_proba(none).shape == (0, 3)
    assert regression(2).predict(none).shape == (0, 2)


@case("S06")
@case("S37")
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ((FLAT, LABELS), r"expected images without labels; got a pair \(x, y\)\. Pass x alone"),
        ((shared(FLAT), shared(LABELS)), r"got a pair \(x, y\)\. Pass x alone"),
        (datasets.load_mnist()[2], r"got a pair \(x, y\)\. Pass x alone"),
        (list(zip(FLAT, LABELS, strict=True)), "got a list of pairs .* Pass the images alone"),
        ([FLAT[0], None], r"images must be numbers; got None in row 1\. Leave it out"),
        (None, "got None"),
        ([FLAT[0], FLAT[1, :4]], r"the shape \(4,\) in row 1, after \(6,\) in row 0"),
        (iter(FLAT), r"got an iterator .*Write np\.array\(list\(x\)\)"),
        (["a.png"], "images must be integers or floats; got dtype <U5"),
        (np.zeros((0, 5)), "takes 6 values for each example; got images of 5 values"),
    ],
)
def test_s06_s37_what_is_no_array_of_images_is_refused(wrong, message):
    with pytest.raises((TypeError, ValueError), match=f"^predict: .*{message}"):
        dense().predict(wrong)


@case("S38")
@pytest.mark.parametrize("row", [0, 5])
def test_s38_a_row_of_nan_is_reported_and_may_be_a_header(row):
    images = FLAT.copy()
    images[row] = np.nan
    with pytest.raises(ValueError, match=f"must be finite; got nan, first in row {row}") as caught:
        dense().SGD((images, LABELS), 1, 4, 0.1)
    assert ("header line" in str(caught.value)) == (row == 0)


@case("S51")
@pytest.mark.parametrize("make", [lambda x: x, shared, lambda x: shared(x, borrow=True)])
def test_s51_data_are_unharmed_and_changes_are_seen(make):
    images, labels, net = FLAT.copy(), LABELS.astype("int32"), dense()
    data = make(images), labels
    net.SGD(data, 2, 4, 0.5, shuffle=True, verbose=False)
    net.predict(data[0])
    np.testing.assert_array_equal(images, FLAT)
    np.testing.assert_array_equal(labels, LABELS)
    before = net.accuracy(data)
    labels[:] = (net.predict(FLAT) + 1) % 3
    assert (before > 0, net.accuracy(data)) == (True, 0)


@case("S52")
@pytest.mark.parametrize("count", [12, 2])
@pytest.mark.parametrize(
    "form",
    [float, lambda t: [t], lambda t: [[t]], np.float64, lambda t: np.array([[t]])],
    ids=["scalar", "row", "column", "np", "array"],
)
def test_s52_a_list_of_pairs_with_one_value_for_each_trains_as_arrays_do(form, count):
    values = FLAT[:count, 3] * 2 - 1
    weights = []
    for data in (
        (FLAT[:count], values[:, None]),
        (FLAT[:count], values),
        [(x[:, None], form(t)) for x, t in zip(FLAT, values, strict=False)],
        [[x, form(t)] for x, t in zip(FLAT, values, strict=False)],
        [(x.tolist(), form(t)) for x, t in zip(FLAT, values, strict=False)],
    ):
        np.random.seed(3)
        net = regression()
        net.SGD(data, 1, 2, 0.1, verbose=False)
        weights.append(np.concatenate([w.ravel() for w in net.get_weights()]))
    np.testing.assert_array_equal(np.ptp(weights, axis=0), 0)
