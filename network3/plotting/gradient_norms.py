"""The speed of learning of each layer along a training (book, chapter 5)."""

from typing import TYPE_CHECKING

import numpy as np

from .grid import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_gradient_norms(recorded, figure=None) -> "Figure":
    r"""Draw the norm of each layer's gradient from epoch to epoch, on a logarithmic scale.

    Parameters
    ----------
    recorded : GradientNorms
        As the training left it; of none, only the start is drawn.
    figure : matplotlib Figure, optional
        A new one, if left out.

    Returns
    -------
    Figure

    Notes
    -----
    Source: book, chapter 5, whose figures of speeds of learning these are. A layer that does not learn at all, norm 0,
    has no place on the scale.
    """
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(6, 3.6) if figure is None else figure
    ax = figure.subplots()
    norms = np.where(recorded.norms > 0, recorded.norms, np.nan)
    count = norms.shape[1]
    for k in range(count):
        shade = 0.15 + 0.7 * k / max(1, count - 1)  # the first layers are the dark ones
        kind = type(recorded.net.layers[recorded.layers[k]]).__name__
        marker = "." if len(norms) < 30 else None
        label = f"layer {recorded.layers[k]}, {kind}"
        ax.plot(norms[:, k], color=_map()(shade), marker=marker, linewidth=1.3, label=label)
    ax.set(yscale="log", xlabel="epochs of training", ylabel=f"norm of the gradient of {recorded.of}")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def _map():
    from matplotlib import colormaps

    return colormaps["viridis"]
