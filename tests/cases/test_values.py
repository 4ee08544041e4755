"""A FullyConnectedLayer at the end, trained on values or on labels with the cost that is passed: S09."""

import numpy as np
import pytest

import network3
from network3 import FullyConnectedLayer, Network, RegressionLayer, gradient_norms
from network3.layers.costs import cross_entropy, quadratic
from tests.cases.entries import case

X = np.random.default_rng(3).random((60, 3))
Y = np.sin(X.sum(axis=1, keepdims=True))


def fully_connected(outputs=1):
    np.random.seed(0)
    return Network([FullyConnectedLayer(3, 10), FullyConnectedLayer(10, outputs)], 10)


@case("S09")
@pytest.mark.parametrize("cost", [quadratic, cross_entropy])
@pytest.mark.parametrize("outputs", [1, 2, 3])
@pytest.mark.parametrize("form", ["arrays", "pairs", "column pairs"])
def test_s09_a_fully_connected_layer_at_the_end_is_trained_on_values(cost, outputs, form):
    """As a RegressionLayer with sigmoid neurons is, to the same weights."""
    y = np.random.default_rng(2).random((60, outputs))
    data = {
        "arrays": (X, y),
        "pairs": list(zip(X, y, strict=True)),
        "column pairs": [(x[:, None], values[:, None]) for x, values in zip(X, y, strict=True)],
    }[form]
    net = fully_connected(outputs)
    np.random.seed(0)
    other = Network([FullyConnectedLayer(3, 10), RegressionLayer(10, outputs, network3.sigmoid)], 10)
    histories = [each.SGD(data, 2, 10, 0.5, data, data, cost=cost) for each in (net, other)]
    for a, b in zip(net.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
    assert histories[0].validation_cost == pytest.approx(histories[1].validation_cost, rel=1e-5)
    assert histories[0].validation_accuracy == []
    np.testing.assert_allclose(gradient_norms(net, data, cost=cost), gradient_norms(other, data, cost=cost), rtol=1e-4)
    if outputs == 1:
        np.testing.assert_array_equal(net.predict(X), net.predict_proba(X))


@case("S09")
@pytest.mark.parametrize("labels", [np.arange(60) % 3, (np.arange(60) % 3)[:, None], np.eye(3)[np.arange(60) % 3]])
def test_s09_labels_stay_labels(labels):
    net = fully_connected(3)
    history = net.SGD((X, labels), 1, 10, 0.5, (X, labels), cost=quadratic)
    assert history.validation_accuracy == [net.accuracy((X, labels))]
    assert history.validation_cost == []
    assert net.predict(X).dtype.kind == "i"


@case("S09")
def test_s09_all_sets_have_the_kind_of_targets_of_the_training_data():
    values, rows = np.random.default_rng(2).random((60, 2)), np.eye(2)[np.arange(60) % 2]
    history = fully_connected(2).SGD((X, values), 1, 10, 0.5, (X, rows), cost=quadratic)
    assert len(history.validation_cost) == 1
    with pytest.raises(ValueError, match=r"^validation data: labels must be .*end with a RegressionLayer"):
        fully_connected(2).SGD((X, rows), 1, 10, 0.5, (X, values), cost=quadratic)


@case("S09")
@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda net: net.SGD((X, Y), 1, 10, 0.1), r"must have a cost; got one without\..* RegressionLayer .*quadratic"),
        (lambda net: net.SGD((X, np.hstack([Y, Y])), 1, 10, 0.1, cost=quadratic), "expected targets of 1 values"),
        (lambda net: net.SGD((X, Y), 1, 10, 0.1, cost=quadratic, monitor="training_accuracy"), "needs an accuracy"),
        (lambda net: net.accuracy((X, Y)), "RegressionLayer"),
    ],
)
def test_s09_what_does_not_fit_is_refused_and_names_the_way_out(act, words):
    net = fully_connected()
    with pytest.raises(ValueError, match=words):
        act(net)
    assert not net.compiled
