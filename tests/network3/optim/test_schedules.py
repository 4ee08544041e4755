"""Schedules and stopping rules against their formulas, epoch by epoch, and in a training that is resumed."""

import math

import numpy as np
import pytest

from network3 import History, Network
from network3.optim import schedules
from network3.optim.schedules import ExponentialDecay, HalveOnPlateau, StepDecay
from network3.optim.stopping import NoImprovementIn, epochs_without_improvement
from tests.network3.execution.two_layers import build, data, gradient, mini_batches, same


def after(accuracies):
    """Return the History of epochs with these validation accuracies."""
    return History(cost=[1.0] * len(accuracies), validation_accuracy=list(accuracies))


def after_costs(costs):
    """Return the History of epochs with these validation costs, of a network without an accuracy."""
    return History(cost=[1.0] * len(costs), validation_cost=list(costs), test_cost=[None] * len(costs))


def rates(schedule, accuracies, eta=0.8):
    """Return the rate of each epoch of a training with these accuracies, and of the next."""
    return [schedule(eta, after(accuracies[:epoch])) for epoch in range(len(accuracies) + 1)]


def test_step_decay():
    assert rates(StepDecay(every=2, factor=0.5), [0.1] * 5) == [0.8, 0.8, 0.4, 0.4, 0.2, 0.2]


def test_exponential_decay():
    np.testing.assert_allclose(rates(ExponentialDecay(0.3), [0.1] * 3), [0.8 * math.exp(-0.3 * t) for t in range(4)])


def test_the_rate_is_halved_on_a_plateau_and_the_training_stops_at_a_fraction():
    # Best at epochs 0, 1 and 5; patience of 2 epochs, counted again from each halving.
    accuracies = [0.5, 0.6, 0.6, 0.5, 0.5, 0.7, 0.7, 0.7, 0.6, 0.6]
    eta = rates(HalveOnPlateau(patience=2, least=0.125), accuracies)
    assert eta == [0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.4, 0.2, 0.2, None]


def test_the_fraction_of_the_book_is_seven_halvings():
    eta = rates(HalveOnPlateau(patience=10), [0.9] * 71)
    assert eta[0] == eta[10] == 0.8
    assert eta[11] == 0.4
    assert eta[70] == 0.8 / 64
    assert eta[71] is None


@pytest.mark.parametrize(
    ("accuracies", "epochs"), [([], 0), ([0.5], 0), ([0.5, 0.6], 0), ([0.6, 0.6], 1), ([0.6, 0.5, 0.4], 2)]
)
def test_epochs_without_improvement(accuracies, epochs):
    assert epochs_without_improvement(accuracies) == epochs


def test_no_improvement_in_n():
    stopping = NoImprovementIn(3)
    accuracies = [0.5, 0.6, 0.6, 0.5, 0.6]
    assert [stopping(after(accuracies[:k])) for k in range(1, 6)] == [False] * 4 + [True]


@pytest.mark.parametrize(
    "costs",
    [[0.5, 0.4, 0.4, 0.5, 0.4], [math.inf, -1.0, -1.0, math.nan, -math.inf], [math.nan, 0.0, 0.0, 0.0, 1.0]],
)
def test_without_accuracies_a_lower_cost_is_an_improvement(costs):
    """The best is reached in epoch 1, as with the accuracies 0.5, 0.6, 0.6, 0.5, 0.6."""
    stopping, schedule = NoImprovementIn(3), HalveOnPlateau(patience=2, least=0.1)
    assert [stopping(after_costs(costs[:k])) for k in range(6)] == [False] * 5 + [True]
    assert [schedule(0.8, after_costs(costs[:k])) for k in range(6)] == [0.8, 0.8, 0.8, 0.8, 0.4, 0.4]


@pytest.mark.parametrize("rule", [NoImprovementIn(2), lambda history: HalveOnPlateau(2)(0.1, history)])
def test_epochs_without_validation_data_are_refused_even_if_the_rule_is_wrapped(rule):
    net = build()
    with pytest.raises(ValueError, match=r": expected epochs with validation data; got none\. Pass validation_data"):
        net.SGD(data(), 3, 5, 0.1, stopping=lambda history: rule(history))


