"""Smoothed labels and class weights against loops in NumPy and PyTorch: values, errors delta, and steps of training."""

from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy.special import softmax as scipy_softmax

import network3
from network3 import FullyConnectedLayer, Network, RegressionLayer, gradient_norms
from network3.layers import softmax
from network3.layers.costs import LogLikelihood, log_likelihood
from tests.network3.execution.two_layers import BATCH, build, data, mini_batches, same

Z = np.random.default_rng(4).normal(size=(5, 3))
LABELS = np.array([2, 0, 1, 1, 0], dtype="int32")
UNKNOWN: Any = "balance"
WEIGHTS = (0.5, 2.0, 3.0)
each_cost = pytest.mark.parametrize(
    "cost",
    [LogLikelihood(), LogLikelihood(0.1), LogLikelihood(class_weight=WEIGHTS), LogLikelihood(0.3, WEIGHTS)],
    ids=["plain", "smoothed", "weighted", "both"],
)


def of_one(cost, a, label):
    """Return the cost of one example and its error delta, as the docstring has them."""
    weight = 1.0 if cost.class_weight is None else cost.class_weight[label]
    desired = np.full(len(a), cost.smoothing / len(a))
    desired[label] += 1 - cost.smoothing
    return weight * -sum(d * np.log(p) for d, p in zip(desired, a, strict=True) if d > 0), weight * (a - desired)


@each_cost
@pytest.mark.parametrize("static", [True, False], ids=["static", "open"])
@pytest.mark.parametrize("of_softmax", [True, False])
def test_the_mean_over_the_examples_and_its_gradient(compute, cost, static, of_softmax):
    expected = [of_one(cost, *example) for example in zip(scipy_softmax(Z, 1), LABELS, strict=True)]
    z = pt.tensor(shape=Z.shape if static else (None, None), dtype="float64")
    y = pt.tensor(shape=(5,) if static else (None,), dtype="int32")
    a = softmax(z) if of_softmax else pt.exp(z) / pt.exp(z).sum(axis=1, keepdims=True)
    total = cost(a, y)
    assert compute(total, {z: Z, y: LABELS}) == pytest.approx(np.mean([value for value, _ in expected]), rel=1e-13)
    found = compute(pytensor.grad(total, z), {z: Z, y: LABELS})
    np.testing.assert_allclose(found, [delta / 5 for _, delta in expected], rtol=1e-11, atol=1e-16)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_pytorch_agrees(compute, smoothing, weights):
    torch = pytest.importorskip("torch", reason="PyTorch is no dependency")
    function, labels = torch.nn.functional.cross_entropy, torch.tensor(LABELS, dtype=torch.int64)
    rows = function(torch.tensor(Z), labels, label_smoothing=smoothing, reduction="none").numpy()
    # With weights PyTorch smooths otherwise, see of_one; a weight of the label is that of sample weights.
    expected = (rows if weights is None else rows * np.array(weights)[LABELS]).mean()
    z, y = pt.dmatrix(), pt.ivector()
    total = LogLikelihood(smoothing, weights)(softmax(z), y)
    assert compute(total, {z: Z, y: LABELS}) == pytest.approx(expected, rel=1e-12)
    if smoothing == 0.0 and weights is not None:
        summed = function(torch.tensor(Z), labels, weight=torch.tensor(weights, dtype=torch.float64), reduction="sum")
        assert compute(total, {z: Z, y: LABELS}) == pytest.approx(summed.item() / len(LABELS), rel=1e-12)


def test_probabilities_that_underflow_in_float32(compute):
    z, y = pt.fmatrix(), pt.ivector()
    extreme, labels = np.array([[0, 200.0, -300.0]], "float32"), np.array([2], "int32")
    total = LogLikelihood(0.3, WEIGHTS)(softmax(z), y)
    assert total.dtype == "float32"
    assert compute(total, {z: extreme, y: labels}) == pytest.approx(3 * (0.8 * 500 + 0.1 * 200), rel=1e-6)
    delta = compute(pytensor.grad(total, z), {z: extreme, y: labels})
    np.testing.assert_allclose(delta, [[-0.3, 2.7, -2.4]], rtol=1e-5)


def trained(weights, batches, cost, eta):
    """Return the weights after gradient descent by backpropagation with the error delta of `of_one`."""
    for x, y in batches:
        w1, b1, w2, b2 = weights
        hidden = 1 / (1 + np.exp(-(x @ w1 + b1)))
        a = scipy_softmax(hidden @ w2 + b2, 1)
        d2 = np.stack([of_one(cost, *example)[1] for example in zip(a, y, strict=True)]) / len(y)
        d1 = d2 @ w2.T * hidden * (1 - hidden)
        gradients = [x.T @ d1, d1.sum(axis=0), hidden.T @ d2, d2.sum(axis=0)]
        weights = [w - eta * g for w, g in zip(weights, gradients, strict=True)]
    return weights


