"""Chapters 4 and 5 in the page: the curves and norms agree with formulas."""

from itertools import pairwise

import numpy as np
import pytest

from network3.serve.chapters import bumps, explode, fit, gradients
from network3.serve.chapters.chapter4 import goal


def test_pairs_of_neurons_are_bumps():
    pairs = [{"from": 0.2, "to": 0.4, "height": 0.5}, {"from": 0.7, "to": 0.6, "height": 1.5}]
    found = bumps(pairs, 300.0)
    x = np.array(found["x"])

    def sigma(z):
        return 1 / (1 + np.exp(-np.clip(z, -700, 700)))

    expected = 0.5 * (sigma(300 * (x - 0.2)) - sigma(300 * (x - 0.4)))
    expected += 1.5 * (sigma(300 * (x - 0.7)) - sigma(300 * (x - 0.6)))
    np.testing.assert_allclose(found["output"], expected, atol=1e-4)
    np.testing.assert_allclose(found["goal"], goal(x))
    assert found["distance"] == pytest.approx(abs(expected - goal(x)).mean(), abs=1e-4)


def test_more_pairs_come_closer_to_the_function():
    distances = []
    for count in (2, 10):
        edges = np.linspace(0, 1, count + 1)
        pairs = [{"from": a, "to": b, "height": float(goal((a + b) / 2))} for a, b in pairwise(edges)]
        distances.append(bumps(pairs)["distance"])
    assert distances[1] < 0.5 * distances[0]


def test_a_trained_hidden_layer_fits_the_function():
    found = fit(40)
    assert found["distance"] == found["distances"][-1] < 0.03 < 0.3 < found["distances"][0]
    assert len(found["curves"]) == 31
    assert found["curves"][-1] == found["output"]


def test_gradients_vanish_with_sigmoid_neurons_and_less_with_relu():
    vanishing, better = gradients(3, "sigmoid", epochs=1), gradients(3, "ReLU", "He", epochs=1)
    assert np.array(vanishing["norms"]).shape == (2, 4)
    first, last = vanishing["norms"][0][0], vanishing["norms"][0][-2]
    assert vanishing["ratio"] == pytest.approx(last / first)
    assert vanishing["ratio"] > 5
    assert better["ratio"] < 3


def test_gradients_of_a_chain_grow_by_a_quarter_of_the_weight():
    for weight in (100.0, 2.0):
        norms = np.array(explode(weight, 5)["norms"])
        np.testing.assert_allclose(norms, 0.5 * (weight / 4) ** np.arange(4, -1, -1), rtol=1e-4)
