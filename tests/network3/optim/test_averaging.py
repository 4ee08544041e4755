"""Averaged weights against NumPy, over the steps of two epochs; the parameters are trained as without them."""

import signal
from typing import Any

import numpy as np
import pytest

import network3
from network3.optim import Adam, ClipNorm, CosineDecay, MaxNorm, Momentum, MovingAverage, gradient_descent
from network3.training import trainer
from network3.training.config import TrainingConfig
from network3.training.evaluation import Evaluator
from tests.network3.execution.two_layers import BATCH, build, data, gradient, mini_batches, same

ETA = 0.3
NO_RULE: Any = 0.9
# Plans on the CPU, JAX step by step, and JAX's loop on one device.
each_backend = pytest.mark.parametrize(("backend", "devices"), [("network3", None), ("jax", None), ("jax", 1)])
plans_and_loop = pytest.mark.parametrize(("backend", "devices"), [("network3", None), ("jax", 1)])


def averaged(weights, batches, decay, mu=0.0):
    """Return the weighted mean of the weights after each step, as the definition has it, and the last weights."""
    velocities, visited = [np.zeros_like(w) for w in weights], []
    for x, y in batches:
        velocities = [mu * v - ETA * g for v, g in zip(velocities, gradient(weights, x, y), strict=True)]
        weights = [w + v for w, v in zip(weights, velocities, strict=True)]
        visited.append(weights)
    shares = decay ** np.arange(len(visited))[::-1]
    means = [np.tensordot(shares / shares.sum(), np.stack(values), 1) for values in zip(*visited, strict=True)]
    return means, weights


@each_backend
@pytest.mark.parametrize(
    ("rule", "decay", "mu"),
    [
        (MovingAverage(decay=0.9), 0.9, 0.0),
        (MovingAverage(Momentum(0.8), 0.5), 0.5, 0.8),
        (MovingAverage(decay=1.0), 1.0, 0.0),  # the mean over all steps
    ],
    ids=["gradient descent", "momentum", "all steps"],
)
def test_two_epochs(rule, decay, mu, backend, devices):
    network3.use(backend=backend)
    net, (x, y) = build(), data()
    start = net.get_weights()
    expected, _ = averaged(start, list(mini_batches(x, y, 2)), decay, mu)
    net.SGD((x, y), 2, BATCH, ETA, rule=rule, devices=devices, verbose=False)
    same(net.get_weights(), expected)
    net.set_weights(start)  # another training begins with averages of its own
    net.SGD((x, y), 2, BATCH, ETA, rule=rule, devices=devices, verbose=False)
    same(net.get_weights(), expected)


@plans_and_loop
def test_evaluation_is_of_the_averages_and_training_is_not(backend, devices):
    network3.use(backend=backend)
    net, alone, (x, y) = build(), build(), data()
    monitor, seen = ["training_cost", "training_accuracy"], []
    arguments = {"verbose": False, "monitor": monitor, "lmbda": 0.5, "devices": devices}
    rule = MovingAverage(Adam(), 0.9)
    history = net.SGD(
        (x, y),
        3,
        BATCH,
        0.1,
        (x, y),
        (x, y),
        **arguments,
        rule=rule,
        callbacks=[lambda p: seen.append(p.net.get_weights()) if p.epoch_done else None],
    )
    record = alone.SGD((x, y), 3, BATCH, 0.1, (x, y), **arguments, rule=Adam())
    assert history.cost == pytest.approx(record.cost, rel=1e-12)  # the mini-batches' own
    same(seen[-1], alone.get_weights(), 1e-12)
    assert history.monitors["training_cost"] != record.monitors["training_cost"]
    # The last epoch's measures are those of the network that is left.
    again = net.SGD((x, y), 1, BATCH, 0.0, (x, y), **arguments)
    assert again.monitors["training_cost"][0] == pytest.approx(history.monitors["training_cost"][-1], rel=1e-12)
    assert net.accuracy((x, y)) == history.validation_accuracy[-1]


def test_the_best_weights_are_averages(tmp_path):
    net, (x, y) = build(), data()
    history = net.SGD((x, y), 6, BATCH, 1.0, (x[:9], y[:9]), verbose=False, rule=MovingAverage(decay=0.8))
    last = net.get_weights()
    if history.best_epoch == 5:
        same(net.best, last, 0)
    net.set_weights(net.best)
    assert net.accuracy((x[:9], y[:9])) == history.best_validation_accuracy
    net.set_weights(last)
    net.save(tmp_path / "net.safetensors")
    same(network3.load(tmp_path / "net.safetensors").get_weights(), last, 0)
    assert net.accuracy((x[:9], y[:9])) == history.validation_accuracy[-1]