@pytest.mark.parametrize("backend", ["network3", "jax"])
def test_two_epochs(backend):
    network3.use(backend=backend)
    cost = LogLikelihood(0.2, WEIGHTS)
    net, (x, y) = build(), data()
    expected = trained(net.get_weights(), list(mini_batches(x, y, 2)), cost, 0.3)
    monitor = ["validation_cost", "validation_accuracy"]
    history = net.SGD((x, y), 2, BATCH, 0.3, (x[:7], y[:7]), cost=cost, verbose=False, monitor=monitor)
    same(net.get_weights(), expected)
    # A monitored cost has the smoothing and the weights; the accuracy has neither.
    a = net.predict_proba(x[:7])
    costs = [of_one(cost, *example)[0] for example in zip(a, y[:7], strict=True)]
    assert history.monitors["validation_cost"][-1] == pytest.approx(np.mean(costs), rel=1e-12)
    assert history.validation_accuracy[-1] == np.mean(a.argmax(axis=1) == y[:7]) == net.accuracy((x[:7], y[:7]))


def test_balanced_weights_follow_from_the_training_labels():
    cost = LogLikelihood(0.1, "balanced")
    labels = np.array([0, 0, 0, 1, 3, 3], "int32")
    assert cost.for_labels(labels, 4) == LogLikelihood(0.1, (2 / 3, 2.0, 1.0, 1.0))  # no example of class 2
    assert LogLikelihood(0.1).for_labels(labels, 4) == LogLikelihood(0.1)
    (x, y), nets = data(), [build(), build()]
    nets[0].SGD((x, y), 1, BATCH, 0.3, (x[:9], y[:9]), cost=cost, verbose=False)
    weights = [len(y) / (3 * (y == k).sum()) for k in range(3)]
    nets[1].SGD((x, y), 1, BATCH, 0.3, cost=LogLikelihood(0.1, weights), verbose=False)
    same(nets[0].get_weights(), nets[1].get_weights(), 0)


def test_a_checkpoint_records_the_cost(tmp_path):
    (x, y), nets = data(), [build(), build()]
    arguments = {"cost": LogLikelihood(0.1, "balanced"), "verbose": False}
    nets[0].SGD((x, y), 3, BATCH, 0.3, **arguments)
    nets[1].SGD((x, y), 1, BATCH, 0.3, **arguments, checkpoint=tmp_path / "c")
    with pytest.raises(ValueError, match=r"cost was LogLikelihood\(smoothing=0\.1, .* and is log_likelihood"):
        nets[1].SGD((x, y), 3, BATCH, 0.3, cost=log_likelihood, verbose=False, resume=tmp_path / "c")
    nets[1].SGD((x, y), 3, BATCH, 0.3, **arguments, resume=tmp_path / "c")
    same(nets[0].get_weights(), nets[1].get_weights(), 0)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: LogLikelihood(1.0), ValueError, "smoothing: expected a finite number, at least 0 and below 1; got 1"),
        (lambda: LogLikelihood(-0.1), ValueError, "smoothing: expected a finite number"),
        (lambda: LogLikelihood(float("nan")), ValueError, "smoothing: expected a finite number, .*; got nan"),
        (lambda: LogLikelihood(class_weight=(1, -1)), ValueError, "class_weight: expected a .*at least 0; got -1"),
        (lambda: LogLikelihood(class_weight=(1, np.nan)), ValueError, "class_weight: expected a .*at least 0; got nan"),
        (lambda: LogLikelihood(class_weight=(0, 0)), ValueError, "class_weight: expected a number above 0; got"),
        (lambda: LogLikelihood(class_weight=()), TypeError, 'class_weight: expected a number for each class, or "bal'),
        (lambda: LogLikelihood(class_weight=UNKNOWN), TypeError, "class_weight: expected .*; got 'balance'"),
    ],
)
def test_values_out_of_range(make, error, message):
    with pytest.raises(error, match=f"^LogLikelihood: {message}"):
        make()


def test_weights_for_another_number_of_classes():
    message = r"^LogLikelihood: class_weight: expected numbers, one for each class; got 2 for 3 outputs\. Pass 3"
    with pytest.raises(ValueError, match=message):
        build().SGD(data(), 1, BATCH, 0.3, cost=LogLikelihood(class_weight=(1, 2)))


def test_balanced_needs_training_labels():
    with pytest.raises(ValueError, match=r"^LogLikelihood: class_weight: expected numbers, .*; got 'balanced'\. Pass"):
        gradient_norms(build(), data(), cost=LogLikelihood(class_weight="balanced"))


@pytest.mark.parametrize("cost", [LogLikelihood(0.1), LogLikelihood(class_weight="balanced")])
@pytest.mark.parametrize("last", [RegressionLayer, FullyConnectedLayer])
def test_targets_that_are_no_labels(cost, last):
    build()  # float64
    net, (x, _) = Network([last(7, 2)], BATCH), data()
    values = np.random.default_rng(1).random((len(x), 2))
    with pytest.raises(TypeError, match=r"^LogLikelihood.*: expected labels.*; got "):
        net.SGD((x, values), 1, BATCH, 0.3, cost=cost)
