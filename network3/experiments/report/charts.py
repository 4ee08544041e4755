"""The page's charts, as SVG elements inside the page."""

import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from network3.experiments.catalogue import MEASUREMENTS
from network3.experiments.catalogue.published import VALIDATION_ACCURACY
from network3.experiments.reproduction import Record
from network3.plotting.curves import LABELS
from network3.plotting.style import in_plot_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INCH = 8.5  # rem, at most
SERIES = {"network": "C0", "support vector machine": "C1"}  # and their colours


def svg(figure: "Figure", name: str) -> Markup:
    """Return `figure` as the element ``<svg>``.

    Parameters
    ----------
    figure : matplotlib Figure
    name : str
        Unique on the page; it becomes part of the ids of all elements.
    """
    from matplotlib import rc_context

    written = io.StringIO()
    with rc_context({"svg.hashsalt": name, "svg.fonttype": "none", "font.family": ["DejaVu Sans", "sans-serif"]}):
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    text = text[text.index("<svg") :]
    # Ids must be unique on the page; Matplotlib numbers them from 1 in each figure.
    text = re.sub(r'\bid="([a-zA-Z0-9.]+_\d+)"', rf'id="{name}-\1"', text)
    # The page sets the width, up to a multiple of the figure's own.
    head, _, rest = text.partition(">")
    head = re.sub(r' (width|height)="[^"]*"', "", head) + f' style="max-width: {figure.get_figwidth() * INCH:.1f}rem"'
    text = f"{head}>{rest}"
    return Markup(text)


@in_plot_style
def draw_growth(records: Mapping[str, Sequence[Record]]) -> "Figure | None":
    """Draw how the accuracy grows with the number of training images, with the points of chapter 3's figure.

    Parameters
    ----------
    records : dict of str to sequence of Record
        By name.

    Returns
    -------
    Figure or None
        None if there are no such records.
    """
    curves = {series: _points(records, series) for series in SERIES}
    if not any(curves.values()):
        return None
    figure = new_figure(3.7, 2.5)
    ax = figure.subplots()
    for series, points in curves.items():
        if points:
            sizes, ours, book = zip(*points, strict=True)
            color = SERIES[series]
            ax.plot(sizes, ours, marker=".", color=color, label=series)
            ax.scatter(sizes, book, marker="x", color=color, s=34, zorder=3, label=f"{series}, the book")
    ax.set(xscale="log", xlabel="training images", ylabel=f"validation {LABELS['accuracy']}")
    ax.legend()
    return figure


def _points(records: Mapping[str, Sequence[Record]], series: str) -> list[tuple[int, float, float]]:
    """Return images, our mean accuracy and the book's in per cent, of all measurements of `series` with records."""
    label, points = VALIDATION_ACCURACY.name, []
    for name, entry in MEASUREMENTS.items():
        if entry.series != series or entry.images is None or not records.get(name):
            continue
        values = [record.values[label] or 0.0 for record in records[name]]
        book = entry.published[label]
        assert book is not None
        points.append((entry.images, 100 * sum(values) / len(values), 100 * book))
    return sorted(points)
