"""Misclassified digits, each with the right label and the network's."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from pytensor import shared

from network3 import datasets, plot_errors
from network3.pictures import draw_errors
from tests.network3.pictures.seen import shown, texts

IMAGES = np.random.default_rng(3).random((50, 25))
LABELS = np.arange(50) % 7


def test_each_image_has_both_labels():
    figure = draw_errors(IMAGES[:3], LABELS[:3], LABELS[:3] + 1)
    np.testing.assert_array_equal(np.stack(shown(figure)), IMAGES[:3].reshape(3, 5, 5))
    corners = [{round(t.get_position()[1]): t.get_text() for t in ax.texts} for ax in figure.axes[:3]]
    assert corners == [{1: "0", 0: "1"}, {1: "1", 0: "2"}, {1: "2", 0: "3"}]  # upper: right, lower: the network's
    assert "misclassified: 3" in texts(figure)


def test_the_first_forty_are_drawn():
    figure = draw_errors(IMAGES, LABELS)
    assert len(shown(figure)) == 40
    assert "misclassified: 50, the first 40" in texts(figure)


def test_no_errors_are_a_picture_that_says_so():
    figure = draw_errors(IMAGES[:0], LABELS[:0], LABELS[:0])
    assert shown(figure) == []
    assert texts(figure) == "misclassified: none"


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([3, 50],), r"plot_errors: wanted locations from 0 to 49; got 3 to 50\. Pass what ensemble returned"),
        (([-1],), "plot_errors: wanted locations from 0 to 49; got -1 to -1"),
        (([1, 2], [3]), r"plot_errors: wanted 2 predictions, one for each location; got 1\. Pass both"),
    ],
)
def test_what_does_not_belong_together_is_refused(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        plot_errors(*arguments, test_data=(IMAGES, LABELS))
