"""The filters that a layer has learnt (book, chapter 6)."""

import math
from typing import TYPE_CHECKING

import numpy as np

from network3.layers import ConvPoolLayer
from network3.layers.checks import error_message, integer

from .grid import images_grid, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 100  # of a fully connected layer


def draw_filters(net, layer, columns=None, figure=None) -> "Figure":
    """Draw the filters of a layer: dark where a weight is large, light where it is far below 0.

    Parameters
    ----------
    net : Network
    layer : int, >= 0
        Which, counted from 0: a ConvPoolLayer, of whose filters the part for the first input map is shown, as in the
        book; or a first layer that sees square images whole, whose neurons' weights are shown.
    columns : int, optional
    figure : matplotlib Figure, optional
        A new one, if left out.

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
    figure.suptitle(f"layer {layer}: {what}", fontsize=9)
    return figure


def plot_filters(net, layer, x, y):
    """Draw the filters of a layer in `x` columns and `y` rows, as the book's program does, and return ``pyplot``.

    Parameters
    ----------
    net : Network
    layer : int, >= 0
        As in `draw_filters`.
    x, y : int, >= 1
        x y filters are shown, the first ones.

    Returns
    -------
    module matplotlib.pyplot
        Whose current figure has the picture: ``plot_filters(...).savefig(filename)``.

    Raises
    ------
    ValueError
        As `draw_filters`, or more places than filters.

    Notes
    -----
    Source: book, chapter 6, ``conv.plot_filters``; each filter has a scale of its own, as there.
    """
    x, y = integer("plot_filters: x", x), integer("plot_filters: y", y)
    images = filter_images(net, layer)
    if x * y > len(images):
        hint = f"Write e.g. x={min(x, len(images))}, y={max(1, len(images) // x)}."
        raise ValueError(
            error_message(
                "plot_filters", f"expected at most the {len(images)} filters of layer {layer}", f"{x} x {y}", hint
            )
        )
    import matplotlib.pyplot as plt

    images_grid(plt.figure(layout="constrained"), images[: x * y], x)
    return plt


def filter_images(net, layer) -> np.ndarray:
    """Return the filters of a layer as images, float array of shape (filters, height, width)."""
    who = "filters"
    if isinstance(layer, bool) or not isinstance(layer, int | np.integer) or not 0 <= layer < len(net.layers):
        count = len(net.layers)
        hint = "Layers are counted from 0."
        raise ValueError(
            error_message(who, f"expected one of the network's layers, 0 to {count - 1}", repr(layer), hint)
        )
    chosen = net.layers[layer]
    weights = np.asarray(chosen.w.get_value()) if hasattr(chosen, "w") else np.empty(0)
    if weights.ndim == 4:
        return weights[:, 0]
    if layer == 0 and weights.ndim == 2:
        side = math.isqrt(len(weights))
        if side**2 == len(weights):
            return weights.T.reshape(-1, side, side)
    expected = "expected a ConvPoolLayer, or a first layer that sees square images"
    raise ValueError(error_message(who, expected, f"layer {layer}, {type(chosen).__name__}", "Choose another layer."))
