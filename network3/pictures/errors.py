"""The digits that a network takes for others (book, chapter 6)."""

import math

import numpy as np

from network3 import datasets
from network3.data import value_of
from network3.layers.checks import complaint

from .grid import images_grid, new_figure

ROWS, COLUMNS = 5, 8  # the book's figure


def draw_errors(images, labels, predictions=None, figure=None):
    """Draw images with the right label at the upper right and the network's at the lower right, as in the book.

    Parameters
    ----------
    images : array of shape (n, features), of square images
        uint8 or float. The first 40 are drawn.
    labels : integer array of shape (n,)
    predictions : integer array of shape (n,), optional
    figure : matplotlib Figure, optional
        A new one, if left out.

    Returns
    -------
    Figure
    """
    most = ROWS * COLUMNS
    rows = max(1, math.ceil(min(len(images), most) / COLUMNS))
    figure = new_figure(COLUMNS * 0.95, rows * 0.95 + 0.4) if figure is None else figure
    count = "none" if len(images) == 0 else str(len(images))
    shown = f", the first {most}" if len(images) > most else ""
    figure.suptitle(f"misclassified: {count}{shown}", fontsize=9)
    if len(images) == 0:
        return figure
    side = math.isqrt(np.shape(images)[1])
    axes = images_grid(figure, np.asarray(images)[:most].reshape(-1, side, side), COLUMNS, framed=False)
    for k, ax in enumerate(axes):
        for text, corner in ((labels, (0.98, 0.97, "top")), (predictions, (0.98, 0.03, "bottom"))):
            if text is not None:
                x, y, side_ = corner
                ax.text(x, y, str(text[k]), transform=ax.transAxes, ha="right", va=side_, fontsize=9)
    return figure


def plot_errors(error_locations, erroneous_predictions=None, *, test_data=None):
    """Draw the first 40 misclassified images, as the book's program does, and return ``pyplot``.

    Parameters
    ----------
    error_locations : sequence of int
        Rows of the test images, as `ensemble` returns them.
    erroneous_predictions : sequence of int, optional
        What they were taken for.
    test_data : pair (x, y), optional
        Shared variables or arrays; MNIST's test images if left out.

    Returns
    -------
    module matplotlib.pyplot
        Whose current figure has the picture: ``plot_errors(...).savefig(filename)``.

    Raises
    ------
    ValueError
        A location without an image, or another number of predictions.
    """
    images, labels = map(np.asarray, map(value_of, datasets.load_mnist()[2] if test_data is None else test_data))
    rows = np.asarray(error_locations, dtype=int).reshape(-1)
    if rows.size and not 0 <= rows.min() <= rows.max() < len(images):
        wanted = f"wanted locations from 0 to {len(images) - 1}"
        mend = "Pass what ensemble returned, and the test_data that it was given."
        raise ValueError(complaint("plot_errors", wanted, f"{rows.min()} to {rows.max()}", mend))
    if erroneous_predictions is not None and len(erroneous_predictions) != len(rows):
        wanted, got = f"wanted {len(rows)} predictions, one for each location", str(len(erroneous_predictions))
        raise ValueError(complaint("plot_errors", wanted, got, "Pass both as ensemble returned them."))
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(COLUMNS * 0.95, ROWS * 0.95), layout="constrained")
    draw_errors(images[rows], labels[rows], erroneous_predictions, figure)
    return plt
