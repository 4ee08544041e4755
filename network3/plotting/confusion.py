"""A confusion matrix: which classes are classified as which others."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from network3.layers.checks import error_message

from .style import in_plot_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_NUMBERS = 20  # classes, of which each cell has its number


@in_plot_style
def draw_confusion(
    matrix: ArrayLike, class_names: Sequence[str] | None = None, figure: "Figure | None" = None
) -> "Figure":
    """Draw a confusion matrix: a row for each label, a column for each prediction.

    The shade of a cell is its share of the row, on a scale that ends at the largest share beside the diagonal; the
    diagonal has the accuracy of the class, in per cent.

    Parameters
    ----------
    matrix : array of shape (classes, classes)
        Counts, see `network3.confusion_matrix`.
    class_names : sequence of str, optional
        By default the numbers of the classes.
    figure : matplotlib Figure, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        No square matrix, or another number of names.

    Examples
    --------
    >>> figure = draw_confusion([[3, 1], [0, 2]], ["circle", "cross"])
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['circle', 'cross']
    """
    counts = np.asarray(matrix)
    size = len(counts) if counts.ndim else 0
    if counts.shape != (size, size) or not size:
        hint = "Pass what confusion_matrix returns."
        raise ValueError(error_message("draw_confusion", "expected a square matrix", f"shape {counts.shape}", hint))
    names = [str(k) for k in range(size)] if class_names is None else list(class_names)
    if len(names) != size:
        expected, hint = f"expected {size} class_names, one for each row", "Pass those of the data set."
        raise ValueError(error_message("draw_confusion", expected, str(len(names)), hint))
    longest = max(map(len, names))
    side = min(2.2 + 0.36 * size, 10)
    figure = new_figure(side + 0.07 * longest, side + 0.07 * longest) if figure is None else figure
    ax = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    wrong = np.where(np.eye(size, dtype=bool), 0, shares)
    ax.imshow(wrong, cmap="Reds", vmin=0, vmax=max(wrong.max(), 1e-9))
    if size <= MOST_NUMBERS:
        for j, k in zip(*np.nonzero(counts), strict=True):
            text = f"{100 * shares[j, k]:.3g}" if j == k else str(counts[j, k])
            dark = wrong[j, k] > 0.6 * wrong.max()
            color = "C0" if j == k else "white" if dark else "black"
            ax.text(k, j, text, ha="center", va="center", fontsize=7, color=color)
    ax.set_xticks(range(size), names, rotation=90 if longest > 2 else 0, fontsize=8)
    ax.set_yticks(range(size), names, fontsize=8)
    ax.set(xlabel="network", ylabel="label")
    ax.grid(visible=False)
    return figure
