"""Learning curves of several repeats of a training, with the points that the book publishes of its own."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from network3.layers.checks import error_message
from network3.training.history import History

from .curves import CURVES, LABELS, Curve, label_epochs
from .style import in_plot_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@in_plot_style
def draw_repeats(histories: Sequence[History], points: Mapping[str, Mapping[int, float]] | None = None) -> "Figure":
    """Draw the accuracies of repeats of one training, and the costs over whole data sets if there are any.

    If neither was recorded, the cost while training is drawn.

    Parameters
    ----------
    histories : sequence of History
        Each is a thin line.
    points : dict of str to dict of int to float, optional
        The book's: a name such as "test_accuracy", epochs, values. They are crosses.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        No history with an epoch.
    """
    histories = [history for history in histories if history.epochs]
    if not histories:
        who, hint = "draw_repeats", "Train the network first."
        raise ValueError(error_message(who, "expected a history of 1 epoch or more", "none", hint))
    points = {} if points is None else points
    curves = {name: [_values(history, name) for history in histories] for name in CURVES}
    curves = {name: repeats for name, repeats in curves.items() if any(repeats)}
    curves = curves or {"training_cost": [history.cost for history in histories]}
    panels = [[name for name in curves if CURVES[name].unit == unit] for unit in LABELS]
    panels = [panel for panel in panels if panel]
    figure = new_figure(4.6 * len(panels), 3.1)
    for ax, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        for name in panel:
            _draw_curve(ax, CURVES[name], curves[name], points.get(name, {}))
        ax.set_ylabel(LABELS[CURVES[panel[0]].unit])
        label_epochs(ax)
        ax.legend()
    return figure


def _values(history: History, name: str) -> list[float]:
    return history.validation_accuracy if name == "validation_accuracy" else history.monitors.get(name, [])


def _draw_curve(ax: "Axes", curve: Curve, repeats: Sequence[list[float]], points: Mapping[int, float]) -> None:
    """Draw a line for each of `repeats`, and a cross for each of `points`."""
    for k, values in enumerate(repeats):
        heights = [curve.factor * value for value in values]
        ax.plot(heights, color=curve.color, linewidth=0.9, alpha=0.8, label=curve.data if k == 0 else None)
    if points:
        heights = [curve.factor * value for value in points.values()]
        label = f"{curve.data}, the book"
        ax.scatter(list(points), heights, s=34, marker="x", linewidths=1.6, color=curve.color, zorder=3, label=label)
