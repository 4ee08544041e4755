"""The curves of a training by their names in `History`, and what plots of them share: colours, axes, legends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

COLORS = {"training": "C2", "validation": "C0", "test": "C1"}  # a colour stands for the same data in all plots
LABELS = {"accuracy": "accuracy, per cent", "cost": "cost"}


@dataclass(frozen=True)
class Curve:
    """What a curve shows.

    Attributes
    ----------
    data : "training", "validation" or "test"
    unit : "accuracy" or "cost"
    """

    data: Literal["training", "validation", "test"]
    unit: Literal["accuracy", "cost"]

    @property
    def color(self) -> str:
        """Matplotlib's name of the colour."""
        return COLORS[self.data]

    @property
    def factor(self) -> int:
        """What values are multiplied by: accuracies are drawn in per cent."""
        return 100 if self.unit == "accuracy" else 1


CURVES = {
    "validation_accuracy": Curve("validation", "accuracy"),
    "training_accuracy": Curve("training", "accuracy"),
    "test_accuracy": Curve("test", "accuracy"),
    "training_cost": Curve("training", "cost"),
    "validation_cost": Curve("validation", "cost"),
    "test_cost": Curve("test", "cost"),
}
"""Curves by the names that `History` and ``SGD(monitor=...)`` use."""


def label_epochs(ax: "Axes", label: str = "epoch") -> None:
    """Name the horizontal axis, and mark it at whole epochs only."""
    from matplotlib.ticker import MaxNLocator

    ax.set_xlabel(label)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))


def legend_beside(ax: "Axes", handles: Sequence["Artist"]) -> None:
    """Add a legend of `handles` to the right of the panel, where it covers no curve."""
    ax.legend(handles=handles, loc="center left", bbox_to_anchor=(1, 0.5))


def end_at_100(ax: "Axes") -> None:
    """End an axis of accuracies in per cent at 0 and 100; curves along its ends are drawn in full width."""
    low, high = ax.get_ylim()
    ax.set_ylim(max(low, 0), min(high, 100))
    for artist in (*ax.lines, *ax.collections):
        artist.set_clip_on(False)
