"""Learning curves of several repeats of a training, with what the book shows of its own."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from network3.layers.checks import error_message

from .grid import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# As `draw_learning_curve` has them: a colour stands for the same data in both panels.
COLOURS = {"training": "C2", "validation": "C0", "test": "C1"}
ACCURACY, COST = "accuracy, per cent", "cost"


def draw_repeats(histories: Sequence, points: Mapping[str, Mapping[int, float]] | None = None) -> "Figure":
    """Draw the accuracies, and the costs over whole data sets where there are any, of repeats of one training.

    Where neither is known, the cost while training is drawn.

    Parameters
    ----------
    histories : sequence of History
        A thin line for each.
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
    names = [name for name in _names(histories) if any(_series(history, name) for history in histories)]
    panels = [[name for name in names if name.endswith(kind)] for kind in ("accuracy", "cost")]
    panels = [panel for panel in panels if panel] or [["training_cost"]]
    figure = new_figure(4.6 * len(panels), 3.1)
    for ax, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        for name in panel:
            _draw(ax, name, histories, points.get(name, {}))
        _dress(ax, ACCURACY if panel[0].endswith("accuracy") else COST)
    return figure


def _names(histories) -> list[str]:
    monitored = dict.fromkeys(name for history in histories for name in history.monitors)
    return list(dict.fromkeys(["validation_accuracy", *monitored]))


def _series(history, name: str) -> list[float]:
    if name == "validation_accuracy":
        return history.validation_accuracy
    return history.monitors.get(name, history.cost if name == "training_cost" else [])


def _draw(ax, name: str, histories, points) -> None:
    data, _, kind = name.partition("_")
    factor = 100 if kind == "accuracy" else 1
    for k, history in enumerate(histories):
        values = [factor * value for value in _series(history, name)]
        label = data if k == 0 else None
        ax.plot(range(len(values)), values, color=COLOURS[data], linewidth=0.9, alpha=0.8, label=label)
    if points:
        heights = [factor * value for value in points.values()]
        look = {"color": COLOURS[data], "s": 34, "linewidths": 1.6, "zorder": 3}
        ax.scatter(list(points), heights, marker="x", label=f"{data}, the book", **look)


def _dress(ax, ylabel: str) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.set(xlabel="epoch", ylabel=ylabel)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(fontsize=8, frameon=False)
