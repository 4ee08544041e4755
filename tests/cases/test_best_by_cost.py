"""Without labels the lowest validation cost is the best, for all that keeps, stops or prints: S11, S50, N08."""

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import network3
from network3 import (
    ConvPoolLayer,
    FullyConnectedLayer,
    History,
    Network,
    RegressionLayer,
    SoftmaxLayer,
    linear,
    tanh,
)
from network3.experiments.catalogue import RUNS
from network3.experiments.experiment import prepare
from network3.experiments.search import Search
from network3.experiments.study import best_trial, open_study
from network3.layers.costs import cross_entropy, quadratic
from network3.optim import HalveOnPlateau, NoImprovementIn
from network3.training.callbacks import BookLog
from tests.cases.entries import case

pytestmark = pytest.mark.filterwarnings("ignore:.*a cost that falls")
RNG = np.random.default_rng(3)
X = RNG.random((120, 3))
Y = np.sin(X.sum(axis=1, keepdims=True))
TRAINING, VALIDATION, TEST = (X[:60], Y[:60]), (X[60:90], Y[60:90]), (X[90:], Y[90:])


def fit(*, dropout=0.0):
    np.random.seed(0)
    return Network([FullyConnectedLayer(3, 8, tanh), RegressionLayer(8, 1, p_dropout=dropout)], 10)


def fully_connected(outputs=1, **options):
    np.random.seed(0)
    return Network([FullyConnectedLayer(3, 10), FullyConnectedLayer(10, outputs, **options)], 10)


def mean_cost(net, x, y):
    return 0.5 * ((net.predict_proba(x) - y) ** 2).sum(axis=1).mean()


class NoAccuracy:
    """The last layer, as one for labels without an accuracy."""

    def __init__(self, *arguments):
        self.layer = SoftmaxLayer(*arguments)

    def __getattr__(self, name):
        if name in ("accuracy", "y_out", "layer"):
            raise AttributeError(name)
        return getattr(self.layer, name)

    def config(self):
        return self.layer.config()


@case("S50")
@pytest.mark.parametrize("options", [{}, {"lmbda": 5.0}, {"shuffle": True, "seed": 4}])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_s50_the_weights_of_the_lowest_validation_cost_are_kept(options, dropout):
    """The cost is that of the values alone, without dropout and without the regularization."""
    net = fit(dropout=dropout)
    costs, weights = [], []

    def look(progress):
        if progress.epoch_done:
            costs.append(mean_cost(net, *VALIDATION))
            weights.append(net.get_weights())

    history = net.SGD(TRAINING, 8, 10, 0.35, VALIDATION, TEST, callbacks=[look], **options)
    np.testing.assert_allclose(history.validation_cost, costs, rtol=1e-5)
    best = int(np.argmin(costs))
    assert (history.best_epoch, history.best_validation_cost) == (best, history.validation_cost[best])
    assert all(np.array_equal(a, b) for a, b in zip(net.best, weights[best], strict=True))
    net.set_weights(net.best)
    assert history.corresponding_test_cost == pytest.approx(mean_cost(net, *TEST), rel=1e-5)
    assert history.validation_accuracy == history.test_accuracy == []


@case("S50")
@pytest.mark.parametrize(
    ("options", "epochs"),
    [
        ({"stopping": NoImprovementIn(2)}, 3),
        ({"schedule": HalveOnPlateau(patience=2, least=0.25)}, 5),
        ({"stopping": NoImprovementIn(1)}, 2),
    ],
)
@pytest.mark.parametrize("last", ["regression", "fully connected", "labels"])
def test_s50_early_stopping_and_schedules_act(options, epochs, last):
    """With a rate of 0 nothing improves on the first epoch."""
    net, data = {
        "regression": (fit(), (X, Y)),
        "fully connected": (fully_connected(), (X, Y)),
        "labels": (Network([NoAccuracy(3, 2)], 10), (X, np.arange(120) % 2)),
    }[last]
    cost = quadratic if last == "fully connected" else None
    history = net.SGD(data, 20, 10, 0.0, data, cost=cost, **options)
    assert (history.epochs, history.best_epoch) == (epochs, 0)
    assert net.best is not None


@case("S50")
@pytest.mark.parametrize("options", [{"stopping": NoImprovementIn(2)}, {"schedule": HalveOnPlateau(2)}])
def test_s50_without_validation_data_they_are_refused_before_anything_is_compiled(options):
    net = fit()
    with pytest.raises(ValueError, match=r" needs validation_data; got none\. Pass validation_data as well"):
        net.SGD((X, Y), 2, 10, 0.1, **options)
    assert not net.compiled


@case("S50")
def test_s50_a_validation_cost_that_is_not_finite_is_never_the_best():
    """An output of exactly 0 where 1 is right has an infinite cross-entropy."""
    net = Network([FullyConnectedLayer(1, 1, linear)], 2)
    net.set_weights([[[0.5]], [0.0]])
    data = np.ones((4, 1)), np.ones((4, 1))
    history = net.SGD(data, 3, 2, 0.0, (0 * data[0], data[1]), cost=cross_entropy, stopping=NoImprovementIn(1))
    assert history.validation_cost == [math.inf, math.inf]
    assert net.best is history.best_epoch is None


