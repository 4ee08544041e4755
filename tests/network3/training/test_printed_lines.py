"""What SGD prints, byte for byte as the original, and the record that it returns."""

import numpy as np
import pytest

from network3 import FullyConnectedLayer, Network, SoftmaxLayer


@pytest.fixture(scope="module")
def kept():
    np.random.seed(1)
    net = Network([FullyConnectedLayer(n_in=6, n_out=5), SoftmaxLayer(n_in=5, n_out=3)], 4)
    return net, net.get_weights()


@pytest.fixture
def net(kept):
    """One network for all tests, which begins each with its first weights."""
    net, first = kept
    net.set_weights(first)
    return net


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    images = rng.random((4403, 6))
    labels = images[:, :3].argmax(axis=1)
    return (images[:4003], labels[:4003]), (images[4003:4203], labels[4003:4203]), (images[4203:], labels[4203:])


def percent(share):
    return f"{share:.2%}"


def test_the_lines_of_two_epochs_are_the_originals(net, data, capsys):
    training, validation, test = data
    history = net.SGD(training, 2, 4, 0.3, validation, test)
    first, second = history.validation_accuracy
    # 1,000 mini-batches an epoch: a line at 0 and at 1000, none at 2000, where training has ended.
    expected = [
        "Training mini-batch number 0",
        f"Epoch 0: validation accuracy {percent(first)}",
        "This is the best validation accuracy to date.",
        f"The corresponding test accuracy is {percent(history.test_accuracy[0])}",
        "Training mini-batch number 1000",
        f"Epoch 1: validation accuracy {percent(second)}",
        "This is the best validation accuracy to date.",
        f"The corresponding test accuracy is {percent(history.test_accuracy[1])}",
        "Finished training network.",
        f"Best validation accuracy of {percent(second)} obtained at iteration 1999",
        f"Corresponding test accuracy of {percent(history.test_accuracy[1])}",
    ]
    assert second >= first, "this data set is meant to improve; otherwise the lines differ"
    assert capsys.readouterr().out.splitlines() == expected


def test_lines_come_every_thousand_mini_batches_over_all_epochs(net, data, capsys):
    (images, labels), _, _ = data
    history = net.SGD((images[:1500], labels[:1500]), 8, 4, 0.1)  # 375 mini-batches an epoch, 3,000 in all
    epochs = [f"Epoch {epoch}: cost {cost:.4g}" for epoch, cost in enumerate(history.cost)]
    assert capsys.readouterr().out.splitlines() == [
        "Training mini-batch number 0",
        *epochs[:2],
        "Training mini-batch number 1000",
        *epochs[2:5],
        "Training mini-batch number 2000",
        *epochs[5:],
        "Finished training network.",
    ]


def test_a_worse_epoch_prints_neither_best_nor_test(net, data, capsys):
    training, validation, test = data

    def spoil(progress):
        if progress.epoch == 1 and progress.batch == progress.batches and not progress.epoch_done:
            net.layers[1].b.set_value(np.array([100, 0, 0], "float32"))  # predicts 0 for everything

    history = net.SGD(training, 2, 4, 0.3, validation, test, callbacks=[spoil])
    best, worse = history.validation_accuracy
    assert capsys.readouterr().out.splitlines()[-5:] == [
        "Training mini-batch number 1000",
        f"Epoch 1: validation accuracy {percent(worse)}",
        "Finished training network.",
        f"Best validation accuracy of {percent(best)} obtained at iteration 999",
        f"Corresponding test accuracy of {percent(history.test_accuracy[0])}",
    ]
    assert worse == (validation[1] == 0).mean() < best
    assert history.test_accuracy[1] is None


def test_without_test_data_the_test_lines_are_left_out(net, data, capsys):
    training, validation, _ = data
    history = net.SGD(training, 1, 4, 0.0, validation)
    assert capsys.readouterr().out.splitlines() == [
        "Training mini-batch number 0",
        f"Epoch 0: validation accuracy {percent(history.validation_accuracy[0])}",
        "This is the best validation accuracy to date.",
        "Finished training network.",
        f"Best validation accuracy of {percent(history.validation_accuracy[0])} obtained at iteration 999",
    ]
    assert history.test_accuracy == [None]
    assert history.corresponding_test_accuracy is None


def test_without_validation_data_the_cost_while_training_is_printed(net, data, capsys):
    training, _, test = data
    history = net.SGD(training, 1, 4, 0.0, test_data=test)
    assert capsys.readouterr().out.splitlines() == [
        "Training mini-batch number 0",
        f"Epoch 0: cost {history.cost[0]:.4g}",
        "Finished training network.",
        f"Corresponding test accuracy of {percent(net.accuracy(test))}",
    ]
    assert history.validation_accuracy == []
    assert net.best is None


def test_no_epochs_train_nothing_and_crash_nothing(net, data, capsys):
    before = net.get_weights()
    history = net.SGD(data[0], 0, 4, 0.3, data[1], data[2])
    assert capsys.readouterr().out == "Finished training network.\n"
    assert history.epochs == 0
    assert repr(history) == "History(0 epochs)"
    assert all(np.array_equal(a, b) for a, b in zip(before, net.get_weights(), strict=True))


def test_the_history_holds_what_was_asked_for(net, data, capsys):
    training, validation, test = data
    monitor = ("training_cost", "training_accuracy", "validation_cost", "validation_accuracy")
    history = net.SGD(training, 2, 4, 0.0, validation, test, monitor=monitor)
    a = net.predict_proba(training[0])
    cost = -np.log(a[np.arange(len(a)), training[1]]).mean()
    assert history.epochs == len(history.seconds) == len(history.cost) == 2
    np.testing.assert_allclose(history.monitors["training_cost"], cost, rtol=1e-5)
    right = (a.argmax(axis=1) == training[1]).mean()
    np.testing.assert_allclose(history.monitors["training_accuracy"], right, rtol=1e-12)
    assert history.monitors["validation_accuracy"] == history.validation_accuracy
    assert repr(history) == (
        f"History(2 epochs, cost {history.cost[-1]:.4g}, best validation {percent(history.validation_accuracy[1])}, "
        f"test {percent(history.test_accuracy[1])})"
    )
