"""The course of a training: cost and accuracy after each epoch."""

from .grid import new_figure

NAMES = {
    "validation_accuracy": "validation",
    "test_accuracy": "test, at each new best",
    "training_accuracy": "training",
    "cost": "mini-batches",
    "training_cost": "training",
    "validation_cost": "validation",
}


def draw_learning_curve(history, published=None, figure=None):
    """Draw the costs and the accuracies of `history`, epoch by epoch, and mark the best epoch.

    Parameters
    ----------
    history : History
        Of at least one epoch.
    published : float in [0, 1], optional
        The book's test accuracy, as a dashed line.
    figure : matplotlib Figure, optional
        A new one, if left out.

    Returns
    -------
    Figure
    """
    accuracies = {"validation_accuracy": history.validation_accuracy, "test_accuracy": history.test_accuracy}
    accuracies |= {name: values for name, values in history.monitors.items() if name == "training_accuracy"}
    accuracies = {name: values for name, values in accuracies.items() if any(v is not None for v in values)}
    costs = {"cost": history.cost} | {k: v for k, v in history.monitors.items() if k.endswith("cost")}
    figure = new_figure(9 if accuracies else 5, 3.6) if figure is None else figure
    left, *right = figure.subplots(1, 2 if accuracies else 1, squeeze=False)[0]
    _curves(left, costs, "cost")
    left.set_ylim(bottom=0)
    for ax in right:
        _curves(ax, {name: [None if v is None else 100 * v for v in values] for name, values in accuracies.items()})
        ax.set_ylabel("accuracy, per cent")
        if published is not None:
            ax.axhline(100 * published, color="0.4", linestyle="--", linewidth=1, label=f"the book: {published:.2%}")
        if history.best_epoch is not None:
            best = 100 * history.best_validation_accuracy
            label = f"best: epoch {history.best_epoch}, {best:.2f}"
            ax.plot(history.best_epoch, best, "o", markersize=9, fillstyle="none", color="C0", label=label)
        ax.legend(loc="lower right", fontsize=8)
    if len(costs) > 1:
        left.legend(fontsize=8)
    return figure


def _curves(ax, series, ylabel=""):
    """Draw each of `series`, from name to values an epoch; None leaves a gap that is bridged."""
    from matplotlib.ticker import MaxNLocator

    for k, (name, values) in enumerate(series.items()):
        points = [(epoch, value) for epoch, value in enumerate(values) if value is not None]
        ax.plot(*zip(*points, strict=True), marker=".", color=f"C{k}", label=NAMES[name], linewidth=1.4)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.set_xlabel("epoch")
    ax.set_ylabel(ylabel)
    ax.grid(alpha=0.3)
