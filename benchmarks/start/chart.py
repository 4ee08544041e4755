"""One chart of what a user waits for, as SVG: readable on white and on black."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.chart import COLOURS, INK, settings
from benchmarks.configurations import TITLES
from benchmarks.start.tables import groups, seconds
from network3.layers.checks import error_message

LEAST = 0.1  # seconds, where the axis begins


def draw(records: Sequence[dict[str, Any]], path: str | Path) -> None:
    """Draw the seconds of each library, a panel for each network, and write it to `path`.

    Parameters
    ----------
    records : list of dict
        Of `benchmarks.start.first_epoch` and `benchmarks.start.goal`.
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
    titles = {record["peer"]: record["title"] for some in grouped.values() for record in some}
    bars = {name: sum(other == name for other, _ in grouped) for name in names}
    with rc_context(settings()):
        figure = Figure(figsize=(1.4 * len(grouped) + 1.2, 3.6), layout="constrained")
        ratios = [bars[name] for name in names]
        axes = figure.subplots(1, len(names), sharey=True, squeeze=False, width_ratios=ratios)[0]
        axes[0].set_ylim(LEAST, 1.4 * max(seconds(record) for some in grouped.values() for record in some))
        for axis, name in zip(axes, names, strict=True):
            _panel(axis, name, {what: some for (other, what), some in grouped.items() if other == name}, titles)
        axes[0].set_ylabel("seconds")
        handles = [axes[0].bar([0], [0], color=c, label=t) for c, t in zip(COLOURS, titles.values(), strict=False)]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(titles), frameon=False)
        figure.suptitle("What one waits for, from the start of Python", fontsize=10)
        figure.savefig(path, format="svg", transparent=True, metadata={"Date": None})


def _panel(axis, name: str, grouped: dict[str, list[dict[str, Any]]], titles: dict[str, str]) -> None:
    """Draw the bars of one network: a group for each thing measured, a bar for each library."""
    width = 0.8 / len(titles)
    for place, (peer, colour) in enumerate(zip(titles, COLOURS, strict=False)):
        for x, some in enumerate(grouped.values()):
            for record in some:
                if record["peer"] == peer:
                    left = x + (place - (len(titles) - 1) / 2) * width
                    bar = axis.bar(left, seconds(record), 0.9 * width, color=colour)
                    axis.bar_label(bar, fmt="{:.3g}", fontsize=7, color=INK)
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter("")
    axis.set_xticks(range(len(grouped)), [textwrap.fill(what, 14) for what in grouped])
    axis.set_title(TITLES.get(name, name), fontsize=9)
    axis.grid(axis="y", alpha=0.4, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
