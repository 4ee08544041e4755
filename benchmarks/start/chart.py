"""The chart of the waiting times, as SVG: readable on white and on black."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.chart import COLOURS, INK, settings
from benchmarks.configurations import TITLES
from benchmarks.records import Record
from network3.layers.checks import error_message

from .tables import groups, seconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AXIS_START = 0.1  # seconds


def draw(records: Sequence[Record], path: str | Path) -> None:
    """Draw the seconds of each library, a panel for each network, and write it to `path`.

    Parameters
    ----------
    records : sequence of dict
        From `benchmarks.start.first_epoch` and `benchmarks.start.goal`.
    path : path
        An SVG file to write; the same records give the same file.

    Raises
    ------
    ValueError
        Nothing was measured.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    grouped = groups(records)
    if not grouped:
        hint = "Run python -m benchmarks.start first."
        raise ValueError(error_message("draw", "expected measured records", "none", hint))
    names = list(dict.fromkeys(name for name, _ in grouped))
    titles = {record["peer"]: record["title"] for group in grouped.values() for record in group}
    bars = {name: sum(other == name for other, _ in grouped) for name in names}
    with rc_context(settings()):
        figure = Figure(figsize=(1.4 * len(grouped) + 1.2, 3.6), layout="constrained")
        ratios = [bars[name] for name in names]
        axes = figure.subplots(1, len(names), sharey=True, squeeze=False, width_ratios=ratios)[0]
        axes[0].set_ylim(AXIS_START, 1.4 * max(seconds(record) for group in grouped.values() for record in group))
        for axis, name in zip(axes, names, strict=True):
            panel = {measure: group for (other, measure), group in grouped.items() if other == name}
            _panel(axis, name, panel, list(titles))
        axes[0].set_ylabel("seconds")
        handles = [axes[0].bar([0], [0], color=c, label=t) for c, t in zip(COLOURS, titles.values(), strict=False)]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(titles), frameon=False)
        figure.suptitle("Waiting times, from the start of Python", fontsize=10)
        figure.savefig(path, format="svg", transparent=True, metadata={"Date": None})


def _panel(axis: "Axes", name: str, grouped: Mapping[str, Sequence[Record]], peers: Sequence[str]) -> None:
    """Draw the bars of one network: a group for each measure, a bar for each library."""
    width = 0.8 / len(peers)
    for index, (peer, colour) in enumerate(zip(peers, COLOURS, strict=False)):
        for x, group in enumerate(grouped.values()):
            for record in group:
                if record["peer"] == peer:
                    left = x + (index - (len(peers) - 1) / 2) * width
                    bar = axis.bar(left, seconds(record), 0.9 * width, color=colour)
                    axis.bar_label(bar, fmt="{:.3g}", fontsize=7, color=INK)
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter("")
    axis.set_xticks(range(len(grouped)), [textwrap.fill(measure, 14) for measure in grouped])
    axis.set_title(TITLES.get(name, name), fontsize=9)
    axis.grid(axis="y", alpha=0.4, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
