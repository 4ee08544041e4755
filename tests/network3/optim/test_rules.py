"""Update rules against their formulas in NumPy, over the steps of two epochs."""

import numpy as np
import pytest

import network3
from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.layers.initializers import normalized
from network3.optim.rules import MaxNorm, Momentum, Nesterov, gradient_descent
from tests.network3.execution.two_layers import build, data, gradient, mini_batches, same

ETA = 0.3


def descend(weights, batches):
    for x, y in batches:
        weights = [w - ETA * g for w, g in zip(weights, gradient(weights, x, y), strict=True)]
    return weights


def with_momentum(weights, batches, mu):
    """The book's equations (107) and (108)."""
    velocities = [np.zeros_like(w) for w in weights]
    for x, y in batches:
        gradients = gradient(weights, x, y)
        velocities = [mu * v - ETA * g for v, g in zip(velocities, gradients, strict=True)]
        weights = [w + v for w, v in zip(weights, velocities, strict=True)]
    return weights


def with_nesterov(weights, batches, mu):
    """Sutskever's form, with the gradient at the point ahead of the weights; returns the points ahead."""
    velocities = [np.zeros_like(w) for w in weights]
    for x, y in batches:
        ahead = [w + mu * v for w, v in zip(weights, velocities, strict=True)]
        velocities = [mu * v - ETA * g for v, g in zip(velocities, gradient(ahead, x, y), strict=True)]
        weights = [w + v for w, v in zip(weights, velocities, strict=True)]
    return [w + mu * v for w, v in zip(weights, velocities, strict=True)]


def with_max_norm(weights, batches, limit):
    for batch in batches:
        weights = descend(weights, [batch])
        for k in (0, 2):
            for neuron in range(weights[k].shape[1]):
                norm = np.linalg.norm(weights[k][:, neuron])
                if norm > limit:
                    weights[k][:, neuron] *= limit / norm
    return weights


@pytest.mark.parametrize(
    ("rule", "reference"),
    [
        (None, descend),
        (gradient_descent, descend),
        (Momentum(0.8), lambda w, b: with_momentum(w, b, 0.8)),
        (Momentum(0.0), descend),
        (Nesterov(0.7), lambda w, b: with_nesterov(w, b, 0.7)),
        (MaxNorm(0.9), lambda w, b: with_max_norm(w, b, 0.9)),
    ],
    ids=["default", "gradient descent", "momentum", "no momentum", "Nesterov", "max-norm"],
)
def test_two_epochs(rule, reference):
    net, (x, y) = build(), data()
    start = net.get_weights()
    expected = reference(start, list(mini_batches(x, y, 2)))
    net.SGD((x, y), 2, 5, ETA, rule=rule)
    same(net.get_weights(), expected)
    # Another training starts with the initial slots of the rule.
    net.set_weights(start)
    net.SGD((x, y), 2, 5, ETA, rule=rule)
    same(net.get_weights(), expected)


def test_max_norm_of_a_rule_with_slots_and_of_filters(small_network):
    net = small_network("network3", "float32")
    rng = np.random.default_rng(2)
    images, labels = rng.random((40, 160)).astype("float32"), rng.integers(0, 4, 40)
    net.SGD((images, labels), 3, 5, 0.5, rule=MaxNorm(0.5, Momentum(0.9)))
    filters, _, w, _, _, _ = net.get_weights()
    lengths = np.linalg.norm(filters.reshape(3, -1), axis=1), np.linalg.norm(w, axis=0)
    for norms in lengths:
        assert norms.max() <= 0.5 * (1 + 1e-6)
        assert norms.max() > 0.49


def test_rules_on_jax():
    pytest.importorskip("jax")
    x, y = data()
    found = []
    for backend in ("network3", "jax"):
        net = build()
        network3.use("cpu", "float64", backend=backend)
        net.SGD((x, y), 2, 5, ETA, rule=Nesterov(0.7))
        found.append(net.get_weights())
    same(*found)


def test_a_resumed_training_keeps_its_velocities(tmp_path):
    x, y = data()
    alone, first, second = build(), build(), build()
    alone.SGD((x, y), 4, 5, ETA, rule=Momentum(0.9))
    first.SGD((x, y), 2, 5, ETA, rule=Momentum(0.9), checkpoint=tmp_path / "c")
    with pytest.raises(ValueError, match=r"rule was Momentum\(mu=0.9\) and is Momentum\(mu=0.8\)"):
        second.SGD((x, y), 4, 5, ETA, rule=Momentum(0.8), resume=tmp_path / "c")
    with pytest.raises(ValueError, match=r"rule was Momentum\(mu=0.9\) and is "):
        second.SGD((x, y), 4, 5, ETA, resume=tmp_path / "c")
    second.SGD((x, y), 4, 5, ETA, rule=Momentum(0.9), resume=tmp_path / "c")
    for a, b in zip(alone.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_custom_rule():
    def sign_descent(cost, params, eta):
        from pytensor.gradient import grad
        from pytensor.tensor import sign

        return {p: p - eta * sign(g) for p, g in zip(params, grad(cost, params), strict=True)}

    net, (x, y) = build(), data(batches=1)
    expected = [w - ETA * np.sign(g) for w, g in zip(net.get_weights(), gradient(net.get_weights(), x, y), strict=True)]
    net.SGD((x, y), 1, 5, ETA, rule=sign_descent)
    same(net.get_weights(), expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Momentum(1.0), r"Momentum: mu: expected a finite number, at least 0 and below 1; got 1.0\. Give"),
        (lambda: Nesterov(-0.1), r"Nesterov: mu: expected a finite number, at least 0 and below 1; got -0.1\. Give"),
        (lambda: MaxNorm(0), r"MaxNorm: limit: expected a finite number, above 0; got 0\."),
    ],
)
def test_values_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("name", ["rule", "regularizer", "schedule", "stopping"])
@pytest.mark.parametrize("given", ["momentum", 0.9, Momentum])
def test_arguments_that_are_not_callable_are_refused(name, given):
    net = Network([FullyConnectedLayer(7, 4, initializer=normalized), SoftmaxLayer(4, 3)], 5)
    with pytest.raises(
        TypeError, match=rf"^SGD: {name}: expected a function, or an object .*; got .*\. Write e\.g\. net"
    ):
        net.SGD(data(), 1, 5, ETA, **{name: given})
    assert not net.compiled
