"""The range of ten figures: against the theory of order statistics, and how often a further figure lies within."""

from itertools import combinations

import numpy as np
import pytest

from network3.experiments.report import range_of_ten as module
from network3.experiments.report.range_of_ten import range_of_ten

MANY = np.linspace(0, 1, 2001)
HALF = 1 - 0.5**0.1  # below this share, the least of ten lies in half of the cases
TRIALS = 400


@pytest.mark.parametrize("best_of", [1, 2, 3])
def test_many_even_numbers_give_the_medians_of_the_least_and_greatest_of_ten(best_of):
    least, greatest = range_of_ten(MANY, best_of=best_of)
    # The best of k even numbers is below x with probability x^k.
    assert least == pytest.approx(HALF ** (1 / best_of), abs=0.005)
    assert greatest == pytest.approx((1 - HALF) ** (1 / best_of), abs=0.005)


def test_the_lowest_of_three_is_the_mirror_of_the_highest():
    least, greatest = range_of_ten(MANY, best_of=3)
    assert range_of_ten(1 - MANY, best_of=3, lowest=True) == pytest.approx((1 - greatest, 1 - least), abs=0.005)


def test_the_repeat_is_chosen_by_the_other_accuracy():
    least, greatest = range_of_ten(MANY, best_of=3)
    assert range_of_ten(MANY, best_of=3, chosen_by=MANY) == pytest.approx((least, greatest), abs=0.005)
    assert range_of_ten(MANY, best_of=3, chosen_by=-MANY) == pytest.approx((1 - greatest, 1 - least), abs=0.005)


def test_equal_repeats_have_no_range_and_equal_calls_the_same():
    assert range_of_ten([0.5, 0.5, 0.5], best_of=3) == (0.5, 0.5)
    assert range_of_ten([0.1, 0.2, 0.4], best_of=3) == range_of_ten([0.1, 0.2, 0.4], best_of=3)


@pytest.mark.parametrize(("best_of", "share"), [(1, 0.66), (3, 0.59)])
def test_of_three_repeats_a_further_figure_lies_within_in_about_six_cases_of_ten(monkeypatch, best_of, share):
    # Without the noise, it would in 50 % of the cases for single repeats, and in 30 % for the best of three.
    assert coverage(monkeypatch, 3, best_of) == pytest.approx(share, abs=0.06)


@pytest.mark.parametrize("best_of", [1, 3])
def test_of_many_repeats_a_further_figure_lies_within_unless_it_is_beyond_a_median(monkeypatch, best_of):
    assert coverage(monkeypatch, 100, best_of) == pytest.approx(1 - 2 * HALF, abs=0.04)


def coverage(monkeypatch, repeats, best_of):
    """Return how often a further figure of normal repeats lies within the range."""
    monkeypatch.setattr(module, "DRAWS", 300)
    rng = np.random.default_rng(5)
    within = 0
    for _ in range(TRIALS):
        least, greatest = range_of_ten(rng.normal(size=repeats), best_of=best_of)
        within += least <= rng.normal(size=best_of).max() <= greatest
    return within / TRIALS


def test_votes_that_share_networks_get_the_spread_of_votes_that_do_not(monkeypatch):
    monkeypatch.setattr(module, "DRAWS", 300)
    rng = np.random.default_rng(6)
    widths, without = [], []
    for _ in range(100):
        means = [np.mean(some) for some in combinations(rng.normal(size=10), 5)]
        widths.append(np.subtract(*range_of_ten(means, group=5, networks=10)))
        without.append(np.subtract(*range_of_ten(means, networks=10**9)))
    # The mean of five has the standard deviation 1/sqrt(5); the least of ten normal numbers has the median -1.499.
    expected = -2 * 1.499 / np.sqrt(5)
    assert np.sqrt(np.mean(np.square(widths))) == pytest.approx(-expected, rel=0.1)
    assert np.sqrt(np.mean(np.square(without))) < 0.8 * -expected
