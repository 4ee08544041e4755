"""The page, rendered from the records and a template."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from network3.experiments.catalogue import QUOTED, Entry
from network3.experiments.reproduction import Record
from network3.experiments.reproduction.tasks import VARIANTS
from network3.plotting.repeats import draw_repeats
from network3.storage.atomic import atomic_write

from .charts import draw_growth, svg
from .comparison import compare
from .samples import samples

TITLES = {
    1: "Chapter 1: Using neural nets to recognize handwritten digits",
    3: "Chapter 3: Improving the way neural networks learn",
    5: "Chapter 5: Why are deep neural networks hard to train?",
    6: "Chapter 6: Deep learning",
    7: "Beyond the book",
}
GROWTH_CHAPTER = 3  # whose figure has the accuracy against the number of training images
SHOWN_NETWORKS = (6, 7)  # chapters for which filters and misclassified digits are shown


def write_report(results: Path, records: Sequence[Record], out: Path) -> None:
    """Write the page about `records` to the file `out`.

    Parameters
    ----------
    results : Path
        The folder of ``network3 reproduce``: filters are those of networks that are still there.
    records : sequence of Record
    out : Path
        The page; it needs no other file and no network.
    """
    by_name: dict[str, list[Record]] = {name: [] for name in VARIANTS}
    for record in sorted(records, key=lambda record: record.seed):
        by_name[record.name].append(record)
    chapters = [_chapter(number, by_name, results) for number in TITLES]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("network3.experiments.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html").render(
        chapters=[chapter for chapter in chapters if chapter["rows"]],
        environments=_environments(records),
        repeats=len(records),
    )
    with atomic_write(out) as file:
        file.write(page.encode())


def _chapter(number: int, by_name: dict[str, list[Record]], results: Path) -> dict[str, Any]:
    entries = [entry for entry in VARIANTS.values() if entry.chapter == number]
    growth = draw_growth(by_name) if number == GROWTH_CHAPTER else None
    return {
        "number": number,
        "title": TITLES[number],
        "rows": [_row(entry, by_name[entry.name]) for entry in entries if by_name[entry.name]],
        "missing": [entry.name for entry in entries if not by_name[entry.name]],
        "growth": None if growth is None else svg(growth, "growth"),
        "details": [detail for entry in entries if (detail := _detail(entry, by_name[entry.name], results))],
        "quoted": [quoted for quoted in QUOTED if quoted.chapter == number],
    }


def _row(entry: Entry, records: Sequence[Record]) -> dict[str, Any]:
    """Return the table row of an entry."""
    notes = dict.fromkeys(record.note for record in records if record.note)
    seeds = {note: ", ".join(str(record.seed) for record in records if record.note == note) for note in notes}
    ended = [f"Ended early, with seed {seeds[note]}: {note}" for note in notes]
    return {
        "row": entry.row,
        "name": entry.name,
        "description": entry.description,
        "note": entry.note,
        "ended": ended,
        "numbers": [comparison.formatted() for comparison in compare(entry, records)],
        "seconds": f"{sum(record.seconds for record in records) / len(records):,.0f}",
    }


def _detail(entry: Entry, records: Sequence[Record], results: Path) -> dict[str, Any] | None:
    """Return the figures of an entry, by their captions; None if there are none."""
    histories = [record.history for record in records if record.history is not None and record.history.epochs]
    figures = {"": svg(draw_repeats(histories, entry.points), f"{entry.name}-curves")} if histories else {}
    if entry.chapter in SHOWN_NETWORKS and records:
        for k, (caption, figure) in enumerate(samples(results, records).items()):
            figures[caption] = svg(figure, f"{entry.name}-{k}")
    if not figures:
        return None
    return {"row": entry.row, "name": entry.name, "description": entry.description, "figures": figures}


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
