"""The page's charts, as SVG that stands in the page itself."""

import io
import re
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from network3.experiments.catalogue import MEASUREMENTS
from network3.experiments.reproduction import Record
from network3.plotting.grid import new_figure

INCH = 5.5  # rem
GROWTH = {"more_data": ("network", "C0"), "svm": ("support vector machine", "C1")}


def svg(figure, name: str) -> Markup:
    """Return `figure` as the element ``<svg>``.

    Parameters
    ----------
    figure : matplotlib Figure
    name : str
        Other than those of all other figures on the page, whose elements it tells apart.
    """
    from matplotlib import rc_context

    written = io.StringIO()
    with rc_context({"svg.hashsalt": name, "svg.fonttype": "none", "font.family": ["DejaVu Sans", "sans-serif"]}):
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    text = text[text.index("<svg") :]
    # Names of elements must differ over the whole page; matplotlib numbers them from 1 in each figure.
    text = re.sub(r'\bid="([a-zA-Z0-9.]+_\d+)"', rf'id="{name}-\1"', text)
    # The page decides how wide it is, up to its own size.
    head, _, rest = text.partition(">")
    head = re.sub(r' (width|height)="[^"]*"', "", head) + f' style="max-width: {figure.get_figwidth() * INCH:.1f}rem"'
    text = f"{head}>{rest}"
    return Markup(text)


def draw_growth(records: Mapping[str, Sequence[Record]]):
    """Draw how the accuracy grows with the number of training images: chapter 3's figure, the book's points in it.

    Parameters
    ----------
    records : dict of str to sequence of Record
        By name.

    Returns
    -------
    Figure or None
        None if there are no records of it.
    """
    found = {kind: _points(records, kind) for kind in GROWTH}
    if not any(found.values()):
        return None
    figure = new_figure(6.2, 3.4)
    ax = figure.subplots()
    for kind, (name, colour) in GROWTH.items():
        if not found[kind]:
            continue
        sizes, ours, book = zip(*found[kind], strict=True)
        ax.plot(sizes, ours, marker=".", color=colour, label=name)
        ax.scatter(sizes, book, marker="x", color=colour, s=34, zorder=3, label=f"{name}, the book")
    ax.set(xscale="log", xlabel="training images", ylabel="validation accuracy, per cent")
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(fontsize=8, frameon=False)
    return figure


def _points(records, kind: str) -> list[tuple[int, float, float]]:
    """Return size, our mean and the book's accuracy in per cent, of all sizes that were measured."""
    label, found = "validation accuracy", []
    for name, entry in MEASUREMENTS.items():
        size = 50_000 if name == "svm" else int(name.rsplit("_", 1)[1]) if name.startswith(f"{kind}_") else None
        if not name.startswith(kind) or size is None or not records.get(name):
            continue
        values = [record.values[label] or 0.0 for record in records[name]]
        book = entry.published[label]
        assert book is not None
        found.append((size, 100 * sum(values) / len(values), 100 * book))
    return sorted(found)
