"""The learning curve shows the numbers of each epoch."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from network3 import History
from network3.plotting import draw_learning_curve
from tests.network3.plotting.contents import FOUR_PARTS, texts


@pytest.fixture
def history():
    return History(
        cost=[0.5, 0.3, 0.2],
        validation_accuracy=[0.9, 0.95, 0.94],
        test_accuracy=[0.89, 0.94, None],
        monitors={"training_accuracy": [0.91, 0.96, 0.97], "training_cost": [0.4, 0.2, 0.1]},
        seconds=[1.0, 1.0, 1.0],
        batches=10,
    )


def lines(ax):
    return {line.get_label(): line.get_xydata().tolist() for line in ax.lines}


def test_costs_and_accuracies_are_drawn_by_epoch(history):
    figure = draw_learning_curve(history, published=0.9923)
    costs, accuracies = map(lines, figure.axes)
    assert costs == {
        "while training": [[0, 0.5], [1, 0.3], [2, 0.2]],
        "training data": [[0, 0.4], [1, 0.2], [2, 0.1]],
    }
    assert accuracies["validation"] == [[0, 90.0], [1, 95.0], [2, 94.0]]
    assert accuracies["test, at new best"] == [[0, 89.0], [1, 94.0]]
    np.testing.assert_allclose(accuracies["training data"], [[0, 91], [1, 96], [2, 97]])
    assert accuracies["best: epoch 1, 95.00"] == [[1, 95.0]]
    assert accuracies["book 99.23"][0][1] == pytest.approx(99.23)


def test_a_colour_means_the_same_data_in_both_panels(history):
    left, right = (
        {line.get_label(): line.get_color() for line in ax.lines} for ax in draw_learning_curve(history).axes
    )
    assert left["training data"] == right["training data"]
    assert len(set(left.values())) == len(left)


def close(epochs):
    """Return a history whose curves end close to each other, near the top."""
    epoch = np.arange(epochs)
    accuracy = 0.99 - 0.1 * np.exp(-epoch / 6)
    return History(
        cost=list(0.4 * np.exp(-epoch / 8)),
        validation_accuracy=list(accuracy),
        test_accuracy=list(accuracy - 0.0005),
        monitors={"training_accuracy": list(accuracy + 0.0003), "training_cost": list(0.38 * np.exp(-epoch / 8))},
        seconds=[1.0] * epochs,
        batches=10,
    )


@pytest.mark.parametrize("epochs", [1, 2, 60])
def test_legends_cover_no_panel_and_are_not_cut_off(epochs):
    figure = draw_learning_curve(close(epochs), published=0.9902)
    figure.draw_without_rendering()
    for ax in figure.axes:
        box = ax.get_legend().get_window_extent()
        assert not any(box.overlaps(panel.get_window_extent()) for panel in figure.axes)
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1


def test_legends_have_the_order_of_the_last_points(history):
    costs, accuracies = draw_learning_curve(history, published=0.9923).axes
    assert [text.get_text() for text in costs.get_legend().get_texts()] == ["while training", "training data"]
    assert [text.get_text() for text in accuracies.get_legend().get_texts()] == [
        "book 99.23",
        "training data",
        "best: epoch 1, 95.00",
        "validation",
        "test, at new best",
    ]


def test_a_single_epoch_is_in_the_middle():
    for ax in draw_learning_curve(close(1), published=0.99).axes:
        assert sum(ax.get_xlim()) == 0


def test_epochs_are_whole_numbers(history):
    figure = draw_learning_curve(history)
    figure.draw_without_rendering()
    for ax in figure.axes:
        labels = [tick.get_text() for tick in ax.get_xticklabels()]
        assert {"0", "1", "2"} <= set(labels)
        assert not any("." in label for label in labels)


def test_without_validation_there_is_the_cost_alone():
    figure = draw_learning_curve(History(cost=[0.7], seconds=[1.0], batches=3))
    assert [lines(ax) for ax in figure.axes] == [{"while training": [[0, 0.7]]}]
    assert "accuracy" not in texts(figure)


def test_without_test_data_there_is_no_test_curve(history):
    history.test_accuracy = [None, None, None]
    assert "test, at new best" not in lines(draw_learning_curve(history).axes[1])


def test_without_validation_the_training_accuracy_is_drawn_and_no_best(history):
    history.validation_accuracy, history.test_accuracy = [], []
    assert set(lines(draw_learning_curve(history).axes[1])) == {"training data"}


@pytest.fixture
def fitted():
    return History(
        cost=[0.5, 0.3, 0.2],
        validation_cost=[0.6, 0.3, 0.4],
        test_cost=[0.7, 0.5, None],
        seconds=[1.0] * 3,
        batches=10,
    )


def test_without_accuracies_the_best_epoch_is_marked_at_the_lowest_cost(fitted):
    (ax,) = draw_learning_curve(fitted).axes
    found = lines(ax)
    assert found["validation"] == [[0, 0.6], [1, 0.3], [2, 0.4]]
    assert found["test, at new best"] == [[0, 0.7], [1, 0.5]]
    assert found["best: epoch 1, 0.3"] == [[1, 0.3]]


def test_without_validation_the_test_accuracy_is_that_at_the_end():
    history = History(cost=[0.5, 0.3], test_accuracy=[None, 0.75], seconds=[1.0, 1.0])
    assert lines(draw_learning_curve(history).axes[1]) == {"test, at the end": [[1, 75.0]]}


@pytest.mark.parametrize("extra", [0.0, 0.25])
def test_a_monitored_cost_beside_that_of_the_record_is_drawn_once_or_dashed(fitted, extra):
    """N14: what was monitored is in the plot; it differs from the record by the regularization, if there is any."""
    fitted.monitors["validation_cost"] = [cost + extra for cost in fitted.validation_cost]
    fitted.monitors["test_cost"] = [0.7 + extra, 0.5 + extra, 0.6 + extra]
    (ax,) = draw_learning_curve(fitted).axes
    found, styles = lines(ax), {line.get_label(): line.get_linestyle() for line in ax.lines}
    suffix = ", regularized" if extra else ""
    assert found[f"test{suffix}"] == [[0, 0.7 + extra], [1, 0.5 + extra], [2, 0.6 + extra]]
    assert styles[f"validation{suffix}"] == ("--" if extra else "-")
    assert found["validation"] == [[0, 0.6], [1, 0.3], [2, 0.4]]
    assert ("test, at new best" in found) == bool(extra)


@pytest.mark.parametrize("unit", ["cost", "accuracy"])
@pytest.mark.parametrize("validated", [True, False])
def test_a_monitored_test_set_is_drawn_in_every_epoch(history, unit, validated):
    """N14: the record itself has the test accuracy of the best epochs only, or of none without validation data."""
    if not validated:
        history.validation_accuracy, history.test_accuracy = [], []
    history.monitors[f"test_{unit}"] = [0.89, 0.94, 0.92]
    found = lines(draw_learning_curve(history).axes[unit == "accuracy"])
    assert [value for _, value in found["test"]] == pytest.approx(
        [factor * (100 if unit == "accuracy" else 1) for factor in (0.89, 0.94, 0.92)]
    )


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_a_cost_that_is_not_finite_is_left_out(history, bad):
    history.monitors["training_cost"][1] = bad
    found = lines(draw_learning_curve(history).axes[0])
    assert found["training data"] == [[0, 0.4], [2, 0.1]]


def test_a_given_figure_is_used(history):
    figure = plt.figure()
    assert draw_learning_curve(history, figure=figure) is figure


def test_what_cannot_be_drawn_is_refused(history):
    with pytest.raises(
        ValueError, match=r"^draw_learning_curve: expected a history of 1 epoch or more; got none"
    ) as none:
        draw_learning_curve(History())
    with pytest.raises(
        ValueError, match=r"^draw_learning_curve: published must be a share .*; got 99\.23\."
    ) as percent:
        draw_learning_curve(history, published=99.23)
    assert all(FOUR_PARTS.match(str(raised.value)) for raised in (none, percent))


def test_it_can_be_saved(history, tmp_path):
    draw_learning_curve(history).savefig(tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 5000
