"""Whether two libraries trained the same network."""

import pytest

from benchmarks.checks import disagreement


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"costs": [2.0, 1.0003]}, "costs"),
        ({"costs": [2.0]}, "costs"),
        ({"costs": [2.0, float("nan")]}, "costs"),
        ({"labels": [1, 2, 4]}, "66.7%"),
        ({"labels": [1]}, "ours 3, the peer's 1"),
        ({"costs": [2.0001, 1.0]}, ""),
    ],
)
def test_costs_and_labels_must_agree(changed, words):
    ours = {"costs": [2.0, 1.0], "labels": [1, 2, 3]}
    reason = disagreement([ours, ours | changed])
    assert (words in reason) if words else not reason


def test_coarser_arithmetic_may_change_more_labels():
    ours = {"costs": [2.0, 1.0], "labels": [1, 2, 3, 4]}
    other = ours | {"labels": [1, 2, 3, 5]}
    assert "75.0%" in disagreement([ours, other], 0.8)
    assert not disagreement([ours, other], 0.75)