def test_a_schedule_always_gets_the_first_rate():
    """N12: ``eta * 0.5`` is one rate; the current one is ``history.eta[-1]``."""
    seen = []

    def halve(eta, history):
        seen.append(eta)
        return 0.5 * history.eta[-1] if history.eta else eta

    assert build().SGD(data(), 3, 5, 0.4, schedule=lambda eta, _: 0.5 * eta).eta == [0.2, 0.2, 0.2]
    assert build().SGD(data(), 3, 5, 0.4, schedule=halve).eta == [0.4, 0.2, 0.1]
    assert seen == [0.4, 0.4, 0.4]
    for text in (Network.SGD.__doc__, schedules.__doc__):
        assert "history.eta[-1]" in text


def test_a_training_with_a_schedule():
    net, (x, y) = build(), data()
    weights = net.get_weights()
    batches = list(mini_batches(x, y, 3))
    for k, (images, labels) in enumerate(batches):
        eta = 0.4 * 0.5 ** (k // 6)
        weights = [w - eta * g for w, g in zip(weights, gradient(weights, images, labels), strict=True)]
    net.SGD((x, y), 3, 5, 0.4, schedule=StepDecay(every=1, factor=0.5))
    same(net.get_weights(), weights)


def test_a_training_that_stopped_does_not_continue_when_resumed(tmp_path, capsys):
    """With a rate of 0 the accuracy never improves on that of epoch 0."""
    net, examples = build(), data()
    history = net.SGD(
        examples, 9, 5, 0.0, validation_data=examples, stopping=NoImprovementIn(2), checkpoint=tmp_path / "c"
    )
    assert history.epochs == 3
    assert "Stopped after 3 epochs of 9." in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"stopping was NoImprovementIn\(epochs=2\) and is [Nn]one"):
        build().SGD(examples, 9, 5, 0.0, validation_data=examples, resume=tmp_path / "c")
    again = build().SGD(
        examples, 9, 5, 0.0, validation_data=examples, stopping=NoImprovementIn(2), resume=tmp_path / "c"
    )
    assert again.epochs == 3


def test_a_schedule_that_ends_a_training():
    net, examples = build(), data()
    history = net.SGD(examples, 9, 5, 0.0, examples, schedule=HalveOnPlateau(patience=2, least=0.25))
    assert history.epochs == 5  # 3 epochs until the first halving, 2 more until the second


@pytest.mark.parametrize("name", ["schedule", "stopping"])
def test_validation_data_are_required(name):
    function = {"schedule": HalveOnPlateau(), "stopping": NoImprovementIn()}[name]
    net = build()
    with pytest.raises(ValueError, match=rf"^SGD: {name}: .* needs validation_data; got none\. Pass validation_data"):
        net.SGD(data(), 1, 5, 0.1, **{name: function})
    assert not net.compiled


def test_a_schedule_that_returns_no_number():
    with pytest.raises(ValueError, match=r"^SGD: what the schedule returns: expected a finite number.*; got nan\. "):
        build().SGD(data(), 1, 5, 0.1, schedule=lambda eta, history: math.nan)


@pytest.mark.parametrize(
    ("make", "who"),
    [
        (lambda: StepDecay(every=0), "StepDecay: every"),
        (lambda: StepDecay(factor=1.0), "StepDecay: factor"),
        (lambda: StepDecay(factor=0), "StepDecay: factor"),
        (lambda: ExponentialDecay(-1), "ExponentialDecay: rate"),
        (lambda: HalveOnPlateau(patience=0), "HalveOnPlateau: patience"),
        (lambda: HalveOnPlateau(least=0), "HalveOnPlateau: least"),
        (lambda: NoImprovementIn(0), "NoImprovementIn: epochs"),
    ],
)
def test_values_out_of_range_are_refused(make, who):
    with pytest.raises(ValueError, match=rf"^{who}: expected .*; got .*\. "):
        make()
