"""Pictures of confusion matrices: shades, numbers and names."""

import numpy as np
import pytest

from network3.plotting import draw_confusion
from tests.network3.plotting.contents import FOUR_PARTS, shown

MATRIX = np.array([[8, 2, 0], [1, 3, 0], [0, 0, 0]])


def test_shades_are_shares_beside_the_diagonal():
    figure = draw_confusion(MATRIX)
    (image,) = shown(figure)
    np.testing.assert_allclose(image, [[0, 0.2, 0], [0.25, 0, 0], [0, 0, 0]])
    assert figure.axes[0].images[0].get_clim() == (0, 0.25)


def test_cells_have_counts_and_the_diagonal_accuracies():
    (ax,) = draw_confusion(MATRIX).axes
    cells = {tuple(map(int, text.get_position())): text.get_text() for text in ax.texts}
    assert cells == {(0, 0): "80", (1, 0): "2", (0, 1): "1", (1, 1): "75"}  # column, row
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("network", "label")


def test_names_are_beside_the_rows_and_below_the_columns():
    (ax,) = draw_confusion(MATRIX, ["cat", "cow", "dog"]).axes
    assert [text.get_text() for text in ax.get_xticklabels()] == ["cat", "cow", "dog"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["cat", "cow", "dog"]


def test_many_classes_have_no_numbers_in_their_cells():
    (ax,) = draw_confusion(np.eye(30, dtype=int)).axes
    assert len(ax.texts) == 0


@pytest.mark.parametrize(("matrix", "names"), [(np.ones((2, 3)), None), ([], None), (MATRIX, ["a"]), (5, None)])
def test_what_does_not_fit_is_refused(matrix, names):
    with pytest.raises(ValueError, match=FOUR_PARTS):
        draw_confusion(matrix, names)
