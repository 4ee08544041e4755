"""Where the book's number would lie among ten of ours: the statements, the author's runs, and what stays open."""

import pytest

from network3.experiments.catalogue import ENTRIES
from network3.experiments.report.expected import OPEN, Expected, expected_of_repeats, expected_of_votes
from network3.experiments.report.range_of_ten import range_of_ten

VALUES, VALIDATION = (0.9512, 0.9534, 0.9521), (0.96, 0.95, 0.97)


def expected(name, values=VALUES, number=0):
    entry = ENTRIES[name]
    return expected_of_repeats(entry, entry.published_values[number], values, VALIDATION[: len(values)])


@pytest.mark.parametrize(
    ("book", "statement"),
    [
        (0.9530, "within 95.00% to 95.40%"),
        (0.9500, "within 95.00% to 95.40%"),
        (0.95404, "within 95.00% to 95.40%"),  # shown as 95.40%
        (0.9541, "above by 0.01: 95.00% to 95.40%"),
        (0.9387, "below by 1.13: 95.00% to 95.40%"),
    ],
)
def test_the_statement_has_the_side_and_how_far_from_the_nearer_end(book, statement):
    found = Expected((0.95, 0.954), "")
    assert found.statement("accuracy", book) == statement
    assert found.within("accuracy", book) == statement.startswith("within")


def test_costs_are_compared_as_they_are_shown():
    found = Expected((0.3201, 0.3277), "")
    assert found.statement("cost", 0.32) == "below by 0.0001: 0.3201 to 0.3277"
    assert found.statement("cost", 0.32006) == "within 0.3201 to 0.3277"


def test_an_open_range_has_a_reason():
    assert OPEN.statement("accuracy", 0.95) == "no repeats"
    assert not OPEN.within("accuracy", 0.95)
    assert not Expected((0.9, 1.0), "").within("accuracy", None)


def rounded(least, greatest):
    return round(least, 4), round(greatest, 4)


def test_chapters_1_and_6_report_the_best_of_three_and_the_others_one_run():
    assert expected("sigmoid_30").range == rounded(*range_of_ten(VALUES, best_of=3))
    assert expected("shallow").range == rounded(*range_of_ten(VALUES, best_of=3, chosen_by=VALIDATION))
    assert expected("cross_entropy_30").range == rounded(*range_of_ten(VALUES))
    assert expected("random_guess").range == rounded(*range_of_ten(VALUES))  # belongs to no epoch
    assert len({expected(name).range for name in ("sigmoid_30", "shallow", "cross_entropy_30")}) == 3


def test_a_range_has_no_impossible_accuracy():
    assert expected("sigmoid_30", (0.999, 0.9, 0.8)).range[1] == 1.0
    assert expected("random_guess", (0.0, 0.0, 0.1)).range[0] == 0.0


def test_what_needs_more_repeats_or_has_no_chance_is_open():
    assert expected("shallow", VALUES[:2]) == Expected(None, "too few repeats")
    assert expected("shallow", VALUES[:1] * 3) == Expected(None, "all repeats equal")
    assert expected("svm") == Expected(None, "not random")
    assert expected("ensemble") == Expected(None, "no records of the networks that vote")


def test_a_vote_of_several_runs_is_one():
    assert expected("beyond_filter_sizes") == Expected(None, "one vote, of 12 networks")


def test_one_vote_has_no_range_and_those_of_more_networks_have():
    assert expected_of_votes([0.9963], 5, 5) == Expected(None, "one vote, of 5 networks")
    votes = (0.9963, 0.9965, 0.9966, 0.9964, 0.9965, 0.9966)
    assert expected_of_votes(votes, 5, 6).range == rounded(*range_of_ten(votes, group=5, networks=6))