@plans_and_loop
def test_a_resumed_training_reaches_the_same_bits(backend, devices, tmp_path):
    network3.use(backend=backend)
    (x, y), nets = data(), [build(), build()]
    arguments = {"rule": MovingAverage(ClipNorm(0.4, Momentum(0.9)), 0.9), "schedule": CosineDecay(3), "seed": 3}
    arguments |= {"verbose": False, "shuffle": True, "validation_data": (x, y), "devices": devices}
    one = nets[0].SGD((x, y), 3, BATCH, ETA, **arguments)
    nets[1].SGD((x, y), 1, BATCH, ETA, **arguments, checkpoint=tmp_path / "c")
    nets[1].SGD((x, y), 2, BATCH, ETA, **arguments, resume=tmp_path / "c")
    between = nets[1].get_weights()
    nets[1].SGD((x, y), 2, BATCH, ETA, **arguments, resume=tmp_path / "c")  # nothing is left to do
    same(nets[1].get_weights(), between, 0)
    other = nets[1].SGD((x, y), 3, BATCH, ETA, **arguments, resume=tmp_path / "c")
    for a, b in zip([*nets[0].get_weights(), *nets[0].best], [*nets[1].get_weights(), *nets[1].best], strict=True):
        np.testing.assert_array_equal(a, b)
    assert one.validation_accuracy == other.validation_accuracy
    assert one.cost == other.cost


@pytest.mark.parametrize("place", [(1, 3), (0, 2)])
def test_ctrl_c_leaves_the_averages_and_saves_the_weights(place, tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "STEPS_A_CHUNK", 1)
    (x, y), nets = data(), [build(), build()]
    arguments = {"rule": MovingAverage(decay=0.9), "verbose": False}
    start = nets[0].get_weights()

    def press(progress):
        if (progress.epoch, progress.batch, progress.epoch_done) == (*place, False):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(network3.TrainingInterrupted):
        nets[0].SGD((x, y), 2, BATCH, ETA, **arguments, callbacks=[press], checkpoint=tmp_path / "c")
    steps = place[0] * 6 + place[1]
    expected, _ = averaged(start, list(mini_batches(x, y, 2))[:steps], 0.9)
    same(nets[0].get_weights(), expected)
    nets[0].SGD((x, y), 2, BATCH, ETA, **arguments, resume=tmp_path / "c")
    nets[1].SGD((x, y), 2, BATCH, ETA, **arguments)
    for a, b in zip(nets[0].get_weights(), nets[1].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_ctrl_c_in_an_evaluation_puts_the_trained_weights_back(tmp_path, monkeypatch):
    (x, y), nets, calls = data(), [build(), build()], []
    arguments = {"rule": MovingAverage(decay=0.9), "verbose": False, "validation_data": (x, y)}

    def press(evaluator, score=Evaluator.score):
        calls.append(evaluator)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)
        return score(evaluator)

    monkeypatch.setattr(Evaluator, "score", press)
    with pytest.raises(network3.TrainingInterrupted):
        nets[0].SGD((x, y), 3, BATCH, ETA, **arguments, checkpoint=tmp_path / "c")
    nets[0].SGD((x, y), 3, BATCH, ETA, **arguments, resume=tmp_path / "c")
    nets[1].SGD((x, y), 3, BATCH, ETA, **arguments)
    for a, b in zip([*nets[0].get_weights(), *nets[0].best], [*nets[1].get_weights(), *nets[1].best], strict=True):
        np.testing.assert_array_equal(a, b)


@plans_and_loop
def test_after_divergence_the_averages_of_the_last_good_epoch_are_left(backend, devices):
    network3.use(backend=backend)
    net, (x, y) = build(), data()
    expected, _ = averaged(net.get_weights(), list(mini_batches(x, y, 2)), 0.9)
    with pytest.raises(network3.DivergenceError):
        net.SGD(
            *((x, y), 3, BATCH, ETA),
            rule=MovingAverage(decay=0.9),
            verbose=False,
            devices=devices,
            schedule=lambda eta, history: eta if history.epochs < 2 else 1e308,
        )
    same(net.get_weights(), expected)
    fresh = build()
    start = fresh.get_weights()
    with pytest.raises(network3.DivergenceError):
        fresh.SGD((x, y), 3, BATCH, 1e308, rule=MovingAverage(), verbose=False)
    same(fresh.get_weights(), start, 0)


