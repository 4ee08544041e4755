"""Curves of repeated trainings: a line for each, crosses for the book's points, a colour for each data set."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from network3 import History
from network3.plotting import draw_learning_curve, draw_repeats
from tests.network3.plotting.contents import FOUR_PARTS, texts

ACCURACIES = {"training": [[0.9, 0.95, 0.99], [0.91, 0.94, 0.98]], "test": [[0.8, 0.85, 0.875], [0.825, 0.84, 0.88]]}
COSTS = [[0.5, 0.25, 0.125], [0.75, 0.5, 0.375]]
POINTS = {"test_accuracy": {0: 0.81, 2: 0.8725}, "training_cost": {1: 0.3}}


@pytest.fixture
def histories():
    """Two repeats of 3 epochs, with accuracies of two data sets and a cost."""
    made = []
    for k in (0, 1):
        monitors = {f"{name}_accuracy": values[k] for name, values in ACCURACIES.items()}
        made.append(History(cost=[0.6, 0.4, 0.2], monitors=monitors | {"training_cost": COSTS[k]}, batches=10))
    return made


def validated(*accuracies):
    return History(cost=[0.5] * len(accuracies), validation_accuracy=list(accuracies))


def curves(ax):
    """Return the heights of all lines by colour, in their order."""
    found = {}
    for line in ax.lines:
        np.testing.assert_array_equal(line.get_xdata(), range(len(line.get_ydata())))
        found.setdefault(line.get_color(), []).append(line.get_ydata().tolist())
    return found


def crosses(ax):
    return {dots.get_label(): dots.get_offsets().tolist() for dots in ax.collections}


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_each_repeat_is_a_line_in_per_cent_and_costs_have_a_panel_of_their_own(histories):
    left, right = draw_repeats(histories).axes
    seen = curves(left)
    assert len(seen) == 2
    for drawn, values in zip(seen.values(), ACCURACIES.values(), strict=True):
        np.testing.assert_allclose(drawn, 100 * np.array(values), rtol=1e-12)
    assert list(curves(right).values()) == [COSTS]
    assert (left.get_ylabel(), right.get_ylabel()) == ("accuracy, per cent", "cost")
    assert {ax.get_xlabel() for ax in (left, right)} == {"epoch"}
    assert (crosses(left), crosses(right)) == ({}, {})


def test_the_legend_has_each_data_set_once(histories):
    left, right = draw_repeats(histories * 3).axes
    assert (len(left.lines), len(right.lines)) == (12, 6)
    assert (legend(left), legend(right)) == (["training", "test"], ["training"])


def test_the_books_points_are_crosses_of_the_same_colour_in_their_panel(histories):
    left, right = draw_repeats(histories, POINTS).axes
    assert list(crosses(left)) == ["test, the book"]
    np.testing.assert_allclose(crosses(left)["test, the book"], [[0, 81], [2, 87.25]])
    np.testing.assert_allclose(crosses(right)["training, the book"], [[1, 0.3]])
    assert (legend(left), legend(right)) == (["training", "test", "test, the book"], ["training", "training, the book"])
    colours = {line.get_label(): to_hex(line.get_color()) for line in left.lines}
    assert to_hex(left.collections[0].get_edgecolor()[0]) == colours["test"] != colours["training"]


def test_a_colour_means_the_same_data_as_in_a_learning_curve():
    known = History(cost=[0.5], validation_accuracy=[0.75], test_accuracy=[0.875], monitors={"training_cost": [0.25]})
    colours = {line.get_label(): line.get_color() for ax in draw_learning_curve(known).axes for line in ax.lines}
    monitors = {"training_accuracy": [0.9], "test_accuracy": [0.8]}
    (ax,) = draw_repeats([History(cost=[0.5], validation_accuracy=[0.75], monitors=monitors)]).axes
    names = {"training": "training data", "validation": "validation", "test": "test, at new best"}
    assert {line.get_label(): line.get_color() for line in ax.lines} == {a: colours[b] for a, b in names.items()}


def test_validation_alone_has_one_panel_and_repeats_may_end_earlier():
    figure = draw_repeats([validated(0.5, 0.75, 0.875), validated(0.25), History()])
    (ax,) = figure.axes
    assert list(curves(ax).values()) == [[[50.0, 75.0, 87.5], [25.0]]]
    assert legend(ax) == ["validation"]
    assert "cost" not in texts(figure)


def test_costs_alone_have_one_panel():
    (ax,) = draw_repeats([History(cost=[0.5, 0.4], monitors={"validation_cost": [0.75, 0.5]})]).axes
    assert list(curves(ax).values()) == [[[0.75, 0.5]]]
    assert (ax.get_ylabel(), legend(ax)) == ("cost", ["validation"])


def test_epochs_are_whole_numbers(histories):
    figure = draw_repeats(histories)
    figure.draw_without_rendering()
    for ax in figure.axes:
        labels = [tick.get_text() for tick in ax.get_xticklabels()]
        assert {"0", "1", "2"} <= set(labels)
        assert not any("." in label for label in labels)


@pytest.mark.parametrize("histories", [[], [History()], [History(), History()]], ids=["none", "empty", "two empty"])
def test_without_an_epoch_there_is_nothing_to_draw(histories):
    with pytest.raises(ValueError, match=r"^draw_repeats: expected a history of 1 epoch or more; got none\.") as caught:
        draw_repeats(histories)
    assert FOUR_PARTS.match(str(caught.value))


def test_it_can_be_saved(histories, tmp_path):
    draw_repeats(histories, POINTS).savefig(tmp_path / "repeats.png")
    assert (tmp_path / "repeats.png").stat().st_size > 5000
