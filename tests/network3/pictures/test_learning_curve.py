"""The learning curve shows each epoch's numbers where they belong."""

import numpy as np
import pytest

from network3 import History
from network3.pictures import draw_learning_curve
from tests.network3.pictures.seen import texts


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
        "mini-batches": [[0, 0.5], [1, 0.3], [2, 0.2]],
        "training": [[0, 0.4], [1, 0.2], [2, 0.1]],
    }
    assert accuracies["validation"] == [[0, 90.0], [1, 95.0], [2, 94.0]]
    assert accuracies["test, at each new best"] == [[0, 89.0], [1, 94.0]]
    np.testing.assert_allclose(accuracies["training"], [[0, 91], [1, 96], [2, 97]])
    assert accuracies["best: epoch 1, 95.00"] == [[1, 95.0]]
    assert accuracies["the book: 99.23%"][0][1] == pytest.approx(99.23)


def test_epochs_are_whole_numbers(history):
    figure = draw_learning_curve(history)
    figure.canvas.draw()
    for ax in figure.axes:
        labels = [tick.get_text() for tick in ax.get_xticklabels()]
        assert {"0", "1", "2"} <= set(labels)
        assert not any("." in label for label in labels)


def test_without_validation_there_is_the_cost_alone():
    figure = draw_learning_curve(History(cost=[0.7], seconds=[1.0], batches=3))
    assert [lines(ax) for ax in figure.axes] == [{"mini-batches": [[0, 0.7]]}]
    assert "accuracy" not in texts(figure)


def test_without_test_data_there_is_no_curve_of_it(history):
    history.test_accuracy = [None, None, None]
    assert "test, at each new best" not in lines(draw_learning_curve(history).axes[1])


def test_it_can_be_saved(history, tmp_path):
    draw_learning_curve(history).savefig(tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 5000
