"""Images of a data set side by side (book, chapter 1)."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from network3.data import Values
from network3.datasets.arrays import to_array
from network3.images import value_of
from network3.layers.checks import error_message

from .grid import images_grid
from .style import in_plot_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@in_plot_style
def draw_images(
    images: Values,
    titles: Sequence[object] | None = None,
    columns: int | None = None,
    figure: "Figure | None" = None,
) -> "Figure":
    """Draw images row by row: dark where a value is large.

    Parameters
    ----------
    images : array of shape (n, features), of square images, or (n, rows, columns)
    titles : sequence of n, optional
        Written above the images: labels, for example.
    columns : int, optional
        By default about as many as rows.
    figure : matplotlib Figure, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        No images, flat ones that are not square, or another number of titles.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.random.default_rng(0).random((6, 784))
    >>> len(draw_images(images, titles=range(6), columns=3).axes)
    6
    """
    pixels = to_array("draw_images", "images", value_of(images))
    side = math.isqrt(pixels.shape[1]) if pixels.ndim == 2 else 0
    if pixels.ndim == 2 and side**2 == pixels.shape[1]:
        pixels = pixels.reshape(-1, side, side)
    if pixels.ndim != 3 or not len(pixels):
        expected, hint = "expected images of shape (n, rows, columns), or flat square ones", "Choose one map of each."
        raise ValueError(error_message("draw_images", expected, f"shape {pixels.shape}", hint))
    if titles is not None and len(titles) != len(pixels):
        expected, hint = f"expected {len(pixels)} titles, one for each image", "Pass the labels of the same images."
        raise ValueError(error_message("draw_images", expected, str(len(titles)), hint))
    columns = columns or math.ceil(math.sqrt(1.25 * len(pixels)))
    rows = math.ceil(len(pixels) / columns)
    height = 0.75 + (0 if titles is None else 0.2)
    figure = new_figure(0.75 * columns + 0.2, height * rows + 0.2) if figure is None else figure
    images_grid(figure, list(pixels), columns, None if titles is None else [str(title) for title in titles])
    return figure
