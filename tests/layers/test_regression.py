"""The regression layer against NumPy: values, quadratic cost, training steps; and what it refuses."""

import inspect
import re
from types import SimpleNamespace

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

import network3
from network3 import FullyConnectedLayer, Network, RegressionLayer, linear, sigmoid, tanh
from network3.layers.costs import cross_entropy
from network3.layers.initializers import normalized
from network3.layers.precision import graph_flags, set_floatX

FOUR_PARTS = re.compile(r"^\S.*: \S.*; got .+\. [A-Z].*\.$")
ACTIVATIONS = {
    # activation: its values, and its derivative as a function of the values
    linear: (lambda z: z, lambda a: np.ones_like(a)),
    sigmoid: (lambda z: 1 / (1 + np.exp(-z)), lambda a: a * (1 - a)),
    tanh: (np.tanh, lambda a: 1 - a**2),
}
each_activation = pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda f: f.__name__)
X = np.random.default_rng(1).normal(size=(4, 6))
Y = np.random.default_rng(2).uniform(0.1, 0.9, (4, 3))
ETA = 0.7


def make(activation=linear, p_dropout=0.0):
    return RegressionLayer(6, 3, activation, p_dropout, initializer=normalized, rng=np.random.default_rng(3))


@each_activation
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-13)])
def test_values_cost_and_delta_agree_with_numpy(compute, connect, activation, dtype, tolerance):
    set_floatX(dtype)
    layer, y = make(activation), pt.tensor("y", shape=(None, None), dtype=dtype)
    x = connect(layer)
    form, derivative = ACTIVATIONS[activation]
    w, b = (param.get_value().astype("float64") for param in layer.params)
    with graph_flags(dtype):
        cost = layer.cost(SimpleNamespace(y=y))
        expressions = [layer.output, layer.output_dropout, cost, pytensor.grad(cost, layer.b)]
        output, in_training, value, gradient = compute(expressions, {x: X.astype(dtype), y: Y.astype(dtype)})
    a = form(X @ w + b)
    assert {part.dtype for part in (output, in_training, value, gradient)} == {np.dtype(dtype)}
    np.testing.assert_allclose(output, a, rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(in_training, output)
    assert value == pytest.approx(sum(((p - q) ** 2).sum() / 2 for p, q in zip(a, Y, strict=True)) / 4, rel=tolerance)
    np.testing.assert_allclose(gradient, ((a - Y) * derivative(a)).mean(axis=0), rtol=10 * tolerance, atol=tolerance)


@each_activation
def test_the_targets_of_a_network_are_a_matrix_of_its_type(activation):
    for dtype in ("float32", "float64"):
        set_floatX(dtype)
        net = Network([FullyConnectedLayer(5, 6), make(activation)], 4)
        assert (net.y.dtype, net.y.ndim, net.output.dtype) == (dtype, 2, dtype)
        assert not hasattr(net.layers[-1], "accuracy")
        assert not hasattr(net.layers[-1], "y_out")


STEPS = {
    "linear, quadratic": (linear, None, lambda a, y: a - y),
    "tanh, quadratic": (tanh, None, lambda a, y: (a - y) * (1 - a**2)),
    "sigmoid, quadratic": (sigmoid, None, lambda a, y: (a - y) * a * (1 - a)),
    "sigmoid, cross-entropy": (sigmoid, cross_entropy, lambda a, y: a - y),
}


@pytest.mark.parametrize(("activation", "cost", "delta"), STEPS.values(), ids=STEPS)
def test_two_steps_agree_with_numpy(activation, cost, delta):
    set_floatX("float64")
    net = Network([make(activation)], 2)
    w, b = net.get_weights()
    for rows in (slice(0, 2), slice(2, 4)):
        d = delta(ACTIVATIONS[activation][0](X[rows] @ w + b), Y[rows])
        w, b = w - ETA * X[rows].T @ d / 2, b - ETA * d.mean(axis=0)
    net.SGD((X, Y), 1, 2, ETA, cost=cost)
    for found, expected in zip(net.get_weights(), (w, b), strict=True):
        assert found.dtype == "float64"
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_evaluation_scales_the_sums_and_a_saved_network_is_the_same(tmp_path):
    set_floatX("float64")
    net = Network([make(sigmoid, p_dropout=0.25)], 4)
    w, b = net.get_weights()
    expected = 1 / (1 + np.exp(-(0.75 * X @ w + b)))
    net.save(tmp_path / "net")
    set_floatX("float32")
    loaded = network3.load(tmp_path / "net")
    assert type(loaded.layers[0]) is RegressionLayer
    assert repr(loaded.layers[0]) == repr(net.layers[0])
    assert loaded.layers[0].activation_fn is sigmoid
    assert (loaded.floatX, loaded.y.dtype, loaded.y.ndim, loaded.mini_batch_size) == ("float64", "float64", 2, 4)
    for found in (net.predict(X), loaded.predict_proba(X)):
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_costs_are_monitored_over_complete_sets():
    set_floatX("float64")
    net = Network([make()], 2)
    w, b = net.get_weights()
    history = net.SGD((X, Y), 1, 2, 0.0, validation_data=(X[:3], Y[:3]), monitor=["training_cost", "validation_cost"])
    costs = [((X[:n] @ w + b - Y[:n]) ** 2).sum() / (2 * n) for n in (4, 3)]
    assert history.monitors["training_cost"] == pytest.approx([costs[0]], rel=1e-12)
    assert history.monitors["validation_cost"] == pytest.approx([costs[1]], rel=1e-12)
    assert history.validation_accuracy == []


REFUSED = {
    "an accuracy to monitor": (
        lambda net: net.SGD((X, Y), 1, 2, ETA, monitor="training_accuracy"),
        r"SGD: monitor: training_accuracy needs an accuracy\(y\); got .* without\. ",
    ),
    "an accuracy": (
        lambda net: net.accuracy((X, Y)),
        r"layer 0 \(RegressionLayer\): the last layer must have an accuracy\(y\); got one without\. Use predict",
    ),
    "labels": (
        lambda net: net.SGD((X, [2, 0, 1, 2]), 1, 2, ETA),
        r"training data: targets must have 2 axes, .*; got shape \(4,\)\. Reshape them, one row for each example\.",
    ),
    "a row too few": (lambda net: net.SGD((X, Y[:3]), 1, 2, ETA), "training data: labels must be 4, one for each"),
    "a NaN target": (
        lambda net: net.SGD((X, np.where(Y > 0.5, np.nan, Y)), 1, 2, ETA),
        "training data: targets must be finite; got nan",
    ),
}


@pytest.mark.parametrize(("call", "message"), REFUSED.values(), ids=REFUSED)
def test_wrong_data_is_refused_before_compiling(call, message):
    net = Network([make()], 2)
    with pytest.raises(ValueError, match=f"^{message}") as caught:
        call(net)
    assert FOUR_PARTS.match(str(caught.value))
    assert not net.compiled


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_out": 0}, r"n_out: .*1 or more; got 0\. "),
        ({"p_dropout": 1}, r"p_dropout: .*at least 0 and below 1; got 1\. "),
        ({"activation_fn": "tanh"}, r"activation_fn: .*function.*; got 'tanh'\. "),
    ],
)
def test_arguments_that_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"^RegressionLayer: {message}") as caught:
        RegressionLayer(**({"n_in": 6, "n_out": 3} | arguments))
    assert FOUR_PARTS.match(str(caught.value))


def test_the_signature_is_that_of_a_fully_connected_layer_with_a_linear_activation():
    parameters, reference = (inspect.signature(kind).parameters for kind in (RegressionLayer, FullyConnectedLayer))
    assert list(parameters) == list(reference)
    assert {n for n in reference if parameters[n].default != reference[n].default} == {"activation_fn"}
    assert parameters["activation_fn"].default is linear
