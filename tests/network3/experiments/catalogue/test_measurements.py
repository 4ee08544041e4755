"""Measurements without a record of epochs: baselines, chapter 3's neuron, more data, chapter 5's norms."""

import numpy as np
import pytest

from network3 import datasets
from network3.experiments.catalogue import MEASUREMENTS, gradients, more_data
from network3.experiments.catalogue.baselines import SVM, average_darkness, random_guess


def test_average_darkness_is_the_books_to_the_digit():
    assert average_darkness(0) == {"test accuracy": 0.2225}
    assert MEASUREMENTS["average_darkness"].published == {"test accuracy": 0.2225}


def test_guesses_are_right_one_time_in_ten():
    accuracies = [random_guess(seed)["test accuracy"] for seed in range(5)]
    assert len(set(accuracies)) > 1
    assert max(abs(accuracy - 0.1) for accuracy in accuracies) < 5 * (0.1 * 0.9 / 10_000) ** 0.5


@pytest.mark.parametrize("size", [100, 200])
def test_the_support_vector_machine_is_the_books(size):
    pytest.importorskip("sklearn")
    found = SVM(size)(0)["validation accuracy"]
    assert found == pytest.approx(MEASUREMENTS[f"svm_{size}"].published["validation accuracy"], abs=0.001)


def test_without_scikit_learn_the_error_names_the_package(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sklearn.svm", None)
    with pytest.raises(ImportError, match=r"expected scikit-learn; got no such package\. Install it: pip install"):
        SVM(100)(0)


def neuron(w, b, eta, with_slope):
    """Return the outputs of a sigmoid neuron that learns to output 0 for 1, before and after each of 300 epochs."""
    outputs = []
    for _ in range(301):
        a = 1 / (1 + np.exp(-(w + b)))
        outputs.append(a)
        delta = a * (a * (1 - a) if with_slope else 1)
        w, b = w - eta * delta, b - eta * delta
    return outputs


def test_the_neuron_unlearns_as_the_formulas_predict():
    found = MEASUREMENTS["toy_neuron"].measure(0)
    near, far, entropy = neuron(0.6, 0.9, 0.15, True), neuron(2, 2, 0.15, True), neuron(2, 2, 0.005, False)
    expected = [near[0], near[-1], far[0], far[150], entropy[150]]
    np.testing.assert_allclose(list(found.values()), expected, rtol=1e-4)
    for label, value in MEASUREMENTS["toy_neuron"].published.items():
        assert value is None or found[label] == pytest.approx(value, abs=0.005)


def test_more_data_uses_the_number_of_images(monkeypatch):
    monkeypatch.setattr(more_data, "IMAGES", 20_000)
    training, validation, test = datasets.load_mnist()
    sets = [training, (validation[0][:500], validation[1][:500]), test]
    monkeypatch.setattr(more_data, "load_mnist", lambda: sets)
    few, many = (more_data.MoreData(size)(0)["validation accuracy"] for size in (100, 10_000))
    assert 0.3 < few < many < 0.95


def test_the_norms_of_chapter_5_are_of_the_books_order():
    norms = gradients.train(2, seed=1, epochs=2).norms
    assert norms.shape == (3, 3)
    first, second, _ = norms[0]
    book = MEASUREMENTS["gradients_2"].published
    assert first == pytest.approx(book["hidden layer 1, at the start"], rel=0.6)
    assert second == pytest.approx(book["hidden layer 2, at the start"], rel=0.6)
