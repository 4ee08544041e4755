"""The speed of learning of each layer along a training (book, chapter 5)."""

from typing import TYPE_CHECKING

import numpy as np

from .curves import label_epochs, legend_beside
from .recorded import RecordedNorms
from .style import in_plot_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEW_EPOCHS = 30  # below, each epoch has a marker


@in_plot_style
def draw_gradient_norms(recorded: RecordedNorms, figure: "Figure | None" = None) -> "Figure":
    r"""Draw the norm of each layer's gradient from epoch to epoch, on a logarithmic scale.

    Parameters
    ----------
    recorded : GradientNorms
        Before a training it has the norms at the start alone.
    figure : matplotlib Figure, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Figure

    Notes
    -----
    Source: book, chapter 5, whose figures of speeds of learning these are. A norm of 0 cannot be drawn on the
    logarithmic scale and leaves a gap.

    Examples
    --------
    >>> from network3 import FullyConnectedLayer, GradientNorms, Network, SoftmaxLayer
    >>> net = Network([FullyConnectedLayer(n_in=2, n_out=3), SoftmaxLayer(n_in=3, n_out=2)], 1)
    >>> figure = draw_gradient_norms(GradientNorms(net, ([[0, 1], [1, 0]], [1, 0])))
    >>> figure.axes[0].get_yscale()
    'log'
    """
    from matplotlib import colormaps

    figure = new_figure(6, 3.6) if figure is None else figure
    ax = figure.subplots()
    norms = np.where(recorded.norms > 0, recorded.norms, np.nan)
    shades = colormaps["viridis"](np.linspace(0.15, 0.85, norms.shape[1]))  # the first layers are the dark ones
    for layer, values, shade in zip(recorded.layers, norms.T, shades, strict=True):
        label = f"layer {layer}, {type(recorded.net.layers[layer]).__name__}"
        ax.plot(values, color=shade, marker="." if len(values) < FEW_EPOCHS else None, label=label)
    ax.set(yscale="log", ylabel=f"norm of the gradient of {recorded.of}")
    label_epochs(ax, "epochs of training")
    legend_beside(ax, ax.lines)
    return figure
