"""Running averages in a network: trained, evaluated, kept with the weights in files and checkpoints, and undone."""

import signal

import numpy as np
import pytest

import network3
from network3 import (
    BatchNormLayer,
    DivergenceError,
    FullyConnectedLayer,
    Network,
    SoftmaxLayer,
    TrainingInterrupted,
    train_many,
)
from network3.optim import Adam, AdamW, ClipNorm, MaxNorm, Momentum, gradient_descent
from network3.training.config import TrainingConfig
from network3.training.state import begin
from network3.training.undo import steps_undone
from tests.network3.training.normalized_networks import QUIET, X, Y, convolutional, dense, same

each_backend = pytest.mark.parametrize("backend", ["network3", "jax", pytest.param("numba", marks=pytest.mark.slow)])


def use(backend):
    if backend == "jax":
        pytest.importorskip("jax")
    network3.use("cpu", backend=backend)


@each_backend
def test_running_averages_over_an_epoch_agree_with_numpy(backend):
    use(backend)
    net = dense()
    layer = net.layers[0]
    net.SGD((X, Y), 1, 6, 0.1, **QUIET)
    mean, variance = np.zeros(12), np.ones(12)
    for start in range(0, 30, 6):
        batch = X[start : start + 6].astype("float64")
        mean = 0.9 * mean + 0.1 * batch.mean(axis=0)
        variance = 0.9 * variance + 0.1 * batch.var(axis=0, ddof=1)
    np.testing.assert_allclose(layer.mean.get_value(), mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(layer.variance.get_value(), variance, rtol=1e-5)


@pytest.mark.parametrize("backend", ["network3", *(pytest.param(b, marks=pytest.mark.slow) for b in ("jax", "numba"))])
def test_an_image_alone_gives_what_it_gives_in_a_batch(backend):
    use(backend)
    net = convolutional()
    net.SGD((X, Y), 1, 6, 0.1, **QUIET)
    together = net.predict_proba(X)
    for k in (0, 17):
        np.testing.assert_allclose(net.predict_proba(X[k]), together[k : k + 1], rtol=1e-6)
    assert net.accuracy((X[:7], Y[:7])) == np.mean(together[:7].argmax(axis=1) == Y[:7])


def test_costs_that_are_monitored_use_the_averages():
    net = dense()
    history = net.SGD((X, Y), 2, 6, 0.1, (X[:8], Y[:8]), monitor=["validation_cost"], **QUIET)
    expected = -np.log(net.predict_proba(X[:8])[np.arange(8), Y[:8]]).mean()
    np.testing.assert_allclose(history.monitors["validation_cost"][-1], expected, rtol=1e-5)


def test_back_ends_agree():
    pytest.importorskip("jax")
    weights = {}
    for backend in ("network3", "jax"):
        use(backend)
        net = convolutional()
        net.SGD((X, Y), 2, 6, 0.1, rule=Momentum(0.5), shuffle=True, **QUIET)
        weights[backend] = net.get_weights()
    for one, other in zip(*weights.values(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_a_frozen_layer_keeps_its_averages_and_uses_them():
    net = dense()
    net.SGD((X, Y), 1, 6, 0.1, **QUIET)
    before = [variable.get_value() for variable in (*net.layers[0].params, *net.buffers)]
    cost = -np.log(net.predict_proba(X)[np.arange(30), Y]).mean()
    for layer in net.layers[:3]:
        layer.trainable = False
    history = net.SGD((X, Y), 1, 30, 1e-9, **QUIET)
    np.testing.assert_allclose(history.cost[0], cost, rtol=1e-5)
    same(before, [variable.get_value() for variable in (*net.layers[0].params, *net.buffers)])
    net.layers[2].trainable = True
    net.SGD((X, Y), 1, 30, 1e-9, **QUIET)
    same(before[:4], [variable.get_value() for variable in (*net.layers[0].params, *net.buffers[:2])])
    assert (net.layers[2].mean.get_value() != before[4]).any()


def test_mini_batches_of_one():
    """They are refused where the variance is that of one value, before anything is compiled."""
    net = dense()
    message = r"layer 0 \(BatchNormLayer\): expected mini-batches of at least 2 .*got mini_batch_size=1\. Write"
    with pytest.raises(ValueError, match=message):
        net.SGD((X, Y), 1, 1, 0.1)
    assert not net.compiled
    maps = Network([BatchNormLayer((2, 3, 2)), SoftmaxLayer(12, 3)], 1)
    maps.SGD((X[:4], Y[:4]), 1, 1, 0.1, **QUIET)
    values = X[:4].astype("float64").reshape(4, 2, 6)
    expected = np.zeros(2)
    for image in values:
        expected = 0.9 * expected + 0.1 * image.mean(axis=1)
    np.testing.assert_allclose(maps.buffers[0].get_value(), expected, rtol=1e-5, atol=1e-7)


def trained(epochs, net=None, **options):
    """Train with all that a checkpoint has to keep."""
    net = dense(p_dropout=0.2) if net is None else net
    validation = X[:9], Y[:9]
    arguments = QUIET | {"rule": Momentum(0.8), "shuffle": True} | options
    history = net.SGD((np.tile(X, (20, 1)), np.tile(Y, 20)), epochs, 2, 0.02, validation, **arguments)
    return [*net.get_weights(), *net.best, np.array(history.cost), np.array(history.validation_accuracy)]


@pytest.mark.parametrize("place", [(1, 200, False), (1, 300, True)], ids=["within an epoch", "after an epoch"])
def test_a_training_resumes_to_the_same_bits(tmp_path, place):
    def press(progress):
        if (progress.epoch, progress.batch, progress.epoch_done) == place:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(TrainingInterrupted):
        trained(3, callbacks=[press], checkpoint=tmp_path / "c")
    same(trained(3), trained(3, resume=tmp_path / "c"))


def test_a_checkpoint_of_other_buffers_is_refused(tmp_path):
    trained(1, checkpoint=tmp_path / "c")
    layers = [FullyConnectedLayer(12, 4), SoftmaxLayer(4, 3)]
    with pytest.raises(ValueError, match=r"4 layers .* became 2"):
        trained(1, Network(layers, 1), resume=tmp_path / "c")


def test_the_best_weights_have_their_averages():
    net = dense()
    accuracies = []
    history = net.SGD(
        (X, Y), 4, 6, 0.5, (X[:9], Y[:9]), callbacks=[lambda p: accuracies.append(p) if p.epoch_done else None], **QUIET
    )
    assert [a.shape for a in net.best] == [a.shape for a in net.get_weights()]
    assert len(net.best) == len(net.params) + len(net.buffers)
    net.set_weights(net.best)
    assert net.accuracy((X[:9], Y[:9])) == history.best_validation_accuracy


def test_a_divergence_restores_the_averages():
    net = dense()
    net.SGD((X, Y), 1, 6, 0.1, **QUIET)
    before = net.get_weights()
    with pytest.raises(DivergenceError):
        net.SGD((X, Y), 1, 6, 1e38, **QUIET)
    same(before, net.get_weights())


def test_an_interrupted_step_restores_the_averages():
    net = dense()
    state = begin(net, TrainingConfig(net, (X, Y), 1, 6, 0.1))
    before = net.get_weights()

    def interrupted_steps():
        with steps_undone([state]):
            for variable in net.variables:
                variable.set_value(variable.get_value() + 1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted_steps()
    same(before, net.get_weights())


@pytest.mark.parametrize("devices", [None, 1], ids=["CPU", "JAX"])
def test_networks_trained_at_once_become_what_each_becomes_alone(devices):
    if devices:
        use("jax")
    options = {"verbose": False, "shuffle": True, "devices": devices}
    scan = train_many(lambda: dense(0.2), (X, Y), 2, 6, [0.1, 0.2], seeds=[3, 4], **options)
    for seed, eta, (net, _) in zip([3, 4], [0.1, 0.2], scan, strict=True):
        np.random.seed(seed)
        alone = dense(0.2)
        alone.SGD((X, Y), 2, 6, eta, seed=seed, **options)
        for one, other in zip(net.get_weights(), alone.get_weights(), strict=True):
            if devices is None:
                np.testing.assert_array_equal(one, other)
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


RULES = {
    "descent": gradient_descent,
    "momentum": Momentum(0.9),
    "adam": Adam(),
    "clipped": ClipNorm(0.01),
    "max-norm": MaxNorm(0.5),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_trains_gamma_and_beta(rule):
    net = dense()
    before = net.get_weights()
    history = net.SGD((X, Y), 4, 6, 0.05, rule=rule, **QUIET)
    assert history.cost[-1] < history.cost[0]
    after = net.get_weights()
    assert all((a != b).any() for a, b in zip(before, after, strict=True))


def test_regularization_and_weight_decay_leave_gamma_and_beta():
    found = {}
    for name, options in {
        "plain": {},
        "regularized": {"lmbda": 5.0},
        "adam": {"rule": AdamW(decay=0.0)},
        "decayed": {"rule": AdamW(decay=0.5)},
    }.items():
        net = dense()
        net.SGD((X[:6], Y[:6]), 1, 6, 0.1, **QUIET, **options)  # one step
        found[name] = net
    for one, other in (("plain", "regularized"), ("adam", "decayed")):
        for k in (0, 2):
            same(*([p.get_value() for p in found[name].layers[k].params] for name in (one, other)))
        assert (found[one].layers[1].w.get_value() != found[other].layers[1].w.get_value()).any()
