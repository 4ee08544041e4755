"""The softmax layer against sums written out: distribution, cost, accuracy, and what the book's readers find on it."""

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
    """All that a cost asks of a network."""
    return SimpleNamespace(y=pt.tensor(name, shape=(None,), dtype="int32"))


def by_loops(x, layer):
    w, b = (param.get_value().astype("float64") for param in layer.params)
    rows = []
    for example in x:
        powers = [math.exp(sum(v * w[i, j] for i, v in enumerate(example)) + b[j]) for j in range(5)]
        rows.append([power / sum(powers) for power in powers])
    return np.array(rows)


def test_the_output_is_the_distribution_of_loops(compute, wire):
    layer = make()
    x = wire(layer)
    for output in compute([layer.output, layer.output_dropout], {x: X.astype("float32")}):
        np.testing.assert_allclose(output, by_loops(X, layer), rtol=1e-5)
        np.testing.assert_allclose(output.sum(1), np.ones(4), rtol=1e-6)


def test_the_cost_is_the_mean_negative_logarithm(compute, wire):
    layer, to = make(), net()
    x = wire(layer)
    cost = compute(layer.cost(to), {x: X.astype("float32"), to.y: LABELS})
    truth = -sum(math.log(row[label]) for row, label in zip(by_loops(X, layer), LABELS, strict=True)) / 4
    assert cost.dtype == "float32"
    assert cost == pytest.approx(truth, rel=1e-5)


def test_the_first_cost_is_the_logarithm_of_the_number_of_classes(compute, wire):
    layer, to = SoftmaxLayer(6, 5), net()
    x = wire(layer)
    assert compute(layer.cost(to), {x: X.astype("float32"), to.y: LABELS}) == pytest.approx(math.log(5), rel=1e-6)


def test_the_cost_is_that_of_training_and_the_accuracy_that_of_evaluation(compute):
    """Training sees the examples in another order here, so the two can be told apart."""
    layer, to = make(), net()
    x, other = (pt.tensor(shape=(None, 6), dtype="float32") for _ in range(2))
    layer.set_inpt(x, other, 4)
    values = {x: X.astype("float32"), other: X[::-1].astype("float32"), to.y: LABELS}
    cost, predicted, accuracy = compute([layer.cost(to), layer.y_out, layer.accuracy(to.y)], values)
    rows = by_loops(X, layer)
    assert cost == pytest.approx(-np.mean(np.log(rows[::-1][range(4), LABELS])), rel=1e-5)
    np.testing.assert_array_equal(predicted, [max(range(5), key=row.__getitem__) for row in rows])
    assert accuracy == np.mean(predicted == LABELS)


def test_extreme_weights_give_a_finite_cost_and_gradient(compute, wire):
    layer, to = make(), net()
    layer.w.set_value(1000 * layer.w.get_value())
    x = wire(layer)
    cost = layer.cost(to)
    value, *gradients = compute([cost, *pytensor.grad(cost, layer.params)], {x: X.astype("float32"), to.y: LABELS})
    assert 100 < value < np.inf
    assert all(np.isfinite(gradient).all() and gradient.any() for gradient in gradients)


def test_feature_maps_are_flattened_by_maps_then_rows_then_columns(compute, wire):
    rng = np.random.default_rng(3)
    conv = ConvPoolLayer((3, 2, 3, 2), (4, 2, 10, 6), (2, 1), rng=rng)  # gives 3 maps of 4 x 5
    layer = make(n_in=60)
    x = wire(conv)
    layer.set_inpt(conv.output, conv.output_dropout, 4)
    maps, output = compute([conv.output, layer.output], {x: rng.normal(size=(4, 120)).astype("float32")})
    assert maps.shape == (4, 3, 4, 5)
    flat = [[image[m, r, c] for m in range(3) for r in range(4) for c in range(5)] for image in maps]
    np.testing.assert_allclose(output, by_loops(flat, layer), rtol=1e-4)


@pytest.mark.parametrize(("given", "promised"), [((None, 6), (None, 5)), ((7, 1, 2, 3), (7, 5))])
def test_output_shape_is_arithmetic(given, promised):
    assert make().output_shape(given) == promised


def test_the_signature_is_the_originals_and_what_is_new_goes_by_keyword():
    parameters = inspect.signature(SoftmaxLayer).parameters
    original = {"n_in": inspect.Parameter.empty, "n_out": inspect.Parameter.empty, "p_dropout": 0.0}
    assert {n: p.default for n, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD} == original
    assert list(parameters)[:3] == list(original)
    assert {n for n, p in parameters.items() if p.kind is p.KEYWORD_ONLY} == set(parameters) - set(original)
    assert list(inspect.signature(SoftmaxLayer.cost).parameters) == ["self", "net"]
    assert list(inspect.signature(SoftmaxLayer.accuracy).parameters) == ["self", "y"]
    layer = SoftmaxLayer(6, 5, 0.25)
    assert (layer.n_in, layer.n_out, layer.p_dropout) == (6, 5, 0.25)


def test_the_originals_attributes_are_there_before_and_after_wiring(wire):
    layer = make(p_dropout=0.5)
    wired = ("inpt", "output", "inpt_dropout", "output_dropout", "y_out")
    assert not any(hasattr(layer, name) for name in wired)
    assert (layer.params[0], layer.params[1]) == (layer.w, layer.b)
    assert (layer.w.name, layer.b.name) == ("w", "b")
    assert (layer.w.type.shape, layer.b.type.shape) == ((6, 5), (5,))
    wire(layer)
    assert all(hasattr(layer, name) for name in wired)
    assert (layer.cost(net()).ndim, layer.accuracy(net().y).ndim) == (0, 0)
