"""The fully connected layer against loops, and its signature and attributes as in the book's code."""

import inspect
import math

import numpy as np
import pytensor.tensor as pt
import pytest

from network3.layers import FullyConnectedLayer, ReLU, dropout_layer, linear, sigmoid, softmax, tanh
from network3.layers.initializers import normalized

FORMS = {
    sigmoid: lambda z: [1 / (1 + math.exp(-value)) for value in z],
    tanh: lambda z: [math.tanh(value) for value in z],
    ReLU: lambda z: [max(value, 0.0) for value in z],
    linear: list,
    softmax: lambda z: [math.exp(value) / sum(map(math.exp, z)) for value in z],
}
X = np.random.default_rng(1).normal(size=(4, 6))


def make(activation=sigmoid, p_dropout=0.0, n_out=5):
    return FullyConnectedLayer(
        6, n_out, activation_fn=activation, p_dropout=p_dropout, initializer=normalized, rng=np.random.default_rng(2)
    )


def by_loops(x, layer):
    w, b = (param.get_value().astype("float64") for param in layer.params)
    z = [[sum(example[i] * w[i, j] for i in range(6)) + b[j] for j in range(b.size)] for example in x]
    return np.array([FORMS[layer.activation_fn](row) for row in z])


@pytest.mark.parametrize("activation", FORMS, ids=lambda f: f.__name__)
def test_the_output_agrees_with_loops(compute, connect, activation):
    layer = make(activation)
    x = connect(layer)
    for output in compute([layer.output, layer.output_dropout], {x: X.astype("float32")}):
        assert output.dtype == "float32"
        np.testing.assert_allclose(output, by_loops(X, layer), rtol=1e-5, atol=1e-6)


def test_a_custom_activation(compute, connect):
    layer = make(lambda z: z**2 + 1)
    x = connect(layer)
    w, b = (param.get_value() for param in layer.params)
    np.testing.assert_allclose(compute(layer.output, {x: X.astype("float32")}), (X @ w + b) ** 2 + 1, rtol=1e-5)


def test_feature_maps_are_flattened_in_the_order_maps_rows_columns(compute):
    layer = make()
    maps = pt.tensor("maps", shape=(None, 1, 2, 3), dtype="float32")
    layer.set_inpt(maps, maps, 4)
    images = X.astype("float32").reshape(4, 1, 2, 3)
    flat = np.array([[image[0, r, c] for r in range(2) for c in range(3)] for image in images])
    np.testing.assert_allclose(compute(layer.output, {maps: images}), by_loops(flat, layer), rtol=1e-5)


def test_evaluation_and_training_may_have_different_inputs(compute):
    layer = make(linear)
    x, y = (pt.tensor(name, shape=(None, 6), dtype="float32") for name in "xy")
    layer.set_inpt(x, y, 4)
    out, trained = compute([layer.output, layer.output_dropout], {x: X.astype("float32"), y: 2 * X.astype("float32")})
    np.testing.assert_allclose(out, by_loops(X, layer), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(trained, by_loops(2 * X, layer), rtol=1e-4, atol=1e-5)


def test_y_out_is_the_most_active_neuron_and_accuracy_the_fraction_of_right_ones(compute, connect):
    layer = make(p_dropout=0.5)
    layer.w.set_value(np.eye(6, 5, dtype="float32"))
    layer.b.set_value(np.zeros(5, "float32"))
    x, y = connect(layer), pt.tensor("y", shape=(None,), dtype="int32")
    images = np.eye(6, dtype="float32")[[3, 0, 4, 2]]
    labels = np.array([3, 1, 4, 2], "int32")
    predicted, accuracy = compute([layer.y_out, layer.accuracy(y)], {x: images, y: labels})
    np.testing.assert_array_equal(predicted, [3, 0, 4, 2])
    assert predicted.dtype.kind == "i"
    assert accuracy == 0.75
    assert accuracy.dtype == "float32"


@pytest.mark.parametrize(
    ("input_shape", "expected"),
    [((None, 6), (None, 5)), ((7, 6), (7, 5)), ((None, 1, 2, 3), (None, 5)), ((7, 3, 2), (7, 5))],
)
def test_output_shape(input_shape, expected):
    assert make().output_shape(input_shape) == expected


def test_the_signature_is_the_originals_and_new_arguments_are_keyword_only():
    parameters = inspect.signature(FullyConnectedLayer).parameters
    original = {"n_in": inspect.Parameter.empty, "n_out": inspect.Parameter.empty, "activation_fn": sigmoid}
    original["p_dropout"] = 0.0
    assert {n: p.default for n, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD} == original
    assert list(parameters)[:4] == list(original)
    assert {n for n, p in parameters.items() if p.kind is p.KEYWORD_ONLY} == set(parameters) - set(original)
    assert list(inspect.signature(dropout_layer).parameters) == ["layer", "p_dropout"]
    layer = FullyConnectedLayer(6, 5, tanh, 0.25)
    assert (layer.n_in, layer.n_out, layer.activation_fn, layer.p_dropout) == (6, 5, tanh, 0.25)


def test_the_originals_attributes_before_and_after_set_inpt(connect):
    layer = make(p_dropout=0.5)
    set_by_set_inpt = ("inpt", "output", "inpt_dropout", "output_dropout", "y_out")
    assert not any(hasattr(layer, name) for name in set_by_set_inpt)
    assert (layer.params[0], layer.params[1]) == (layer.w, layer.b)
    assert (layer.w.name, layer.b.name) == ("w", "b")
    assert (layer.w.type.shape, layer.b.type.shape) == ((6, 5), (5,))
    assert not hasattr(layer, "cost")  # as in the original, so it cannot be the last layer
    connect(layer)
    assert all(hasattr(layer, name) for name in set_by_set_inpt)
    assert (layer.output.ndim, layer.y_out.ndim) == (2, 1)
