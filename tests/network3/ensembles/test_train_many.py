"""Networks that are trained together become what each becomes alone; what is not alike is refused."""

import signal
import warnings
from functools import cache, partial
from itertools import count

import numpy as np
import pytest

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, ReLU, SoftmaxLayer, train_many
from network3.training.state import TrainingState
from tests.network3.execution import device_run

BATCH = device_run.BATCH
TRAINING, VALIDATION = device_run.data()
SCAN = {"eta": [0.3, 0.1, 0.2], "lmbda": [0.1, 0.0, 0.2], "seeds": [3, 4, 5]}


def build(hidden=7):
    layers = [
        ConvPoolLayer((3, 1, 4, 3), (BATCH, 1, 9, 8), (3, 2), ReLU),
        FullyConnectedLayer(18, hidden, p_dropout=0.2),
        SoftmaxLayer(hidden, 5, p_dropout=0.1),
    ]
    return Network(layers, BATCH)


@cache
def kept(place):
    """A network that keeps what is compiled for it."""
    return build()


def drawn_anew(place):
    """Return the network of that place as if newly built."""
    weights = build().get_weights()
    net = kept(place)
    net.set_weights(weights)
    net.best = None
    return net


def builder():
    """Return a builder of networks, each in a place of its own."""
    places = count()
    return lambda: drawn_anew(next(places))


def together(devices=1, epochs=3, builders=None, **options):
    scan = SCAN | {name: options.pop(name) for name in list(options) if name in SCAN}
    builders = builder() if builders is None else builders
    return train_many(builders, TRAINING, epochs, BATCH, **scan, validation_data=VALIDATION, devices=devices, **options)


def alone(k, epochs=3, **options):
    np.random.seed(SCAN["seeds"][k])
    net = drawn_anew("alone")
    eta, lmbda = SCAN["eta"][k], SCAN["lmbda"][k]
    history = net.SGD(TRAINING, epochs, BATCH, eta, VALIDATION, lmbda=lmbda, seed=SCAN["seeds"][k], **options)
    return net, history


def same(found, expected, tolerance):
    (net, history), (other, record) = found, expected
    for one, two in zip(net.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=tolerance, atol=tolerance)
    for one, two in zip(net.best, other.best, strict=True):
        np.testing.assert_allclose(one, two, rtol=tolerance, atol=tolerance)
    for masks, others in zip(net.dropout_states, other.dropout_states, strict=True):
        np.testing.assert_array_equal(masks.get_value(), others.get_value())
    np.testing.assert_allclose(history.cost, record.cost, rtol=tolerance)
    assert (history.validation_accuracy, history.eta) == (record.validation_accuracy, record.eta)
    assert len(history.seconds) == history.epochs


@pytest.mark.parametrize(("backend", "devices", "tolerance"), [("network3", None, 0), ("jax", 1, 1e-6)])
def test_each_becomes_what_it_becomes_alone(backend, devices, tolerance):
    network3.use(backend=backend)
    options = {"shuffle": True, "rule": network3.optim.Momentum(0.5), "monitor": ["training_cost"]}
    found = together(devices, **options)
    for k, one in enumerate(found):
        expected = alone(k, **options)
        same(one, expected, tolerance)
        monitors = one[1].monitors["training_cost"], expected[1].monitors["training_cost"]
        np.testing.assert_allclose(*monitors, rtol=max(tolerance, 1e-12))


def slow_ones_twice(history):
    """Stop after two epochs of a rate below 0.15, which the second network has."""
    return history.eta[-1] < 0.15 and history.epochs == 2


def test_one_may_stop_before_the_others():
    network3.use(backend="jax")
    found = together(stopping=slow_ones_twice)
    assert [history.epochs for _, history in found] == [3, 2, 3]
    for k, one in enumerate(found):
        same(one, alone(k, stopping=slow_ones_twice), 1e-6)


@pytest.mark.parametrize(("backend", "devices"), [("network3", None), ("jax", 1)])
def test_one_may_diverge_and_the_others_go_on(backend, devices):
    network3.use(backend=backend)
    with pytest.warns(RuntimeWarning, match=r"^network 2: SGD: epoch \d, mini-batch \d+: expected a finite cost"):
        found = together(devices, eta=[0.3, 1e30, 0.2])
    same(found[0], alone(0), 1e-6)
    same(found[2], alone(2), 1e-6)
    assert found[1][1].epochs < 3
    assert all(np.isfinite(w).all() for w in found[1][0].get_weights())


