"""The digits that a network misclassifies (book, chapter 6)."""

import math
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from network3.data import Values
from network3.datasets import load_mnist
from network3.datasets.arrays import to_array
from network3.images import value_of
from network3.layers.checks import error_message, integer

from .grid import images_grid
from .style import in_plot_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS, COLUMNS = 5, 8  # the book's figure
MARGIN = 0.28  # room for the labels beside a digit, as a share of its width


@in_plot_style
def draw_errors(
    images: Values,
    labels: Values,
    predictions: Values,
    figure: "Figure | None" = None,
    most: int = ROWS * COLUMNS,
) -> "Figure":
    """Draw misclassified images, with the right label at the upper right and the network's at the lower right.

    Parameters
    ----------
    images : array of shape (n, features), of square images, or (n, rows, columns)
        uint8 or float, also with axes of length 1. Those whose prediction is right are left out.
    labels, predictions : integer arrays of shape (n,)
    figure : matplotlib Figure, optional
        Where to draw; a new figure by default.
    most : int, >= 1, default 40
        How many are drawn at most, the first ones, 8 in a row.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        Arrays of different lengths, flat images that are not square, or images of several maps.

    Notes
    -----
    Source: book, chapter 6, figure of the misclassified digits.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.random.default_rng(0).random((3, 784))
    >>> draw_errors(images, [0, 1, 2], [0, 1, 7]).get_suptitle()
    'misclassified: 1 (above: label, below: network)'
    """
    who = "draw_errors"
    given = {"images": images, "labels": labels, "predictions": predictions}
    x, y, guesses = (to_array(who, what, value_of(array)) for what, array in given.items())
    most = integer(f"{who}: most", most)
    lengths = tuple(len(np.atleast_1d(array)) for array in (x, y, guesses))
    if len(set(lengths)) > 1 or (y.ndim, guesses.ndim) != (1, 1):
        expected = "expected as many labels and predictions as images"
        got = f"{lengths[1]} labels and {lengths[2]} predictions for {lengths[0]} images"
        got += "" if len(set(lengths)) > 1 else f", of shapes {y.shape} and {guesses.shape}"
        raise ValueError(error_message(who, expected, got, "Pass the rows of the same examples in all three."))
    squares = _squares(who, x)
    wrong = guesses != y
    figure = new_figure(*_size(min(wrong.sum(), most))) if figure is None else figure
    _draw(figure, squares[wrong], y[wrong], guesses[wrong], most)
    return figure


@in_plot_style
def plot_errors(
    error_locations: Sequence[int] | np.ndarray,
    erroneous_predictions: Sequence[int] | np.ndarray | None = None,
    *,
    test_data: tuple[Values, Values] | None = None,
) -> ModuleType:
    """Draw the first 40 misclassified images, as the book's program does, and return ``pyplot``.

    Parameters
    ----------
    error_locations : sequence of int
        Rows of the test images, as `ensemble` returns them.
    erroneous_predictions : sequence of int, optional
        The network's label of each.
    test_data : pair (x, y), default MNIST's test images
        Shared variables or arrays.

    Returns
    -------
    module matplotlib.pyplot
        Its current figure is the plot: ``plot_errors(...).savefig(filename)``.

    Raises
    ------
    ValueError
        A location without an image or that is not a whole number, another number of predictions, or images that are
        not square.

    Notes
    -----
    Source: book, chapter 6, ``conv.plot_errors``; the original supports MNIST alone.

    Examples
    --------
    >>> plt = plot_errors([8, 247], [6, 2])  # rows of MNIST's test images
    >>> plt.gcf().savefig("errors.png")
    >>> plt.close()
    """
    who = "plot_errors"
    images, labels = _pair(who, load_mnist()[2] if test_data is None else test_data)
    rows = _checked_rows(who, error_locations, len(images))
    if erroneous_predictions is not None and len(erroneous_predictions) != len(rows):
        expected, got = f"expected {len(rows)} predictions, one for each location", str(len(erroneous_predictions))
        raise ValueError(error_message(who, expected, got, "Pass both as ensemble returned them."))
    squares = _squares(who, images)
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=_size(min(len(rows), ROWS * COLUMNS)))
    _draw(figure, squares[rows], labels[rows], erroneous_predictions, ROWS * COLUMNS)
    return plt


