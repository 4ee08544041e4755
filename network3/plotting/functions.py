"""Curves over a common pair of axes: activation functions, costs, outputs along a training (book, chapters 1 to 5)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from network3.layers.checks import error_message

from .curves import legend_beside
from .style import in_plot_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@in_plot_style
def draw_functions(
    x: ArrayLike,
    curves: Mapping[str, ArrayLike],
    *,
    xlabel: str = "",
    ylabel: str = "",
    figure: "Figure | None" = None,
) -> "Figure":
    """Draw several functions of the same points.

    Parameters
    ----------
    x : array of shape (n,)
        The points, in the order in which they are connected.
    curves : dict of str to array of shape (n,)
        The values of each function, by the name that the legend shows.
    xlabel, ylabel : str, optional
    figure : matplotlib Figure, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        No curves, or one with another number of values than there are points.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.linspace(-4, 4, 101)
    >>> figure = draw_functions(z, {"sigmoid": 1 / (1 + np.exp(-z)), "tanh": np.tanh(z)}, xlabel="z")
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['sigmoid', 'tanh']
    """
    points = np.asarray(x)
    values = {name: np.asarray(heights) for name, heights in curves.items()}
    wrong = [f"{name} of shape {heights.shape}" for name, heights in values.items() if heights.shape != points.shape]
    if wrong or not values or points.ndim != 1:
        expected, hint = (
            f"expected one curve or more, of the shape {points.shape} of x",
            "Pass one value for each point.",
        )
        raise ValueError(error_message("draw_functions", expected, ", ".join(wrong) or "none", hint))
    figure = new_figure(5.4, 3.0) if figure is None else figure
    ax = figure.subplots()
    for name, heights in values.items():
        ax.plot(points, heights, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if len(values) > 1:
        legend_beside(ax, ax.lines)
    return figure
