"""What `SGD(monitor=...)` records, against NumPy: costs with the regularization once, each data set scored once."""

import numpy as np
import pytest

from network3.optim.regularization import l1
from network3.optim.schedules import StepDecay
from network3.training.evaluation import Evaluator
from tests.network3.execution import two_layers

MONITOR = [f"{name}_{what}" for name in ("training", "validation", "test") for what in ("cost", "accuracy")]


def accuracy(weights, x, y):
    w1, b1, w2, b2 = weights
    return ((1 / (1 + np.exp(-(x @ w1 + b1))) @ w2 + b2).argmax(axis=1) == y).mean()


@pytest.mark.parametrize(
    ("arguments", "penalty"),
    [
        ({}, lambda w: 0.0),
        ({"lmbda": 0.7}, lambda w: 0.7 / 6 * 0.5 * (w**2).sum()),
        ({"lmbda": 0.7, "lmbda_over": "examples"}, lambda w: 0.7 / 30 * 0.5 * (w**2).sum()),
        ({"lmbda": 0.7, "regularizer": l1}, lambda w: 0.7 / 6 * abs(w).sum()),
    ],
    ids=["without", "by mini-batches", "by examples", "L1"],
)
def test_costs_are_the_mean_with_the_regularization_once(arguments, penalty):
    net = two_layers.build()
    sets = [two_layers.data(seed, batches) for seed, batches in ((9, 6), (10, 3), (11, 4))]
    history = net.SGD(sets[0], 1, two_layers.BATCH, 0.3, *sets[1:], monitor=MONITOR, **arguments)
    weights = net.get_weights()
    term = penalty(weights[0]) + penalty(weights[2])  # biases are not regularized
    expected = [number for x, y in sets for number in (two_layers.cost(weights, x, y) + term, accuracy(weights, x, y))]
    assert list(history.monitors) == MONITOR
    np.testing.assert_allclose([history.monitors[name][0] for name in MONITOR], expected, rtol=1e-10)


def test_test_data_are_looked_at_in_every_epoch_only_if_asked_for():
    plain, watched = (
        two_layers.build().SGD(two_layers.data(), 3, 5, 0.0, two_layers.data(1), two_layers.data(2), monitor=monitor)
        for monitor in ((), "test_accuracy")
    )
    assert plain.monitors == {}
    assert watched.monitors == {"test_accuracy": plain.test_accuracy}  # at eta 0 every epoch is as good as the best
    assert None not in plain.test_accuracy


def test_no_set_is_scored_twice_in_an_epoch(monkeypatch):
    scored = []
    real = Evaluator.score
    monkeypatch.setattr(Evaluator, "score", lambda self: scored.append(0) or real(self))
    data = two_layers.data()
    two_layers.build().SGD(data, 2, 5, 0.1, data, data, monitor=MONITOR)
    assert len(scored) == 2 * 3


def test_the_rates_are_in_the_record():
    history = two_layers.build().SGD(two_layers.data(), 5, 5, 0.4, schedule=StepDecay(every=2, factor=0.5))
    assert history.eta == [0.4, 0.4, 0.2, 0.2, 0.1]
    assert [row["eta"] for row in history.rows()] == history.eta


def test_a_monitor_needs_its_data():
    with pytest.raises(ValueError, match=r"test_cost needs test_data; got none\. Pass test_data as well"):
        two_layers.build().SGD(two_layers.data(), 1, 5, 0.1, monitor="test_cost")
