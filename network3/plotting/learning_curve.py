"""The course of a training: cost and accuracy after each epoch."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from network3.layers.checks import error_message

from .curves import COLORS, LABELS, end_at_100, label_epochs, legend_beside
from .recorded import RecordedTraining
from .style import in_plot_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEGEND = {"training": "training data", "validation": "validation", "test": "test"}


class Points(NamedTuple):
    """A curve: its label, its colour, its values by epoch, and its line style."""

    label: str
    color: str
    values: Sequence[float | None]
    style: str = "-"


@in_plot_style
def draw_learning_curve(
    history: RecordedTraining, published: float | None = None, figure: "Figure | None" = None
) -> "Figure":
    """Draw the costs and the accuracies of `history`, monitored ones included, and mark the best epoch.

    Parameters
    ----------
    history : History
        Of at least one epoch. The accuracies have a panel of their own, if there are any. A monitored cost that is
        also recorded without its regularization, as `validation_cost`, is dashed.
    published : float in [0, 1], optional
        The book's test accuracy, drawn as a dashed line.
    figure : matplotlib Figure, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        A history without an epoch, or a published accuracy outside [0, 1].

    Notes
    -----
    Source: book, chapter 3, whose curves of cost and accuracy these are.

    Examples
    --------
    >>> from network3 import History
    >>> figure = draw_learning_curve(History(cost=[2.3, 0.4], validation_accuracy=[0.9, 0.95]))
    >>> [ax.get_ylabel() for ax in figure.axes]
    ['cost', 'accuracy, per cent']
    """
    _check(history, published)
    accuracies = list(_curves(history, "accuracy"))
    figure = new_figure(10 if accuracies else 5.5, 3.6) if figure is None else figure
    left, *right = figure.subplots(1, 2 if accuracies else 1, squeeze=False)[0]
    _draw_curves(left, [Points("while training", "C4", history.cost), *_curves(history, "cost")], history.epochs)
    left.set(ylabel=LABELS["cost"], ylim=(0, 1.06 * max(left.dataLim.y1, 1e-9)))
    if history.best_epoch is not None and history.best_validation_cost is not None:
        _mark_best(left, history.best_epoch, history.best_validation_cost, ".4g")
    _add_legend(left)
    for ax in right:
        _draw_curves(ax, accuracies, history.epochs, factor=100)
        ax.set_ylabel(LABELS["accuracy"])
        if published is not None:
            ax.axhline(100 * published, color="0.4", linestyle="--", linewidth=1, label=f"book {100 * published:.2f}")
        if history.best_epoch is not None and history.best_validation_accuracy is not None:
            _mark_best(ax, history.best_epoch, 100 * history.best_validation_accuracy, ".2f")
        end_at_100(ax)
        _add_legend(ax)
    return figure


def _check(history: RecordedTraining, published: float | None) -> None:
    who = "draw_learning_curve"
    if not history.epochs:
        expected, hint = "expected a history of 1 epoch or more", "Train the network first."
        raise ValueError(error_message(who, expected, "none", hint))
    if published is not None and not 0 <= published <= 1:
        hint = "Divide per cent by 100."
        raise ValueError(error_message(who, "published must be a share from 0 to 1", repr(published), hint))


def _curves(history: RecordedTraining, unit: str) -> Iterator[Points]:
    """Yield the curves of "accuracy" or "cost": those that were monitored, and those of the record itself."""
    when = "at the end" if history.best_epoch is None else "at new best"
    for data, label in LEGEND.items():
        own: list[float | None] = getattr(history, f"{data}_{unit}", [])
        monitored = history.monitors.get(f"{data}_{unit}", [])
        pairs = zip(own, monitored, strict=False)
        equal = all(value is None or math.isclose(value, other, rel_tol=1e-6) for value, other in pairs)
        if monitored:  # complete, where that of the record may be of the best epochs only
            plain = equal or not own
            yield Points(label if plain else f"{label}, regularized", COLORS[data], monitored, "-" if plain else "--")
        if not (monitored and equal) and any(value is not None for value in own):
            yield Points(f"{label}, {when}" if data == "test" else label, COLORS[data], own)


def _draw_curves(ax: "Axes", curves: Iterable[Points], epochs: int, factor: int = 1) -> None:
    """Draw `curves`; epochs without a finite value are left out."""
    for label, color, values, style in curves:
        found = [(epoch, factor * value) for epoch, value in enumerate(values) if value is not None]
        points = [(epoch, value) for epoch, value in found if np.isfinite(value)]
        if points:
            ax.plot(*zip(*points, strict=True), style, marker=".", color=color, label=label)
    margin = 0.04 * (epochs - 1) or 0.5  # a single epoch is drawn in the middle
    ax.set_xlim(-margin, epochs - 1 + margin)
    label_epochs(ax)


def _mark_best(ax: "Axes", epoch: int, value: float, form: str) -> None:
    """Draw a ring around the best epoch, and a dotted line down to its number."""
    ax.axvline(epoch, color="0.6", linestyle=":", linewidth=1)
    label = f"best: epoch {epoch}, {value:{form}}"
    ax.plot(epoch, value, "o", markersize=9, fillstyle="none", color=COLORS["validation"], label=label)


def _add_legend(ax: "Axes") -> None:
    """Add a legend in the order of the curves' last points, from the top down."""
    labelled = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
    lines = sorted(labelled, key=lambda line: np.asarray(line.get_ydata())[-1], reverse=True)
    legend_beside(ax, lines)
