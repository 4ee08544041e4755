"""The course of a training: cost and accuracy after each epoch."""

from itertools import pairwise
from typing import TYPE_CHECKING

from network3.layers.checks import error_message

from .grid import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# What each curve is called and its colour, which stands for the same data in both panels.
COSTS = {
    "cost": ("while training", "C4"),
    "training_cost": ("training data", "C2"),
    "validation_cost": ("validation", "C0"),
}
ACCURACIES = {
    "validation_accuracy": ("validation", "C0"),
    "test_accuracy": ("test, at new best", "C1"),
    "training_accuracy": ("training data", "C2"),
}
GAP = 0.07  # from one name to the next beside a panel, as a share of its height


def draw_learning_curve(history, published=None, figure=None) -> "Figure":
    """Draw the costs and the accuracies of `history`, epoch by epoch, and mark the best epoch.

    Parameters
    ----------
    history : History
        Of at least one epoch. The second panel is there if any accuracy is known.
    published : float in [0, 1], optional
        The book's test accuracy, as a dashed line among the accuracies.
    figure : matplotlib Figure, optional
        A new one, if left out.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        No epoch, or a published accuracy that is no share.

    Notes
    -----
    Source: book, chapter 3, whose curves of cost and accuracy these are.
    """
    who = "draw_learning_curve"
    if not history.epochs:
        raise ValueError(
            error_message(who, "expected a history of 1 epoch or more", "none", "Train the network first.")
        )
    if published is not None and not 0 <= published <= 1:
        hint = "Divide per cent by 100."
        raise ValueError(error_message(who, "published must be a share from 0 to 1", repr(published), hint))
    costs = _known(COSTS, {"cost": history.cost} | history.monitors, 1)
    own = {"validation_accuracy": history.validation_accuracy, "test_accuracy": history.test_accuracy}
    accuracies = _known(ACCURACIES, history.monitors | own, 100)
    figure = new_figure(10 if accuracies else 5.5, 3.6) if figure is None else figure
    left, *right = figure.subplots(1, 2 if accuracies else 1, squeeze=False)[0]
    _curves(left, costs, "cost", history.epochs)
    left.set_ylim(0, 1.06 * max(left.dataLim.y1, 1e-9))
    _name(left)
    for ax in right:
        _curves(ax, accuracies, "accuracy, per cent", history.epochs)
        if published is not None:
            ax.axhline(100 * published, color="0.4", linestyle="--", linewidth=1, label=f"book {100 * published:.2f}")
        _name(ax)  # before the best epoch, which is labelled above
        if history.best_epoch is not None:
            _mark_best(ax, history.best_epoch, 100 * history.best_validation_accuracy, history.epochs)
    return figure


def _known(names, series, factor):
    """Return (name, colour, epochs, values) of each of `series` that has values; epochs without are left out."""
    found = []
    for key, (name, colour) in names.items():
        points = [(epoch, factor * value) for epoch, value in enumerate(series.get(key, ())) if value is not None]
        if points:
            found.append((name, colour, *zip(*points, strict=True)))
    return found


def _curves(ax, curves, ylabel: str, epochs: int) -> None:
    """Draw `curves`, as `_known` returns them, over whole epochs."""
    from matplotlib.ticker import MaxNLocator

    for name, colour, known, values in curves:
        ax.plot(known, values, marker=".", markersize=5, color=colour, label=name, linewidth=1.4)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    beside = 0.04 * (epochs - 1) or 0.5
    ax.set(xlabel="epoch", ylabel=ylabel, xlim=(-beside, epochs - 1 + beside))
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)


def _name(ax) -> None:
    """Write the name of each line beside the panel, as near to its last point as the others allow."""
    bottom, top = ax.get_ylim()
    lines = sorted(ax.lines, key=lambda line: line.get_ydata()[-1])
    heights = [(line.get_ydata()[-1] - bottom) / (top - bottom) for line in lines]
    for k, height in enumerate(_apart(heights)):
        name, colour = lines[k].get_label(), lines[k].get_color()
        _beside(ax, name, (1, height), "axes fraction", (6, 0), ha="left", va="center", color=colour)


def _apart(heights: list[float]) -> list[float]:
    """Return sorted `heights` moved, as little as upwards or down again takes, until they are `GAP` apart below 1."""
    moved = list(heights)
    for k, _ in pairwise(range(len(moved))):
        moved[k + 1] = max(moved[k + 1], moved[k] + GAP)
    ceiling = 1.0
    for k in reversed(range(len(moved))):
        moved[k] = min(moved[k], ceiling)
        ceiling = moved[k] - GAP
    return moved


def _mark_best(ax, epoch: int, accuracy: float, epochs: int) -> None:
    """Ring the best epoch and write it above the panel, where no curve runs."""
    ax.axvline(epoch, color="0.6", linestyle=":", linewidth=1)
    ax.plot(epoch, accuracy, "o", markersize=9, fillstyle="none", color="C0", label="best")
    share = 0.5 if epochs == 1 else epoch / (epochs - 1)
    side = "left" if share < 0.25 else "right" if share > 0.75 else "center"
    text = f"best: epoch {epoch}, {accuracy:.2f}"
    _beside(ax, text, (epoch, 1), ax.get_xaxis_transform(), (0, 4), ha=side, va="bottom", color="C0")


def _beside(ax, text: str, place, coordinates, offset, **look) -> None:
    """Write `text` outside the panel, `offset` in points from `place`, so that the layout leaves it room."""
    ax.annotate(
        text, place, offset, xycoords=coordinates, textcoords="offset points", annotation_clip=False, fontsize=8, **look
    )