@pytest.mark.parametrize(("backend", "devices"), [("network3", None), ("jax", 1)])
def test_what_is_printed(capsys, backend, devices):
    network3.use(backend=backend)
    found = together(devices, epochs=2)
    accuracies = [", ".join(f"{history.validation_accuracy[e]:.2%}" for _, history in found) for e in (0, 1)]
    assert capsys.readouterr().out.splitlines() == [
        f"Epoch 0: validation accuracies {accuracies[0]}",
        f"Epoch 1: validation accuracies {accuracies[1]}",
        "Finished training 3 networks.",
    ]


def test_they_can_vote():
    network3.use(backend="jax")
    nets = [net for net, _ in together(epochs=1)]
    errors, _ = network3.ensemble(nets, VALIDATION)
    assert 0 < len(errors) < 203


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"builders": build, "seeds": None},
            r"train_many: seeds: expected one for each network of a single builder; got none\. Write",
        ),
        (
            {"builders": build, "seeds": []},
            r"train_many: expected as many seeds as networks, one at least; got 0 builders and 0 seeds\.",
        ),
        (
            {"builders": [build, build]},
            r"train_many: expected as many seeds as networks.*; got 2 builders and 3 seeds\.",
        ),
        ({"eta": [0.1, 0.2]}, r"train_many: eta: expected 3 values; got 2\. Pass one number"),
        ({"lmbda": [0.1] * 4}, r"train_many: lmbda: expected 3 values; got 4\."),
        ({"seeds": [1, 2, -3]}, r"train_many: seeds: expected .*; got -3\."),
        ({"eta": [0.1, 0.2, "fast"]}, r"SGD: eta: expected .*; got 'fast'\."),
        (
            {"builders": [build, build, partial(build, 8)]},
            r"train_many: expected networks of one architecture; got another ",
        ),
        ({"builders": [build, build, list]}, r"train_many: builders: expected networks; got a list\. Pass functions"),
        (
            {"checkpoint": "c"},
            r"train_many: expected arguments among .*; got checkpoint=\. Leave it out, or call Network",
        ),
        ({"schuffle": True}, r"train_many: expected arguments among .*; got schuffle=\. Perhaps you meant shuffle=\."),
        ({"seed": 3}, r"train_many: expected arguments among .*; got seed=\. Perhaps you meant seeds=\."),
    ],
)
def test_what_is_refused(changes, message):
    with pytest.raises((ValueError, TypeError), match=f"^{message}"):
        together(None, **changes)


def test_the_same_network_twice_is_refused():
    net = build()
    with pytest.raises(ValueError, match=r"^train_many: expected networks that differ; got number 2 twice\. "):
        train_many([net, net], TRAINING, 1, BATCH, 0.1)


def test_networks_that_are_there_are_trained_as_they_are():
    nets = [build(), build()]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = train_many(nets, TRAINING, 1, BATCH, 0.1)
    assert [net for net, _ in found] == nets


@pytest.mark.parametrize("devices", [None, 1], ids=["threads", "one program"])
@pytest.mark.parametrize(
    ("number", "kind"), [(signal.SIGINT, network3.TrainingInterrupted), (signal.SIGTERM, network3.TrainingTerminated)]
)
def test_a_signal_ends_all_with_the_weights_of_the_last_epoch(monkeypatch, capsys, number, kind, devices):
    network3.use(backend="jax" if devices else "network3")
    monkeypatch.setattr("network3.training.trainer.STEPS_A_CHUNK", 5)  # several chunks an epoch
    expected = [net.get_weights() for net, _ in together(devices, epochs=1)]
    pressed = []

    def press(state, begin=TrainingState.begin_epoch):
        if state.epoch == 1 and not pressed:  # once: a second Ctrl-C would stop at once
            pressed.append(number)
            signal.raise_signal(number)
        return begin(state)

    monkeypatch.setattr(TrainingState, "begin_epoch", press)
    with pytest.raises(kind) as caught:
        together(devices)
    message = "train_many: interrupted in epoch 1; the networks have the weights of before it."
    assert message in (str(caught.value), getattr(caught.value, "message", ""))
    assert (message in capsys.readouterr().out) == (kind is network3.TrainingTerminated)
    for net, weights in zip(map(kept, range(3)), expected, strict=True):
        assert all((a == b).all() for a, b in zip(net.get_weights(), weights, strict=True))
