"""Misclassified digits, each with the right label and the network's."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from pytensor import shared

from network3 import datasets, plot_errors
from network3.plotting import draw_errors
from tests.network3.plotting.contents import FOUR_PARTS, shown, texts

IMAGES = np.random.default_rng(3).random((50, 25))
LABELS = np.arange(50) % 7


def test_each_image_has_both_labels():
    figure = draw_errors(IMAGES[:3], LABELS[:3], LABELS[:3] + 1)
    np.testing.assert_array_equal(np.stack(shown(figure)), IMAGES[:3].reshape(3, 5, 5))
    corners = [{round(t.get_position()[1]): t.get_text() for t in ax.texts} for ax in figure.axes[:3]]
    assert corners == [{1: "0", 0: "1"}, {1: "1", 0: "2"}, {1: "2", 0: "3"}]  # upper: the label, lower: the network's
    assert "misclassified: 3" in texts(figure)


@pytest.mark.parametrize("most", [40, 3])
def test_the_first_are_drawn(most):
    figure = draw_errors(IMAGES, LABELS, LABELS + 1, most=most)
    np.testing.assert_array_equal(np.stack(shown(figure)), IMAGES[:most].reshape(-1, 5, 5))
    assert f"misclassified: 50, the first {most} (above: label, below: network)" in texts(figure)


def test_correct_predictions_are_left_out():
    predictions = np.where(np.isin(np.arange(50), [4, 31, 49]), LABELS + 1, LABELS)
    figure = draw_errors(shared(IMAGES), shared(LABELS), predictions)
    np.testing.assert_array_equal(np.stack(shown(figure)), IMAGES[[4, 31, 49]].reshape(3, 5, 5))
    assert "misclassified: 3 (" in texts(figure)


def test_labels_are_beside_the_digit():
    figure = draw_errors(np.ones((2, 25)), np.array([1, 2]), np.array([3, 4]))
    figure.draw_without_rendering()
    for ax in figure.axes[:2]:
        right_edge = ax.transData.transform((4.5, 0))[0]
        assert all(text.get_window_extent().x0 >= right_edge for text in ax.texts)


@pytest.mark.parametrize("shape", [(5, 10), (5, 10, 1), (1, 5, 10)])
def test_images_with_rows_and_columns_need_not_be_square(shape):
    images = np.random.default_rng(4).random((3, 50))
    figure = draw_errors(images.reshape(3, *shape), LABELS[:3], LABELS[:3] + 1)
    np.testing.assert_array_equal(np.stack(shown(figure)), images.reshape(3, 5, 10))
    assert figure.axes[0].get_xlim()[1] > 10


@pytest.mark.parametrize("count", [0, 50])
def test_without_errors_the_title_states_none(count):
    figure = draw_errors(IMAGES[:count], LABELS[:count], LABELS[:count])
    assert shown(figure) == []
    assert texts(figure) == "misclassified: none"


def test_a_given_figure_is_used():
    figure = plt.figure()
    assert draw_errors(IMAGES, LABELS, LABELS + 1, figure) is figure


def test_the_books_function_draws_mnists_test_images():
    images, labels = datasets.load_mnist()[2]
    assert plot_errors([8, 115, 9999], [6, 9, 4]) is plt
    figure = plt.gcf()
    np.testing.assert_array_equal(np.stack(shown(figure)), images[[8, 115, 9999]].reshape(3, 28, 28))
    assert {text.get_text() for text in figure.axes[0].texts} == {str(labels[8]), "6"}


def test_other_test_data_can_be_given():
    plot_errors([4], test_data=(shared(IMAGES), shared(LABELS)))
    np.testing.assert_array_equal(shown(plt.gcf())[0], IMAGES[4].reshape(5, 5))
    plot_errors([])
    assert "misclassified: none" in texts(plt.gcf())


def test_predictions_are_optional_in_the_books_function():
    plot_errors([4, 9], test_data=(IMAGES, LABELS))
    assert [[text.get_text() for text in ax.texts] for ax in plt.gcf().axes[:2]] == [["4"], ["2"]]
    assert "misclassified: 2 (above: label)" in texts(plt.gcf())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([3, 50],), r"expected locations from 0 to 49; got 3 to 50\. Pass what ensemble returned"),
        (([-1],), "expected locations from 0 to 49; got -1 to -1"),
        (([1, 2], [3]), r"expected 2 predictions, one for each location; got 1\. Pass both"),
        ((LABELS == 1,), r"expected locations that are whole numbers; got an array of bool\. Pass rows; .*mask\."),
        (([1.5],), "expected locations that are whole numbers; got an array of float64"),
    ],
)
def test_arguments_that_do_not_match_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"^plot_errors: {message}") as raised:
        plot_errors(*arguments, test_data=(IMAGES, LABELS))
    assert FOUR_PARTS.match(str(raised.value))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (IMAGES, r"test_data must be a pair \(images, labels\); got ndarray\. Pass e\.g\."),
        ([(IMAGES[0], 1)] * 3, r"test_data must be a pair \(images, labels\); got list of 3\."),
        ((IMAGES[:, :24], LABELS), r"images must have a square number of values; got 24 for each\. Only square"),
    ],
)
def test_test_data_that_cannot_be_drawn_is_refused(data, message):
    with pytest.raises(ValueError, match=f"^plot_errors: {message}") as raised:
        plot_errors([1], test_data=data)
    assert FOUR_PARTS.match(str(raised.value))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((IMAGES, LABELS, LABELS[:3]), "expected as many .*; got 50 labels and 3 predictions for 50 images"),
        ((IMAGES[:, :24], LABELS, LABELS), "images must have a square number of values; got 24 for each"),
        (
            (IMAGES[:48].reshape(4, 3, 4, 25), LABELS[:4], LABELS[:4]),
            r"expected images of one map; got images of \(3, 4",
        ),
        ((IMAGES, LABELS, LABELS[:, None]), r"expected as many .*, of shapes \(50,\) and \(50, 1\)"),
        ((IMAGES, LABELS, LABELS, None, 0), "most: expected a whole number, 1 or more; got 0"),
    ],
)
def test_arrays_that_do_not_match_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"^draw_errors: {message}") as raised:
        draw_errors(*arguments)
    assert FOUR_PARTS.match(str(raised.value))
