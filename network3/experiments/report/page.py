"""The page, rendered from the records and a template."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from network3.experiments.catalogue import QUOTED, Entry
from network3.experiments.reproduction import Record
from network3.experiments.reproduction.tasks import VARIANTS
from network3.plotting.repeats import draw_repeats_apart
from network3.storage.atomic import atomic_write
from network3.training.history import History

from .charts import draw_growth, svg
from .comparison import Comparison, compare
from .samples import best_repeat, confusion, errors, filters
from .summary import RowResult, origin, summarize

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLES = {
    1: "Chapter 1: Using neural nets to recognize handwritten digits",
    3: "Chapter 3: Improving the way neural networks learn",
    5: "Chapter 5: Why are deep neural networks hard to train?",
    6: "Chapter 6: Deep learning",
    7: "Beyond the book",
}
GROWTH_CHAPTER = 3  # whose figure has the accuracy against the number of training images
SHOWN_NETWORKS = (6, 7)  # chapters for which filters and misclassified digits are shown
CONFUSION = "test images by label and by the network's digit; on the diagonal the accuracy of each digit in %"


def write_report(
    results: Path, records: Sequence[Record], out: Path, progress: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Write the page about `records` to the file `out`.

    Parameters
    ----------
    results : Path
        The folder of ``network3 reproduce``: filters are those of networks that are still there.
    records : sequence of Record
    out : Path
        The page; it needs no other file and no network.
    progress : callable
        ``progress(done, total)``, called after each row of the catalogue that has records.
    """
    by_name: dict[str, list[Record]] = {name: [] for name in VARIANTS}
    in_order = sorted(records, key=lambda record: record.seed)
    for record in in_order:
        by_name[record.name].append(record)
    shown = [entry for entry in VARIANTS.values() if by_name[entry.name]]
    details: dict[str, list[dict[str, Any]]] = {}
    for done, entry in enumerate(shown, start=1):
        details[entry.name] = _figures(entry, by_name[entry.name], results)
        progress(done, len(shown))
    comparisons = {entry.name: compare(entry, in_order) for entry in shown}
    chapters = [_chapter(number, by_name, details, comparisons) for number in TITLES]
    chapters = [chapter for chapter in chapters if chapter["rows"]]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("network3.experiments.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html").render(
        chapters=chapters,
        summary=summarize({chapter["number"]: chapter["results"] for chapter in chapters}),
        titles=TITLES,
        origin=origin(records),
        environments=_environments(records),
        repeats=f"{len(records)} repeat" + "s" * (len(records) != 1),
    )
    with atomic_write(out) as file:
        file.write(page.encode())


def _chapter(
    number: int,
    by_name: dict[str, list[Record]],
    details: dict[str, list[dict[str, Any]]],
    comparisons: dict[str, list[Comparison]],
) -> dict[str, Any]:
    entries = [entry for entry in VARIANTS.values() if entry.chapter == number]
    shown = [entry for entry in entries if by_name[entry.name]]
    growth = draw_growth(by_name) if number == GROWTH_CHAPTER else None
    return {
        "number": number,
        "title": TITLES[number],
        "rows": [_row(entry, by_name[entry.name], comparisons[entry.name]) for entry in shown],
        "results": [RowResult(entry, comparisons[entry.name][0]) for entry in shown],
        "missing": [entry.name for entry in entries if not by_name[entry.name]],
        "growth": None if growth is None else svg(growth, "growth"),
        "details": [_section(entry, details[entry.name]) for entry in shown if details[entry.name]],
        "quoted": [quoted for quoted in QUOTED if quoted.chapter == number],
    }


def _row(entry: Entry, records: Sequence[Record], comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """Return the table row of an entry."""
    notes = dict.fromkeys(record.note for record in records if record.note)
    seeds = {note: ", ".join(str(record.seed) for record in records if record.note == note) for note in notes}
    diverged = [f"Diverges with seed {seeds[note]}: {note}" for note in notes]
    return {
        "row": entry.row,
        "name": entry.name,
        "description": entry.description,
        "note": entry.note,
        "diverged": diverged,
        "numbers": [comparison.formatted() for comparison in comparisons],
        "seconds": f"{sum(record.seconds for record in records) / len(records):,.0f}",
    }


def _section(entry: Entry, figures: list[dict[str, Any]]) -> dict[str, Any]:
    return {"row": entry.row, "name": entry.name, "description": entry.description, "figures": figures}


def _figures(entry: Entry, records: Sequence[Record], results: Path) -> list[dict[str, Any]]:
    """Return the figures of an entry: each a chart, or misclassified digits, with a caption."""
    histories = [record.history for record in records if record.history is not None and record.history.epochs]
    charts = {f"{entry.name}-curves{k}": ("", figure) for k, figure in enumerate(_curves(entry, histories))}
    errors_of_best = None
    if entry.chapter in SHOWN_NETWORKS:
        best = best_repeat(records)
        drawn = filters(results, best)
        charts |= {f"{entry.name}-filters{k}": shown for k, shown in enumerate(drawn.items())}
        matrix = confusion(best)
        if matrix is not None:
            charts[f"{entry.name}-confusion"] = (CONFUSION, matrix)
        errors_of_best = errors(best)
    figures: list[dict[str, Any]] = [
        {"caption": caption, "chart": svg(figure, name)} for name, (caption, figure) in charts.items()
    ]
    if errors_of_best is not None:
        figures.append({"caption": errors_of_best.caption, "digits": errors_of_best.digits})
    return figures


def _curves(entry: Entry, histories: Sequence[History]) -> "list[Figure]":
    return draw_repeats_apart(histories, entry.points) if histories else []


def _environments(records: Sequence[Record]) -> list[str]:
    """Return the distinct environments of the records, each with its number of records."""
    counts: dict[str, int] = {}
    for record in records:
        environment = record.environment
        packages = ", ".join(f"{name} {version}" for name, version in environment["versions"].items())
        threads = f"{environment['threads']} thread" + ("s" if environment["threads"] > 1 else "")
        kind = f"{environment['backend']} in {environment.get('floatX', 'float32')}"
        line = f"{environment['machine']}, {kind}, {threads} each, {environment['date'][:10]}; {packages}"
        counts[line] = counts.get(line, 0) + 1
    return [f"{count} by {line}" for line, count in counts.items()]
