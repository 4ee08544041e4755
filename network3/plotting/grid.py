"""Small images side by side, without axes: how filters, feature maps and digits are shown."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "binary"  # Matplotlib's map from white to black: the book's


def images_grid(figure, images, columns=None, titles=None, *, framed=True, **look):
    """Draw `images` row by row into `figure` and return their axes.

    Parameters
    ----------
    figure : matplotlib Figure
    images : sequence of arrays of shape (height, width)
    columns : int, optional
        About as many as rows, if left out.
    titles : sequence of str, optional
        One above each.
    framed : bool, default True
        Draw a thin line around each.
    look : keywords of ``Axes.imshow``
        The map of colours and its limits.
    """
    columns = columns or math.ceil(math.sqrt(len(images) * 1.25))
    rows = math.ceil(len(images) / columns)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for k, ax in enumerate(axes):
        ax.set(xticks=[], yticks=[], frame_on=framed and k < len(images))
        for spine in ax.spines.values():
            spine.set(color="0.7", linewidth=0.6)
    for k, image in enumerate(images):
        axes[k].imshow(image, **({"cmap": INK, "interpolation": "nearest"} | look))
        if titles is not None:
            axes[k].set_title(titles[k], fontsize=8, pad=3)
    return axes[: len(images)]


def new_figure(width: float, height: float) -> "Figure":
    """Return a Figure of that many inches that belongs to no window."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    return Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(rect=(0.01, 0.01, 0.98, 0.98)))
