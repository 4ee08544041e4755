"""Learning curves of several repeats of a training, with the points that the book publishes of its own."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from network3.layers.checks import error_message

from .curves import CURVES, LABELS, Curve, end_at_100, label_epochs
from .recorded import RecordedTraining
from .style import in_plot_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Panel: TypeAlias = dict[str, list[list[float]]]
"""The curves of one pair of axes: by name, the values of each repeat."""
Size: TypeAlias = tuple[float, float]


@in_plot_style
def draw_repeats(
    histories: Sequence[RecordedTraining], points: Mapping[str, Mapping[int, float]] | None = None
) -> "Figure":
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

    Examples
    --------
    >>> from network3 import History
    >>> repeats = [History(cost=[2.3, 0.4], validation_accuracy=[0.9, 0.95]) for _ in range(3)]
    >>> len(draw_repeats(repeats, {"validation_accuracy": {1: 0.96}}).axes[0].lines)
    3
    """
    panels = _panels(histories)
    figure = new_figure(4.6 * len(panels), 3.1)
    for ax, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        _draw_panel(ax, panel, points or {})
    return figure


@in_plot_style
def draw_repeats_apart(
    histories: Sequence[RecordedTraining],
    points: Mapping[str, Mapping[int, float]] | None = None,
    size: Size = (3.7, 2.5),
) -> "list[Figure]":
    """Draw each panel of `draw_repeats` as a figure of its own, `size` inches wide and high: accuracies, then costs."""
    figures = []
    for panel in _panels(histories):
        figure = new_figure(*size)
        _draw_panel(figure.subplots(), panel, points or {})
        figures.append(figure)
    return figures


def _panels(histories: Sequence[RecordedTraining]) -> list[Panel]:
    """Return the curves of accuracies and those of costs, those that there are, each by name with all repeats."""
    histories = [history for history in histories if history.epochs]
    if not histories:
        who, hint = "draw_repeats", "Train the network first."
        raise ValueError(error_message(who, "expected a history of 1 epoch or more", "none", hint))
    curves = {name: [_values(history, name) for history in histories] for name in CURVES}
    curves = {name: repeats for name, repeats in curves.items() if any(repeats)}
    curves = curves or {"training_cost": [history.cost for history in histories]}
    panels = [{name: curves[name] for name in curves if CURVES[name].unit == unit} for unit in LABELS]
    return [panel for panel in panels if panel]


def _draw_panel(ax: "Axes", panel: Panel, points: Mapping[str, Mapping[int, float]]) -> None:
    for name, repeats in panel.items():
        _draw_curve(ax, CURVES[name], repeats, points.get(name, {}))
    unit = CURVES[next(iter(panel))].unit
    if unit == "accuracy":
        end_at_100(ax)
    ax.set_ylabel(LABELS[unit])
    label_epochs(ax)
    ax.legend()


def _values(history: RecordedTraining, name: str) -> list[float]:
    own = {"validation_accuracy": history.validation_accuracy, "validation_cost": history.validation_cost}
    return own.get(name) or history.monitors.get(name, [])


def _draw_curve(ax: "Axes", curve: Curve, repeats: Sequence[list[float]], points: Mapping[int, float]) -> None:
    """Draw a line for each of `repeats`, and a cross for each of `points`."""
    for k, values in enumerate(repeats):
        heights = [curve.factor * value for value in values]
        ax.plot(heights, color=curve.color, linewidth=0.9, alpha=0.8, label=curve.data if k == 0 else None)
    if points:
        heights = [curve.factor * value for value in points.values()]
        label = f"{curve.data}, the book"
        ax.scatter(list(points), heights, s=34, marker="x", linewidths=1.6, color=curve.color, zorder=3, label=label)
