"""The course of a training: cost and accuracy after each epoch."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from network3.layers.checks import error_message
from network3.training.history import History

from .curves import COLORS, LABELS, label_epochs, legend_beside
from .style import in_plot_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The label and the colour of each curve.
COSTS = {
    "cost": ("while training", "C4"),
    "training_cost": ("training data", COLORS["training"]),
    "validation_cost": ("validation", COLORS["validation"]),
}
ACCURACIES = {
    "validation_accuracy": ("validation", COLORS["validation"]),
    "test_accuracy": ("test, at new best", COLORS["test"]),
    "training_accuracy": ("training data", COLORS["training"]),
}


@in_plot_style
def draw_learning_curve(history: History, published: float | None = None, figure: "Figure | None" = None) -> "Figure":
    """Draw the costs and the accuracies of `history`, epoch by epoch, and mark the best epoch.

    Parameters
    ----------
    history : History
        Of at least one epoch. The accuracies have a panel of their own, if there are any.
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
    """
    _check(history, published)
    values: dict[str, Sequence[float | None]] = {
        **history.monitors,
        "cost": history.cost,
        "validation_accuracy": history.validation_accuracy,
        "test_accuracy": history.test_accuracy,
    }
    has_accuracies = any(value is not None for name in ACCURACIES for value in values.get(name, ()))
    figure = new_figure(10 if has_accuracies else 5.5, 3.6) if figure is None else figure
    left, *right = figure.subplots(1, 2 if has_accuracies else 1, squeeze=False)[0]
    _draw_curves(left, COSTS, values, history.epochs)
    left.set(ylabel=LABELS["cost"], ylim=(0, 1.06 * max(left.dataLim.y1, 1e-9)))
    _add_legend(left)
    for ax in right:
        _draw_curves(ax, ACCURACIES, values, history.epochs, factor=100)
        ax.set_ylabel(LABELS["accuracy"])
        if published is not None:
            ax.axhline(100 * published, color="0.4", linestyle="--", linewidth=1, label=f"book {100 * published:.2f}")
        if history.best_epoch is not None and history.best_validation_accuracy is not None:
            _mark_best(ax, history.best_epoch, 100 * history.best_validation_accuracy)
        _add_legend(ax)
    return figure


def _check(history: History, published: float | None) -> None:
    who = "draw_learning_curve"
    if not history.epochs:
        expected, hint = "expected a history of 1 epoch or more", "Train the network first."
        raise ValueError(error_message(who, expected, "none", hint))
    if published is not None and not 0 <= published <= 1:
        hint = "Divide per cent by 100."
        raise ValueError(error_message(who, "published must be a share from 0 to 1", repr(published), hint))


def _draw_curves(
    ax: "Axes",
    curves: Mapping[str, tuple[str, str]],
    values: Mapping[str, Sequence[float | None]],
    epochs: int,
    factor: int = 1,
) -> None:
    """Draw those of `curves` that have `values`; epochs without a value are left out."""
    for name, (label, color) in curves.items():
        points = [(epoch, factor * value) for epoch, value in enumerate(values.get(name, ())) if value is not None]
        if points:
            ax.plot(*zip(*points, strict=True), marker=".", color=color, label=label)
    margin = 0.04 * (epochs - 1) or 0.5  # a single epoch is drawn in the middle
    ax.set_xlim(-margin, epochs - 1 + margin)
    label_epochs(ax)


def _mark_best(ax: "Axes", epoch: int, accuracy: float) -> None:
    """Draw a ring around the best epoch, and a dotted line down to its number."""
    ax.axvline(epoch, color="0.6", linestyle=":", linewidth=1)
    label = f"best: epoch {epoch}, {accuracy:.2f}"
    ax.plot(epoch, accuracy, "o", markersize=9, fillstyle="none", color=COLORS["validation"], label=label)


def _add_legend(ax: "Axes") -> None:
    """Add a legend in the order of the curves' last points, from the top down."""
    labelled = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
    lines = sorted(labelled, key=lambda line: np.asarray(line.get_ydata())[-1], reverse=True)
    legend_beside(ax, lines)
