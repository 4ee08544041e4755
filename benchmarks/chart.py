"""The chart of the step comparison, as SVG: readable on white and on black."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from network3.layers.checks import error_message

from .configurations import TITLES
from .records import Record, by_workload, titles_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#4269d0", "#efb118", "#3ca951", "#ff725c", "#a463f2")
INK = "#7d8590"  # has enough contrast to white and to black


def draw(records: Sequence[Record], path: str | Path) -> None:
    """Draw each peer's time divided by ours, with the spread over the rounds, and write it to `path`.

    Parameters
    ----------
    records : sequence of dict
        See `benchmarks.records`.
    path : path
        An SVG file to write; the same records give the same file.

    Raises
    ------
    ValueError
        Nothing was measured.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    groups = by_workload(records)
    if not groups:
        raise ValueError(
            error_message("draw", "expected measured records", "none", "Run python -m benchmarks.peers first.")
        )
    names = list(dict.fromkeys(name for name, _ in groups))
    titles = titles_of(records)
    with rc_context(settings()):
        figure = Figure(figsize=(2.6 * len(names) + 0.8, 3.6), layout="constrained")
        axes = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
        for axis, name in zip(axes, names, strict=True):
            panel = {workload: group for (other, workload), group in groups.items() if other == name}
            _panel(axis, name, panel, list(titles))
        axes[0].set_ylabel("time of the peer / ours")
        handles = [axes[0].bar([0], [0], color=c, label=t) for c, t in zip(COLOURS, titles.values(), strict=False)]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(titles), frameon=False)
        figure.suptitle("How many times as long as network3 (at 1: equal; above: network3 is faster)", fontsize=10)
        figure.savefig(path, format="svg", transparent=True, metadata={"Date": None})


def settings() -> dict[Any, Any]:
    """Return Matplotlib's settings for charts: small letters in `INK`, and the same file for the same chart."""
    inks = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "grid.color")
    return {"svg.hashsalt": "network3", "font.size": 9, **dict.fromkeys(inks, INK)}


def _panel(axis: "Axes", name: str, groups: Mapping[str, Sequence[Record]], peers: Sequence[str]) -> None:
    """Draw the bars of one network: a group for each workload, a bar for each peer."""
    width = 0.8 / len(peers)
    for index, (peer, colour) in enumerate(zip(peers, COLOURS, strict=False)):
        for x, group in enumerate(groups.values()):
            for record in group:
                if record["peer"] == peer:
                    middle, low, high = (1 / record[key] for key in ("ratio", "ratio_max", "ratio_min"))
                    left = x + (index - (len(peers) - 1) / 2) * width
                    spread = [[middle - low], [high - middle]]
                    axis.bar(left, middle - 1, 0.9 * width, bottom=1, color=colour)
                    axis.errorbar(left, middle, yerr=spread, color=INK, linewidth=0.7)
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter("{x:g}")
    axis.tick_params(axis="y", which="minor", labelsize=7)
    axis.axhline(1, color=INK, linewidth=0.8)
    axis.set_xticks(range(len(groups)), [workload.replace(" ", "\n", 1) for workload in groups])
    axis.set_title(textwrap.fill(TITLES.get(name, name), 24), fontsize=9)
    axis.grid(axis="y", alpha=0.4, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
