"""Initial values: the book's draws bit by bit, the standard deviations of the others, and the source of randomness."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from network3.layers import ConvPoolLayer, FullyConnectedLayer, SoftmaxLayer, precision
from network3.layers.initializers import book_normal, glorot, he, large, normalized, zeros

CONV: dict[str, Any] = {"filter_shape": (3, 2, 3, 3), "image_shape": (5, 2, 9, 8)}


def initial_values(layer):
    return [param.get_value() for param in layer.params]


def assert_same_bits(values, expected, dtype="float32"):
    for value, array in zip(values, expected, strict=True):
        assert value.dtype == dtype
        np.testing.assert_array_equal(value, array.astype(dtype))


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
    assert_same_bits(initial_values(conv) + initial_values(connected), drawn, dtype)
    assert_same_bits(initial_values(softmax), [np.zeros((7, 4)), np.zeros(4)], dtype)


def test_n_out_of_filters_is_rounded_down_as_in_python_2():
    """3 filters of 3 x 3 and windows of 2 x 2: 27 / 4 = 6.75 becomes 6, whatever the number of input maps."""
    np.random.seed(5)
    layer = ConvPoolLayer(**CONV, poolsize=(2, 2))
    np.random.seed(5)
    w = np.random.normal(loc=0, scale=np.sqrt(1.0 / 6), size=(3, 2, 3, 3))
    assert_same_bits(initial_values(layer), [w, np.random.normal(loc=0, scale=1.0, size=(3,))])


@pytest.mark.parametrize(
    ("build", "arguments"),
    [
        (lambda f: ConvPoolLayer(**CONV, poolsize=(2, 3), initializer=f), ((3, 2, 3, 3), (3,), 18, 4)),
        (lambda f: ConvPoolLayer(**CONV, poolsize=1, initializer=f), ((3, 2, 3, 3), (3,), 18, 27)),
        (lambda f: FullyConnectedLayer(6, 4, initializer=f), ((6, 4), (4,), 6, 4)),
        (lambda f: SoftmaxLayer(6, 4, initializer=f), ((6, 4), (4,), 6, 4)),
    ],
)
def test_the_arguments_of_an_initializer(build, arguments):
    calls = []

    def initializer(*received):
        calls.append(received)
        return zeros(*received)

    build(initializer)
    assert calls == [(np.random, *arguments)]


@pytest.mark.parametrize(
    ("build", "w_shape", "scale"),
    [
        (lambda **keywords: ConvPoolLayer(**CONV, **keywords), (3, 2, 3, 3), np.sqrt(1 / 6)),
        (lambda **keywords: FullyConnectedLayer(6, 4, **keywords), (6, 4), 0.5),
        (lambda **keywords: SoftmaxLayer(6, 4, initializer=book_normal, **keywords), (6, 4), 0.5),
    ],
)
def test_a_given_generator_is_used_and_the_global_state_unchanged(build, w_shape, scale):
    before = np.random.get_state()
    values = initial_values(build(rng=np.random.default_rng(8)))
    for old, new in zip(before, np.random.get_state(), strict=True):
        np.testing.assert_array_equal(new, old)
    rng = np.random.default_rng(8)
    assert_same_bits(values, [rng.normal(0, scale, w_shape), rng.normal(0, 1, w_shape[0 if len(w_shape) == 4 else 1])])


def test_a_softmax_layer_does_not_change_the_global_state():
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
def test_weights_are_normal_with_the_documented_standard_deviation(initializer, scale, biased):
    w, b = initializer(np.random.default_rng(3), (400, 300), (5000,), 400, 300)
    assert (w.shape, b.shape) == ((400, 300), (5000,))
    assert stats.kstest(w.ravel() / scale, "norm").pvalue > 1e-3
    assert stats.kstest(w.ravel() / (1.05 * scale), "norm").pvalue < 1e-6  # the test detects 5 percent
    if biased:
        assert stats.kstest(b, "norm").pvalue > 1e-3
    else:
        assert not b.any()


def test_zeros_draws_nothing():
    w, b = zeros(None, (4, 3), (3,), 4, 3)
    assert_same_bits([w, b], [np.zeros((4, 3)), np.zeros(3)], "float64")


def test_an_infinite_standard_deviation_is_an_error_with_a_hint():
    too_few = {"filter_shape": (1, 2, 1, 3), "image_shape": (5, 2, 9, 8)}
    with pytest.raises(ValueError, match=r"filters of shape \(1, 2, 1, 3\).*rounds down to 0.*initializer=normalized"):
        ConvPoolLayer(**too_few)
    assert ConvPoolLayer(**too_few, initializer=normalized).w.get_value().any()


def test_the_arrays_of_an_initializer_are_copied():
    """Training modifies parameters in place; two layers with the same arrays must not share them."""
    w, b = np.ones((6, 4)), np.ones(4)
    with precision.graph_flags("float64"):
        layer = FullyConnectedLayer(6, 4, initializer=lambda *arguments: (w, b))
    for param, array in zip(layer.params, (w, b), strict=True):
        assert not np.shares_memory(param.get_value(borrow=True), array)