def test_no_epoch_changes_nothing():
    net, (x, y) = build(), data()
    start = net.get_weights()
    net.SGD((x, y), 0, BATCH, ETA, rule=MovingAverage(), verbose=False)
    same(net.get_weights(), start, 0)


@plans_and_loop
def test_several_networks_have_averages_each(backend, devices):
    network3.use(backend=backend)
    (x, y), etas = data(), [0.1, 0.3, 0.2]
    nets = [build() for _ in etas]
    arguments = {"rule": MovingAverage(Momentum(0.5), 0.9), "verbose": False}
    schedules = {"schedule": lambda eta, history: 1e308 if history.epochs == 1 and eta == 0.2 else eta}
    with pytest.warns(RuntimeWarning, match="^network 3: SGD: epoch 1, mini-batch"):
        trained = network3.train_many(nets, (x, y), 2, BATCH, etas, (x, y), devices=devices, **arguments, **schedules)
    network3.use(backend="network3")
    for eta, epochs, (net, history) in zip(etas, (2, 2, 1), trained, strict=True):
        alone = build()
        record = alone.SGD((x, y), epochs, BATCH, eta, (x, y), **arguments)
        same(net.get_weights(), alone.get_weights())
        same(net.best, alone.best)
        assert history.validation_accuracy == record.validation_accuracy


@each_backend
def test_running_averages_of_batch_normalization_are_averaged_likewise(backend, devices):
    network3.use(backend=backend)
    (x, y), decay, net = data(), 0.7, normalized_net()
    net.SGD((x, y), 2, BATCH, ETA, (x, y), rule=MovingAverage(decay=decay), devices=devices, verbose=False)
    mean, variance, visited = np.zeros(7), np.ones(7), []
    for batch, _ in mini_batches(x, y, 2):
        mean, variance = 0.9 * mean + 0.1 * batch.mean(0), 0.9 * variance + 0.1 * batch.var(0, ddof=1)
        visited.append((mean, variance))
    shares = decay ** np.arange(len(visited))[::-1]
    expected = [np.average(np.stack(values), axis=0, weights=shares) for values in zip(*visited, strict=True)]
    same([b.get_value() for b in net.buffers], expected)
    same(net.best, net.get_weights())  # the second epoch is the best: the averages, buffers included


def normalized_net():
    """Return the network with its inputs normalized."""
    layers = build().layers  # which sets the type of what follows
    return network3.Network([network3.BatchNormLayer(7), *layers], BATCH)


@plans_and_loop
def test_a_resumed_training_continues_from_the_running_averages_themselves(backend, devices, tmp_path):
    network3.use(backend=backend)
    (x, y), file = data(), tmp_path / "checkpoint.safetensors"
    arguments = {"rule": MovingAverage(decay=0.7), "devices": devices, "verbose": False}
    whole, parted = normalized_net(), normalized_net()
    whole.SGD((x, y), 3, BATCH, ETA, **arguments)
    parted.SGD((x, y), 2, BATCH, ETA, **arguments, checkpoint=file)
    parted.SGD((x, y), 3, BATCH, ETA, **arguments, resume=file)
    same(parted.get_weights(), whole.get_weights(), 0)


def test_a_frozen_layer_has_no_average():
    net, (x, y) = build(), data()
    net.layers[0].trainable = False
    before = net.get_weights()
    net.SGD((x, y), 2, BATCH, ETA, rule=MovingAverage(decay=0.5), verbose=False)
    same(net.get_weights()[:2], before[:2], 0)
    assert not np.allclose(net.get_weights()[2], before[2])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: MovingAverage(decay=1.1),
            ValueError,
            "MovingAverage: decay: expected a finite number, at least 0 and",
        ),
        (lambda: MovingAverage(decay=float("nan")), ValueError, "MovingAverage: decay: expected a finite number"),
        (lambda: MovingAverage(NO_RULE), TypeError, "MovingAverage: rule: expected a function, .*; got 0.9. Write"),
        (lambda: MaxNorm(1.0, MovingAverage()), ValueError, "MaxNorm: rule: expected a rule without averages; got"),
        (lambda: MovingAverage(MovingAverage()), ValueError, "MovingAverage: rule: expected a rule without averages"),
    ],
)
def test_wrong_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_checkpoint_names_a_rule_without_its_address(tmp_path):
    net = build()
    settings = TrainingConfig(net, data(), 1, BATCH, ETA, rule=MaxNorm(2.0)).settings()
    assert settings["rule"] == f"MaxNorm(limit=2.0, rule=<function {gradient_descent.__name__}>)"
