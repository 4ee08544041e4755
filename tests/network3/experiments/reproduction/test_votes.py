"""All votes of recorded networks: counted one by one, and those that the records in the repository have."""

from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from network3 import datasets
from network3.experiments.reproduction import read_all, vote_accuracies
from network3.experiments.reproduction.records import Record
from network3.experiments.reproduction.votes import recorded_predictions

RESULTS = Path(__file__).parents[4] / "benchmarks" / "results"


def record(seed, predictions, labels):
    errors = [
        [k, int(digit)] for k, (digit, label) in enumerate(zip(predictions, labels, strict=True)) if digit != label
    ]
    return Record("double_fc_dropout", "6.14", seed, {}, 1.0, {}, None, {}, errors=errors)


@pytest.fixture
def networks():
    """Labels of 60 images, and the predictions of seven networks that are wrong about a third of them."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, size=60)
    wrong = rng.random((7, 60)) < 0.3
    return labels, np.where(wrong, rng.integers(0, 3, size=(7, 60)), labels)


def test_a_record_has_the_predictions_of_its_network(networks):
    labels, predictions = networks
    for seed, own in enumerate(predictions):
        assert (recorded_predictions(record(seed, own, labels), labels) == own).all()


@pytest.mark.parametrize("voters", [1, 2, 5, 7])
def test_each_group_votes_and_the_first_of_equal_votes_decides(networks, voters):
    labels, predictions = networks
    records = [record(seed, own, labels) for seed, own in enumerate(predictions)]
    expected = []
    for some in combinations(predictions.tolist(), voters):
        # Counter keeps the order of the first votes, and most_common is stable.
        winners = [Counter(votes).most_common(1)[0][0] for votes in zip(*some, strict=True)]
        expected.append(sum(winner == label for winner, label in zip(winners, labels, strict=True)) / 60)
    assert vote_accuracies(records[::-1], voters, labels) == pytest.approx(expected)
    assert len(set(expected)) > 1 or voters == 7


def test_networks_without_errors_are_always_right(networks):
    labels, _ = networks
    assert vote_accuracies([record(seed, labels, labels) for seed in range(3)], 2, labels) == (1.0, 1.0, 1.0)


def test_the_recorded_votes_are_those_of_the_recorded_networks():
    records = read_all(RESULTS)
    labels = datasets.load_mnist()[2][1]
    for vote, voter in (("ensemble", "double_fc_dropout"), ("beyond_ensemble", "beyond_single")):
        (recorded,) = [one for one in records if one.name == vote]
        networks = [one for one in records if one.name == voter and one.seed < 5]
        found = vote_accuracies(networks, 5, labels)
        assert found == pytest.approx([recorded.values["test accuracy at the best validation epoch"]])
