"""The filters that a layer has learned (book, chapter 6)."""

import math
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from network3.graph import NetworkLike
from network3.layers import ConvPoolLayer
from network3.layers.checks import error_message, integer

from .grid import images_grid
from .style import in_plot_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 100  # filters of a fully connected layer


@in_plot_style
def draw_filters(net: NetworkLike, layer: int, columns: int | None = None, figure: "Figure | None" = None) -> "Figure":
    """Draw the filters of a layer: dark where a weight is large, light where it is far below 0.

    Parameters
    ----------
    net : Network
    layer : int, >= 0
        Which layer, counted from 0: a ConvPoolLayer, of whose filters the part for the first input map is drawn, as
        in the book; or a first layer that is connected to all pixels of square images, whose neurons' weights are
        drawn.
    columns : int, optional
    figure : matplotlib Figure, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        No such layer, or one without such filters.

    Notes
    -----
    Source: book, chapter 6. All filters share one scale, a middle grey for 0.

    Examples
    --------
    >>> from network3 import ConvPoolLayer
    >>> from network3 import Network, SoftmaxLayer
    >>> layers = [ConvPoolLayer((3, 1, 5, 5), (10, 1, 28, 28)), SoftmaxLayer(n_in=3 * 12 * 12, n_out=10)]
    >>> draw_filters(Network(layers, 10), 0).get_suptitle()
    'layer 0: 3 filters of 5 x 5'
    """
    images = filter_images(net, layer)
    shown = images[:MOST]
    columns = math.ceil(math.sqrt(1.25 * len(shown))) if columns is None else integer("draw_filters: columns", columns)
    rows = math.ceil(len(shown) / columns)
    figure = new_figure(0.75 * columns + 0.3, 0.75 * rows + 0.6) if figure is None else figure
    limit = float(np.abs(shown).max()) or 1.0
    images_grid(figure, shown, columns, vmin=-limit, vmax=limit)
    height, width = images.shape[1:]
    what = f"{len(images)} filters of {height} x {width}"
    if len(images) > MOST:
        what = f"the first {MOST} of {what}"
    elif isinstance(net.layers[layer], ConvPoolLayer) and net.layers[layer].filter_shape[1] > 1:
        what += ", for the first input map"
    figure.suptitle(f"layer {layer}: {what}")
    return figure


@in_plot_style
def plot_filters(net: NetworkLike, layer: int, x: int, y: int) -> ModuleType:
    """Draw the filters of a layer in `x` columns and `y` rows, as the book's program does, and return ``pyplot``.

    Parameters
    ----------
    net : Network
    layer : int, >= 0
        As in `draw_filters`.
    x, y : int, >= 1
        The first x y filters are drawn.

    Returns
    -------
    module matplotlib.pyplot
        Its current figure is the plot: ``plot_filters(...).savefig(filename)``.

    Raises
    ------
    ValueError
        As `draw_filters`, or more than the layer's filters.

    Notes
    -----
    Source: book, chapter 6, ``conv.plot_filters``; each filter has a scale of its own, as there.

    Examples
    --------
    >>> from network3 import ConvPoolLayer
    >>> from network3 import Network, SoftmaxLayer
    >>> layers = [ConvPoolLayer((3, 1, 5, 5), (10, 1, 28, 28)), SoftmaxLayer(n_in=3 * 12 * 12, n_out=10)]
    >>> plt = plot_filters(Network(layers, 10), 0, 3, 1)
    >>> plt.gcf().savefig("filters.png")
    >>> plt.close()
    """
    x, y = integer("plot_filters: x", x), integer("plot_filters: y", y)
    images = filter_images(net, layer)
    if x * y > len(images):
        expected = f"expected at most the {len(images)} filters of layer {layer}"
        hint = f"Write e.g. x={min(x, len(images))}, y={max(1, len(images) // x)}."
        raise ValueError(error_message("plot_filters", expected, f"{x} x {y}", hint))
    import matplotlib.pyplot as plt

    images_grid(plt.figure(), images[: x * y], x)
    return plt


def filter_images(net: NetworkLike, layer: int) -> np.ndarray:
    """Return the filters of a layer as images, float array of shape (filters, height, width)."""
    who = "filters"
    if isinstance(layer, bool) or not isinstance(layer, int | np.integer) or not 0 <= layer < len(net.layers):
        expected = f"expected one of the network's layers, 0 to {len(net.layers) - 1}"
        raise ValueError(error_message(who, expected, repr(layer), "Layers are counted from 0."))
    chosen = net.layers[layer]
    weights = np.asarray(chosen.w.get_value()) if hasattr(chosen, "w") else np.empty(0)
    if weights.ndim == 4:
        return weights[:, 0]
    if layer == 0 and weights.ndim == 2:
        side = math.isqrt(len(weights))
        if side**2 == len(weights):
            return weights.T.reshape(-1, side, side)
    expected = "expected a ConvPoolLayer, or a first layer that is connected to square images"
    raise ValueError(error_message(who, expected, f"layer {layer}, {type(chosen).__name__}", "Choose another layer."))
