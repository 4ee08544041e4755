"""The four equations of backpropagation (book, chapter 2), written out in NumPy, against the gradients of networks."""

import numpy as np
import pytest
from pytensor import function
from pytensor.gradient import grad

import network3
from network3 import FullyConnectedLayer, Network, RegressionLayer, ReLU, SoftmaxLayer, linear, sigmoid, softmax, tanh
from network3.layers.costs import cross_entropy, log_likelihood, quadratic
from network3.layers.initializers import normalized

SIZES, BATCH = (7, 5, 4, 3), 6  # all different, so that swapped axes are found
X = np.random.default_rng(1).normal(size=(BATCH, 7))
VALUES = np.random.default_rng(2).uniform(0.1, 0.9, (BATCH, 3))
LABELS = np.array([2, 0, 1, 1, 0, 2], "int32")
ETA = 0.25


def logistic(z):
    return 1 / (1 + np.exp(-z))


def distribution(z):
    return np.exp(z) / np.exp(z).sum()


FORMS = {
    # activation: f, and the matrix of the derivatives of a_j by z_k
    linear: (lambda z: z, lambda z: np.eye(z.size)),
    sigmoid: (logistic, lambda z: np.diag(logistic(z) * (1 - logistic(z)))),
    tanh: (np.tanh, lambda z: np.diag(1 - np.tanh(z) ** 2)),
    ReLU: (lambda z: np.maximum(z, 0), lambda z: np.diag((z > 0).astype(float))),
    softmax: (distribution, lambda z: np.diag(distribution(z)) - np.outer(distribution(z), distribution(z))),
}
COSTS = {
    # cost of one example, and its derivatives by the activations
    quadratic: (lambda a, y: ((a - y) ** 2).sum() / 2, lambda a, y: a - y),
    cross_entropy: (
        lambda a, y: -(y * np.log(a) + (1 - y) * np.log(1 - a)).sum(),
        lambda a, y: (a - y) / (a * (1 - a)),
    ),
    log_likelihood: (lambda a, y: -(y * np.log(a)).sum(), lambda a, y: -y / a),
}
PAIRS = {
    "sigmoid, quadratic": (sigmoid, quadratic),
    "tanh, quadratic": (tanh, quadratic),
    "linear, quadratic": (linear, quadratic),
    "sigmoid, cross-entropy": (sigmoid, cross_entropy),
    "softmax, log-likelihood": (softmax, log_likelihood),
}
each_pair = pytest.mark.parametrize(("output", "cost"), PAIRS.values(), ids=PAIRS)
each_hidden = pytest.mark.parametrize("hidden", [sigmoid, tanh, ReLU], ids=lambda f: f.__name__)


def forward(weights, x, hidden, output):
    """Return the weighted inputs and the activations of every layer, from the input on, for one example."""
    z, a = [], [x]
    for k in range(0, len(weights), 2):
        z.append(a[-1] @ weights[k] + weights[k + 1])
        a.append(FORMS[output if k == len(weights) - 2 else hidden][0](z[-1]))
    return z, a


def errors(weights, x, y, hidden, output, cost):
    """Return the error delta of every layer, by the first two equations."""
    z, a = forward(weights, x, hidden, output)
    deltas = [FORMS[output][1](z[-1]).T @ COSTS[cost][1](a[-1], y)]  # BP1
    for w, z_before in zip(weights[-2:0:-2], z[-2::-1], strict=True):
        deltas.insert(0, FORMS[hidden][1](z_before) @ (w @ deltas[0]))  # BP2
    return deltas, a


def gradients(weights, x, y, hidden, output, cost):
    """Return the gradient by each of the weights and biases for one example, by the last two equations."""
    deltas, a = errors(weights, x, y, hidden, output, cost)
    pairs = [(np.outer(a_in, delta), delta) for a_in, delta in zip(a, deltas, strict=False)]  # BP4, BP3
    return [part for pair in pairs for part in pair]


def mean_gradients(weights, *rest, desired=VALUES):
    found = [gradients(weights, x, y, *rest) for x, y in zip(X, desired, strict=True)]
    return [sum(parts) / BATCH for parts in zip(*found, strict=True)]


