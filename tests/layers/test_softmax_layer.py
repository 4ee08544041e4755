"""The softmax layer against loops: distribution, cost, accuracy, and the signature of the book's code."""

import inspect
import math
from types import SimpleNamespace

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from network3.layers import ConvPoolLayer, SoftmaxLayer
from network3.layers.initializers import normalized

X = np.random.default_rng(1).normal(size=(4, 6))
LABELS = np.array([2, 0, 4, 2], "int32")


def make(p_dropout=0.0, n_in=6):
    return SoftmaxLayer(n_in, 5, p_dropout, initializer=normalized, rng=np.random.default_rng(2))


def net(name="y"):
    """Return what a cost uses of a network."""
    return SimpleNamespace(y=pt.tensor(name, shape=(None,), dtype="int32"))


def by_loops(x, layer):
    w, b = (param.get_value().astype("float64") for param in layer.params)
    rows = []
    for example in x:
        powers = [math.exp(sum(v * w[i, j] for i, v in enumerate(example)) + b[j]) for j in range(5)]
        rows.append([power / sum(powers) for power in powers])
    return np.array(rows)


def test_the_output_agrees_with_loops(compute, connect):
    layer = make()
    x = connect(layer)
    for output in compute([layer.output, layer.output_dropout], {x: X.astype("float32")}):
        np.testing.assert_allclose(output, by_loops(X, layer), rtol=1e-5)
        np.testing.assert_allclose(output.sum(1), np.ones(4), rtol=1e-6)


def test_the_cost_is_the_mean_negative_logarithm(compute, connect):
    layer, target = make(), net()
    x = connect(layer)
    cost = compute(layer.cost(target), {x: X.astype("float32"), target.y: LABELS})
    expected = -sum(math.log(row[label]) for row, label in zip(by_loops(X, layer), LABELS, strict=True)) / 4
    assert cost.dtype == "float32"
    assert cost == pytest.approx(expected, rel=1e-5)


def test_the_first_cost_is_the_logarithm_of_the_number_of_classes(compute, connect):
    layer, target = SoftmaxLayer(6, 5), net()
    x = connect(layer)
    assert compute(layer.cost(target), {x: X.astype("float32"), target.y: LABELS}) == pytest.approx(
        math.log(5), rel=1e-6
    )


def test_the_cost_uses_the_training_output_and_the_accuracy_the_evaluation_output(compute):
    """The training input has the examples in another order here, so that the two differ."""
    layer, target = make(), net()
    x, other = (pt.tensor(shape=(None, 6), dtype="float32") for _ in range(2))
    layer.set_inpt(x, other, 4)
    values = {x: X.astype("float32"), other: X[::-1].astype("float32"), target.y: LABELS}
    cost, predicted, accuracy = compute([layer.cost(target), layer.y_out, layer.accuracy(target.y)], values)
    rows = by_loops(X, layer)
    assert cost == pytest.approx(-np.mean(np.log(rows[::-1][range(4), LABELS])), rel=1e-5)
    np.testing.assert_array_equal(predicted, [max(range(5), key=row.__getitem__) for row in rows])
    assert accuracy == np.mean(predicted == LABELS)


def test_extreme_weights_give_a_finite_cost_and_gradient(compute, connect):
    layer, target = make(), net()
    layer.w.set_value(1000 * layer.w.get_value())
    x = connect(layer)
    cost = layer.cost(target)
    value, *gradients = compute([cost, *pytensor.grad(cost, layer.params)], {x: X.astype("float32"), target.y: LABELS})
    assert 100 < value < np.inf
    assert all(np.isfinite(gradient).all() and gradient.any() for gradient in gradients)


def test_feature_maps_are_flattened_by_maps_then_rows_then_columns(compute, connect):
    rng = np.random.default_rng(3)
    conv = ConvPoolLayer((3, 2, 3, 2), (4, 2, 10, 6), (2, 1), rng=rng)  # its output is 3 maps of 4 x 5
    layer = make(n_in=60)
    x = connect(conv)
    layer.set_inpt(conv.output, conv.output_dropout, 4)
    maps, output = compute([conv.output, layer.output], {x: rng.normal(size=(4, 120)).astype("float32")})
    assert maps.shape == (4, 3, 4, 5)
    flat = [[image[m, r, c] for m in range(3) for r in range(4) for c in range(5)] for image in maps]
    np.testing.assert_allclose(output, by_loops(flat, layer), rtol=1e-4)


@pytest.mark.parametrize(("input_shape", "expected"), [((None, 6), (None, 5)), ((7, 1, 2, 3), (7, 5))])
def test_output_shape(input_shape, expected):
    assert make().output_shape(input_shape) == expected


def test_the_signature_is_the_originals_and_new_arguments_are_keyword_only():
    parameters = inspect.signature(SoftmaxLayer).parameters
    original = {"n_in": inspect.Parameter.empty, "n_out": inspect.Parameter.empty, "p_dropout": 0.0}
    assert {n: p.default for n, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD} == original
    assert list(parameters)[:3] == list(original)
    assert {n for n, p in parameters.items() if p.kind is p.KEYWORD_ONLY} == set(parameters) - set(original)
    assert list(inspect.signature(SoftmaxLayer.cost).parameters) == ["self", "net"]
    assert list(inspect.signature(SoftmaxLayer.accuracy).parameters) == ["self", "y"]
    layer = SoftmaxLayer(6, 5, 0.25)
    assert (layer.n_in, layer.n_out, layer.p_dropout) == (6, 5, 0.25)


def test_the_originals_attributes_before_and_after_set_inpt(connect):
    layer = make(p_dropout=0.5)
    set_by_set_inpt = ("inpt", "output", "inpt_dropout", "output_dropout", "y_out")
    assert not any(hasattr(layer, name) for name in set_by_set_inpt)
    assert (layer.params[0], layer.params[1]) == (layer.w, layer.b)
    assert (layer.w.name, layer.b.name) == ("w", "b")
    assert (layer.w.type.shape, layer.b.type.shape) == ((6, 5), (5,))
    connect(layer)
    assert all(hasattr(layer, name) for name in set_by_set_inpt)
    assert (layer.cost(net()).ndim, layer.accuracy(net().y).ndim) == (0, 0)