@case("S50")
def test_s50_it_is_printed_as_accuracies_are(capsys):
    net = fit()
    net.SGD(TRAINING, 0, 10, 0.1)
    capsys.readouterr()

    def spoil(progress):
        if progress.epoch == 1 and not progress.epoch_done:
            net.layers[1].b.set_value(np.array([9], "float32"))

    history = net.SGD(TRAINING, 2, 10, 0.001, VALIDATION, TEST, callbacks=[spoil])
    best, worse = (f"{cost:.4g}" for cost in history.validation_cost)
    test = f"{history.test_cost[0]:.4g}"
    assert capsys.readouterr().out.splitlines() == [
        "Training mini-batch number 0",
        f"Epoch 0: validation cost {best}",
        "This is the best validation cost to date.",
        f"The corresponding test cost is {test}",
        f"Epoch 1: validation cost {worse}",
        "Finished training network.",
        f"Best validation cost of {best} obtained at iteration 5",
        f"Corresponding test cost of {test}",
    ]


@case("S50")
@pytest.mark.parametrize("cost", [1.234567e-7, 0.0123, 98765.4])
def test_s50_small_and_large_costs_keep_their_digits(cost, capsys):
    history = History(cost=[cost], validation_cost=[cost], test_cost=[None], batches=1)
    BookLog().on_epoch(SimpleNamespace(history=history, epoch=0))
    printed = capsys.readouterr().out.splitlines()[0]
    assert float(printed.removeprefix("Epoch 0: validation cost ")) == pytest.approx(cost, rel=1e-3)


def test_n08_without_validation_data_the_cost_of_each_epoch_is_printed(capsys):
    history = fit().SGD(TRAINING, 2, 10, 0.1, test_data=TEST)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == [f"Epoch {epoch}: cost {cost:.4g}" for epoch, cost in enumerate(history.cost)]
    assert lines[3:] == ["Finished training network.", lines[-1]]
    assert lines[-1].startswith("Corresponding test cost of ")


@pytest.mark.parametrize("validated", [True, False])
def test_n08_several_networks_print_their_costs(validated, capsys):
    trained = network3.train_many(fit, TRAINING, 2, 10, [0.1, 0.2], VALIDATION if validated else None, seeds=[0, 1])
    name = "validation_cost" if validated else "cost"
    for epoch, line in enumerate(capsys.readouterr().out.splitlines()[:2]):
        costs = ", ".join(f"{getattr(history, name)[epoch]:.4g}" for _, history in trained)
        assert line == f"Epoch {epoch}: {'validation costs' if validated else 'costs'} {costs}"


@case("S50")
def test_s50_a_checkpoint_continues_with_its_best(tmp_path):
    alone = fit()
    expected = alone.SGD(TRAINING, 6, 10, 0.35, VALIDATION)
    fit().SGD(TRAINING, 3, 10, 0.35, VALIDATION, checkpoint=tmp_path / "c")
    net = fit()
    history = net.SGD(TRAINING, 6, 10, 0.35, VALIDATION, resume=tmp_path / "c")
    assert (history.validation_cost, history.best_epoch) == (expected.validation_cost, expected.best_epoch)
    assert all(np.array_equal(a, b) for a, b in zip(net.best, alone.best, strict=True))


@case("S11")
@pytest.mark.parametrize("outputs", [1, 4])
def test_s11_a_convolutional_network_for_values_keeps_the_parameters_of_its_best_epoch(outputs):
    rng = np.random.default_rng(1)
    images, values = rng.random((40, 1, 6, 6), dtype="float32"), rng.random((40, outputs))
    data = [(images[k : k + 10], values[k : k + 10]) for k in (0, 10, 20, 30)]
    net = Network([ConvPoolLayer((2, 1, 3, 3), (10, 1, 6, 6)), RegressionLayer(8, outputs)], 10)
    history = net.SGD(data[0], 4, 10, 0.2, data[1], data[2])
    net.set_weights(net.best)
    assert mean_cost(net, *data[1]) == pytest.approx(min(history.validation_cost), rel=1e-5)


@pytest.fixture
def run(monkeypatch):
    """A run of the catalogue whose network has a cost, but no accuracy; on a few images."""
    rng = np.random.default_rng(0)
    images, labels = rng.random((90, 784), dtype="float32"), np.arange(90, dtype="int32") % 10
    data = [(images[k : k + 30], labels[k : k + 30]) for k in (0, 30, 60)]
    monkeypatch.setattr("network3.experiments.experiment.load_mnist", lambda: data)
    run = RUNS["no_hidden"]
    training = {"epochs": 3, "mini_batch_size": 10, "eta": 0.1}
    return replace(run, layers=lambda _: [NoAccuracy(784, 10)], cost=None, training=training)


@case("S50")
@pytest.mark.parametrize("tested", [True, False])
def test_s50_a_run_keeps_and_scores_its_best_epoch(run, tested, tmp_path, monkeypatch):
    monkeypatch.setattr(Network, "save", lambda self, path: Path(path).touch())  # a layer of the test's own
    experiment = prepare(replace(run, test_in_training=tested), tmp_path / "r", {}, 0, resume=False)
    data = network3.experiments.experiment.load(run)
    net = experiment.build()
    history = experiment.train(net, data, verbose=False)
    p = net.predict_proba(data[2][0])
    expected = -np.log(p[np.arange(30), data[2][1]]).mean()
    assert history.corresponding_test_cost == pytest.approx(expected, rel=1e-4)
    assert History.load(experiment.folder.history).test_cost == history.test_cost


@case("S50")
def test_s50_a_search_finds_the_lowest_cost(run, tmp_path):
    search = Search(run, epochs=2)
    study = open_study(search, tmp_path / "study.log")
    study.optimize(search.objective(), n_trials=3)
    assert study.direction.name == "MINIMIZE"
    values = [trial.value for trial in study.trials if trial.state.name == "COMPLETE"]
    assert best_trial(study).value == min(values)
    assert len(set(values)) == len(values) > 1