def build(hidden, output):
    """Return a network of these neurons, its targets in the form that it takes, and the targets as rows."""
    network3.use("cpu", "float64")
    drawn = {"initializer": normalized, "rng": np.random.default_rng(4)}
    layers = [FullyConnectedLayer(*SIZES[k : k + 2], activation_fn=hidden, **drawn) for k in (0, 1)]
    if output is softmax:
        return Network([*layers, SoftmaxLayer(4, 3, **drawn)], BATCH), LABELS, np.eye(3)[LABELS]
    return Network([*layers, RegressionLayer(4, 3, output, **drawn)], BATCH), VALUES, VALUES


def by_pytensor(net, cost, x, y):
    """Return the gradients of the mean cost of examples, as PyTensor derives them."""
    last = net.layers[-1]
    total = cost(last.output_dropout, net.y) if cost is cross_entropy else last.cost(net)
    return function([net.x, net.y], grad(total, net.params), mode="FAST_COMPILE")(x, y)


@each_hidden
@each_pair
def test_gradients_agree_with_the_four_equations(hidden, output, cost):
    net, given, desired = build(hidden, output)
    expected = mean_gradients(net.get_weights(), hidden, output, cost, desired=desired)
    found = by_pytensor(net, cost, X, given)
    assert [g.shape for g in found] == [(7, 5), (5,), (5, 4), (4,), (4, 3), (3,)]
    for g, w in zip(found, expected, strict=True):
        assert np.abs(w).max() > 1e-4
        np.testing.assert_allclose(g, w, rtol=1e-9, atol=1e-14)


@each_pair
def test_the_equations_agree_with_finite_differences(output, cost):
    net, _, desired = build(tanh, output)
    weights, h = net.get_weights(), 1e-6

    def mean_cost():
        activations = [forward(weights, x, tanh, output)[1][-1] for x in X]
        return np.mean([COSTS[cost][0](a, y) for a, y in zip(activations, desired, strict=True)])

    for part, gradient in zip(weights, mean_gradients(weights, tanh, output, cost, desired=desired), strict=True):
        for index in np.ndindex(part.shape):
            value = part[index]
            part[index] = value + h
            above = mean_cost()
            part[index] = value - h
            below = mean_cost()
            part[index] = value
            assert gradient[index] == pytest.approx((above - below) / (2 * h), abs=1e-8)


@pytest.mark.parametrize("pair", ["linear, quadratic", "sigmoid, cross-entropy", "softmax, log-likelihood"])
def test_the_error_of_a_matching_cost_has_no_derivative_of_the_activation(pair):
    output, cost = PAIRS[pair]
    net, given, desired = build(sigmoid, output)
    weights = net.get_weights()
    a = np.array([forward(weights, x, sigmoid, output)[1][-1] for x in X])
    deltas = [errors(weights, x, y, sigmoid, output, cost)[0][-1] for x, y in zip(X, desired, strict=True)]
    np.testing.assert_allclose(deltas, a - desired, rtol=1e-12)
    np.testing.assert_allclose(by_pytensor(net, cost, X, given)[-1], (a - desired).mean(axis=0), rtol=1e-11)


def test_the_gradient_by_the_biases_of_one_example_is_its_error():
    net, given, _ = build(sigmoid, tanh)
    deltas, a = errors(net.get_weights(), X[2], VALUES[2], sigmoid, tanh, quadratic)
    found = by_pytensor(net, quadratic, X[2:3], given[2:3])
    for k, delta in enumerate(deltas):
        np.testing.assert_allclose(found[2 * k + 1], delta, rtol=1e-10)
        for i, j in np.ndindex(*SIZES[k : k + 2]):
            assert found[2 * k][i, j] == pytest.approx(a[k][i] * delta[j], rel=1e-10)


@pytest.mark.parametrize(
    ("hidden", "pair"), [(tanh, "sigmoid, cross-entropy"), (ReLU, "linear, quadratic"), (sigmoid, "tanh, quadratic")]
)
def test_a_step_of_training_follows_that_gradient(hidden, pair):
    output, cost = PAIRS[pair]
    net, given, desired = build(hidden, output)
    before = net.get_weights()
    net.SGD((X, given), 1, BATCH, ETA, cost=cost)
    expected = mean_gradients(before, hidden, output, cost, desired=desired)
    for old, new, gradient in zip(before, net.get_weights(), expected, strict=True):
        np.testing.assert_allclose((old - new) / ETA, gradient, rtol=1e-9, atol=1e-13)
