"""Small images side by side, without axes: how filters, feature maps and digits are drawn."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def images_grid(
    figure: "Figure",
    images: Sequence[np.ndarray] | np.ndarray,
    columns: int | None = None,
    titles: Sequence[str] | None = None,
    *,
    framed: bool = True,
    **options: Any,
) -> "list[Axes]":
    """Draw `images` row by row into `figure` and return their axes.

    Parameters
    ----------
    figure : matplotlib Figure
    images : sequence of arrays of shape (height, width)
    columns : int, optional
        By default about as many as rows.
    titles : sequence of str, optional
        One above each image.
    framed : bool, default True
        Draw a thin line around each image.
    options : keywords of ``Axes.imshow``
        The colour map and its limits.
    """
    columns = columns or math.ceil(math.sqrt(len(images) * 1.25))
    rows = math.ceil(len(images) / columns)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for k, ax in enumerate(axes):
        ax.set(xticks=[], yticks=[], frame_on=framed and k < len(images))
        ax.spines[:].set(visible=True, color="0.7", linewidth=0.6)
    for k, image in enumerate(images):
        axes[k].imshow(image, **options)
        if titles is not None:
            axes[k].set_title(titles[k])
    return list(axes[: len(images)])
