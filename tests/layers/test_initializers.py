"""First values: the book's draws bit by bit, the scales of the others, and where the randomness comes from."""

import numpy as np
import pytest
from scipy import stats

from network3.layers import ConvPoolLayer, FullyConnectedLayer, SoftmaxLayer, precision
from network3.layers.initializers import book_normal, glorot, he, large, normalized, zeros

CONV = {"filter_shape": (3, 2, 3, 3), "image_shape": (5, 2, 9, 8)}


def first_values(layer):
    return [param.get_value() for param in layer.params]


def assert_same_bits(got, expected, dtype="float32"):
    for value, truth in zip(got, expected, strict=True):
        assert value.dtype == dtype
        np.testing.assert_array_equal(value, truth.astype(dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_seed_gives_the_draws_of_the_books_code(dtype):
    """Layer after layer, w before b, in float64 and rounded afterwards; the softmax layer draws nothing."""
    with precision.graph_flags(dtype):
        np.random.seed(20240607)
        conv = ConvPoolLayer((20, 1, 5, 5), (10, 1, 28, 28))
        softmax = SoftmaxLayer(7, 4)
        connected = FullyConnectedLayer(30, 100)
    np.random.seed(20240607)
    drawn = [
        np.random.normal(loc=0, scale=np.sqrt(1.0 / 125), size=(20, 1, 5, 5)),
        np.random.normal(loc=0, scale=1.0, size=(20,)),
        np.random.normal(loc=0, scale=np.sqrt(1.0 / 100), size=(30, 100)),
        np.random.normal(loc=0, scale=1.0, size=(100,)),
    ]
    assert_same_bits(first_values(conv) + first_values(connected), drawn, dtype)
    assert_same_bits(first_values(softmax), [np.zeros((7, 4)), np.zeros(4)], dtype)


def test_the_scale_of_filters_is_floored_as_python_2_did():
    """3 filters of 3 x 3 over windows of 2 x 2: 27 / 4 = 6.75 became 6; the 2 input maps do not enter."""
    np.random.seed(5)
    layer = ConvPoolLayer(**CONV, poolsize=(2, 2))
    np.random.seed(5)
    w = np.random.normal(loc=0, scale=np.sqrt(1.0 / 6), size=(3, 2, 3, 3))
    assert_same_bits(first_values(layer), [w, np.random.normal(loc=0, scale=1.0, size=(3,))])


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda f: ConvPoolLayer(**CONV, poolsize=(2, 3), initializer=f), ((3, 2, 3, 3), (3,), 18, 4)),
        (lambda f: ConvPoolLayer(**CONV, poolsize=1, initializer=f), ((3, 2, 3, 3), (3,), 18, 27)),
        (lambda f: FullyConnectedLayer(6, 4, initializer=f), ((6, 4), (4,), 6, 4)),
        (lambda f: SoftmaxLayer(6, 4, initializer=f), ((6, 4), (4,), 6, 4)),
    ],
)
def test_an_initializer_is_told_shapes_and_what_a_neuron_sees(build, told):
    heard = []

    def initializer(rng, *arguments):
        heard.append((rng, *arguments))
        return zeros(rng, *arguments)

    build(initializer)
    assert heard == [(np.random, *told)]


@pytest.mark.parametrize(
    ("build", "w_shape", "scale"),
    [
        (lambda **given: ConvPoolLayer(**CONV, **given), (3, 2, 3, 3), np.sqrt(1 / 6)),
        (lambda **given: FullyConnectedLayer(6, 4, **given), (6, 4), 0.5),
        (lambda **given: SoftmaxLayer(6, 4, initializer=book_normal, **given), (6, 4), 0.5),
    ],
)
def test_a_generator_of_ones_own_is_used_and_the_global_state_left(build, w_shape, scale):
    before = np.random.get_state()
    values = first_values(build(rng=np.random.default_rng(8)))
    for old, new in zip(before, np.random.get_state(), strict=True):
        np.testing.assert_array_equal(new, old)
    rng = np.random.default_rng(8)
    assert_same_bits(values, [rng.normal(0, scale, w_shape), rng.normal(0, 1, w_shape[0 if len(w_shape) == 4 else 1])])


def test_a_softmax_layer_leaves_the_global_state():
    before = np.random.get_state()[1:]
    SoftmaxLayer(7, 4)
    for old, new in zip(before, np.random.get_state()[1:], strict=True):
        np.testing.assert_array_equal(new, old)


@pytest.mark.parametrize(
    ("initializer", "scale", "biased"),
    [
        (book_normal, 1 / np.sqrt(300), True),
        (normalized, 1 / np.sqrt(400), True),
        (large, 1, True),
        (glorot, np.sqrt(2 / 700), False),
        (he, np.sqrt(2 / 400), False),
    ],
)
def test_weights_are_normal_with_the_scale_stated(initializer, scale, biased):
    w, b = initializer(np.random.default_rng(3), (400, 300), (5000,), 400, 300)
    assert (w.shape, b.shape) == ((400, 300), (5000,))
    assert stats.kstest(w.ravel() / scale, "norm").pvalue > 1e-3
    assert stats.kstest(w.ravel() / (1.05 * scale), "norm").pvalue < 1e-6  # the test can tell 5 percent
    if biased:
        assert stats.kstest(b, "norm").pvalue > 1e-3
    else:
        assert not b.any()


def test_zeros_draws_nothing():
    w, b = zeros(None, (4, 3), (3,), 4, 3)
    assert_same_bits([w, b], [np.zeros((4, 3)), np.zeros(3)], "float64")


def test_a_scale_that_would_be_infinite_is_an_error_with_a_way_out():
    too_few = {"filter_shape": (1, 2, 1, 3), "image_shape": (5, 2, 9, 8)}
    with pytest.raises(ValueError, match=r"filters of shape \(1, 2, 1, 3\).*rounds down to 0.*initializer=normalized"):
        ConvPoolLayer(**too_few)
    assert ConvPoolLayer(**too_few, initializer=normalized).w.get_value().any()


def test_the_arrays_of_an_initializer_stay_its_own():
    """Training writes into parameters; two layers from the same arrays must not share them."""
    w, b = np.ones((6, 4)), np.ones(4)
    with precision.graph_flags("float64"):
        layer = FullyConnectedLayer(6, 4, initializer=lambda *arguments: (w, b))
    for param, array in zip(layer.params, (w, b), strict=True):
        assert not np.shares_memory(param.get_value(borrow=True), array)