def _checked_rows(who: str, locations: Sequence[int] | np.ndarray, count: int) -> np.ndarray:
    """Return `locations` as an integer array, each from 0 to below `count`."""
    rows = np.asarray(locations).reshape(-1)
    if rows.size and rows.dtype.kind not in "iu":
        expected = "expected locations that are whole numbers"
        hint = "Pass rows; numpy.flatnonzero returns those of a mask."
        raise ValueError(error_message(who, expected, f"an array of {rows.dtype}", hint))
    if rows.size and not 0 <= rows.min() <= rows.max() < count:
        expected = f"expected locations from 0 to {count - 1}"
        hint = "Pass what ensemble returned, and the same test_data."
        raise ValueError(error_message(who, expected, f"{rows.min()} to {rows.max()}", hint))
    return rows.astype(int)


def _pair(who: str, data: Any) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(data, tuple | list) or len(data) != 2:
        got = f"{type(data).__name__} of {len(data)}" if isinstance(data, tuple | list) else type(data).__name__
        hint = "Pass e.g. the last of what load_data_shared() returns."
        raise ValueError(error_message(who, "test_data must be a pair (images, labels)", got, hint))
    return to_array(who, "images", value_of(data[0])), to_array(who, "labels", value_of(data[1]))


def _squares(who: str, images: np.ndarray) -> np.ndarray:
    """Return `images` in the shape (n, rows, columns): with these axes, or as squares if they are flat."""
    if len(images) == 0:
        return images.reshape(0, 1, 1)
    axes = [length for length in images.shape[1:] if length != 1]
    if len(axes) > 2:
        hint = "Choose a map: images[:, 0]; or pass the mean of the maps."
        raise ValueError(error_message(who, "expected images of one map", f"images of {images.shape[1:]}", hint))
    if len(axes) == 2:
        return images.reshape(-1, *axes)
    size = math.prod(axes)
    side = math.isqrt(size)
    if side**2 != size:
        hint = "Only square images, such as MNIST's 784 = 28 x 28, can be flat; pass (n, rows, columns)."
        raise ValueError(error_message(who, "images must have a square number of values", f"{size} for each", hint))
    return images.reshape(-1, side, side)


def _size(count: int) -> tuple[float, float]:
    """Return the width and height in inches of a figure with `count` digits."""
    rows = max(1, math.ceil(count / COLUMNS))
    return COLUMNS * 0.95, rows * 0.85 + 0.45


def _draw(
    figure: "Figure",
    squares: np.ndarray,
    labels: np.ndarray,
    predictions: Sequence[int] | np.ndarray | None,
    most: int,
) -> None:
    """Draw the first `most` of `squares` with their labels and, if given, the network's."""
    count = "none" if len(squares) == 0 else str(len(squares))
    shown = f", the first {most}" if len(squares) > most else ""
    legend = "" if len(squares) == 0 else " (above: label" + ("" if predictions is None else ", below: network") + ")"
    figure.suptitle(f"misclassified: {count}{shown}{legend}")
    if len(squares) == 0:
        return
    width = squares.shape[2]
    for k, ax in enumerate(images_grid(figure, squares[:most], COLUMNS, framed=False)):
        ax.set_xlim(-0.5, (1 + MARGIN) * width - 0.5)  # the labels are beside the digit, not on it
        for values, height, align, color in ((labels, 0.97, "top", "black"), (predictions, 0.03, "bottom", "C3")):
            if values is not None:
                text = str(values[k])
                ax.text(0.99, height, text, transform=ax.transAxes, ha="right", va=align, color=color, fontsize=10)
