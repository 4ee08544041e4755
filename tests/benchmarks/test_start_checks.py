"""The reference implementation, the checks of the trainings, and the training with network3."""

import numpy as np
import pytest
from scipy.signal import convolve2d

from benchmarks.configurations import configuration
from benchmarks.start import checks, ours
from benchmarks.start.process import Run
from benchmarks.start.reference import cost_and_accuracy, logits


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(1)
    return rng.random((60, 784), dtype=np.float32), rng.integers(0, 10, 60).astype(np.int32)


def run(weights, accuracy):
    return Run([accuracy], [1.0], [1.0], 1.0, None, {}, weights)


@pytest.mark.parametrize(
    ("activation", "f"), [("relu", lambda z: z * (z > 0)), ("sigmoid", lambda z: 1 / (1 + np.exp(-z)))]
)
def test_the_reference_is_a_convolution_a_pooling_and_dense_layers(data, activation, f):
    config = configuration("two_conv", maps=(2, 3), hidden=(4,), activation=activation)
    weights = config.weights(3)
    filters, matrices = weights[:4], weights[4:]
    for image, found in zip(data[0][:3], logits(config, weights, data[0][:3]), strict=True):
        a = image.reshape(1, 28, 28)
        for w, b in zip(filters[::2], filters[1::2], strict=True):
            z = np.stack([sum(convolve2d(a[c], kernel, "valid") for c, kernel in enumerate(of_map)) for of_map in w])
            rows, columns = z.shape[1] // 2, z.shape[2] // 2
            pooled = [
                [z[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max((1, 2)) for j in range(columns)] for i in range(rows)
            ]
            a = f(np.transpose(pooled, (2, 0, 1)) + b[:, None, None])
        hidden = f(a.ravel() @ matrices[0] + matrices[1])
        np.testing.assert_allclose(found, hidden @ matrices[2] + matrices[3], rtol=1e-4, atol=1e-5)


def test_cost_and_accuracy_do_not_depend_on_the_number_of_images(data):
    config = configuration("fc", hidden=(5,))
    weights = config.weights()
    x, y = np.tile(data[0], (9, 1)), np.tile(data[1], 9)
    assert cost_and_accuracy(config, weights, x, y) == pytest.approx(
        cost_and_accuracy(config, weights, *data), rel=1e-6
    )
    z = logits(config, weights, data[0]).astype(np.float64)
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    assert cost_and_accuracy(config, weights, *data)[0] == pytest.approx(-np.log(p[np.arange(60), data[1]]).mean())


def test_an_accuracy_that_differs_from_that_of_the_weights_is_wrong(data):
    config = configuration("fc", hidden=(5,))
    _, accuracy = cost_and_accuracy(config, config.weights(), *data)
    assert checks.evaluation(config, run(config.weights(), accuracy), data) == ""
    for wrong in (accuracy + 0.01, float("nan")):
        assert "the reported accuracy is" in checks.evaluation(config, run(config.weights(), wrong), data)


@pytest.mark.parametrize(
    ("before", "after", "ours", "words"),
    [
        (2.0, 1.0, 1.0001, ""),
        (2.0, 2.0, 2.0, "2 before the epoch and 2 after"),
        (2.0, float("nan"), 1.0, "nan after"),
        (2.0, 1.0, 1.1, "with network3 1.1"),
    ],
)
def test_the_cost_must_decrease_as_ours_does(before, after, ours, words):
    reason = checks.learning(before, after, ours)
    assert (words in reason) if words else not reason


def test_ours_reports_each_epoch_and_stops(data):
    config, reported = configuration("fc", hidden=(8,), eta=0.5), []

    def on_epoch_end(accuracy):
        reported.append(accuracy)
        return len(reported) == 2

    weights = ours.train(config, config.weights(), data, data, on_epoch_end, batch=10, epochs=5, shuffle=True, seed=0)
    assert len(reported) == 2
    before, after = checks.costs(config, run(weights, reported[-1]), data)
    assert after < before
    assert checks.evaluation(config, run(weights, reported[-1]), data) == ""
