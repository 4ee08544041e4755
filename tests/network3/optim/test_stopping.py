"""The stopping rule's `restore_best`: which weights a network has after a training."""

import numpy as np
import pytest

import network3
from network3 import FullyConnectedLayer, Network, RegressionLayer
from network3.layers.initializers import glorot
from network3.optim import MovingAverage, NoImprovementIn, gradient_descent

X = np.random.default_rng(3).normal(size=(40, 5))
DATA = X, 2 * X[:, :2] + 1
VALIDATION = DATA[0], -DATA[1]  # learning makes it worse: the first epoch is the best


def network():
    np.random.seed(1)
    hidden = FullyConnectedLayer(n_in=5, n_out=4, initializer=glorot)
    return Network([hidden, RegressionLayer(n_in=4, n_out=2, initializer=glorot)], 10)


def train(net, epochs=9, **options):
    return net.SGD(DATA, epochs, 10, 0.05, VALIDATION, verbose=False, **options)


def equal(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("epochs", [9, 3], ids=["stopped", "ended"])
def test_the_weights_of_the_best_epoch_are_restored(epochs):
    net, plain, once = network(), network(), network()
    history = train(net, epochs, stopping=NoImprovementIn(4, restore_best=True))
    same = train(plain, epochs, stopping=NoImprovementIn(4))
    train(once, 1)
    assert history.best_epoch == same.best_epoch == 0
    assert history.validation_cost == same.validation_cost
    assert history.epochs == min(epochs, 5)
    assert equal(net.get_weights(), once.get_weights())
    assert equal(net.best, plain.best)
    assert not equal(plain.get_weights(), once.get_weights())


def test_averages_that_the_rule_keeps_do_not_replace_them():
    net = network()
    train(net, stopping=NoImprovementIn(2, restore_best=True), rule=MovingAverage(gradient_descent, 0.5))
    assert equal(net.get_weights(), net.best)


def test_a_checkpoint_has_the_last_weights_and_goes_on_with_them(tmp_path):
    net, plain = network(), network()
    stopping = NoImprovementIn(8, restore_best=True)
    train(net, 2, stopping=stopping, checkpoint=tmp_path / "c")
    history = train(network(), 4, stopping=NoImprovementIn(8, restore_best=True), resume=tmp_path / "c")
    assert history.validation_cost == train(plain, 4).validation_cost


@pytest.mark.parametrize("backend", ["network3", "jax"])
def test_each_of_several_networks_has_its_best_weights(backend):
    pytest.importorskip("jax") if backend == "jax" else None
    network3.use(backend=backend)
    rates = [0.02, 0.1]
    options = {"stopping": NoImprovementIn(2, restore_best=True), "verbose": False}
    pairs = network3.train_many([network, network], DATA, 6, 10, rates, VALIDATION, **options)
    for net, _ in pairs:
        assert equal(net.get_weights(), net.best)
    assert not equal(*(net.get_weights() for net, _ in pairs))


def test_its_repr_is_that_of_older_checkpoints_unless_it_restores():
    assert repr(NoImprovementIn(3)) == "NoImprovementIn(epochs=3)"
    assert repr(NoImprovementIn(3, restore_best=True)) == "NoImprovementIn(epochs=3, restore_best=True)"


def test_restore_best_is_a_bool():
    with pytest.raises(TypeError, match="NoImprovementIn: restore_best: expected True or False; got 'yes'"):
        NoImprovementIn(3, restore_best="yes")
