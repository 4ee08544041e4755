"""The page itself, made of the records and a template."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from network3.experiments.catalogue import QUOTED, Measurement, Run
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
    7: "Past the book",
}
SHOWN_NETWORKS = (6, 7)  # chapters that show filters and misclassified digits


def write_report(results: Path, records: Sequence[Record], out: Path) -> None:
    """Write the page about `records` to the file `out`.

    Parameters
    ----------
    results : path
        Folder that ``network3 reproduce`` worked in: networks that are still there are shown.
    records : sequence of Record
    out : path
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
    rows = [_row(entry, by_name[entry.name]) for entry in entries if by_name[entry.name]]
    growth = draw_growth(by_name) if number == 3 else None
    return {
        "number": number,
        "title": TITLES[number],
        "rows": rows,
        "missing": [entry.name for entry in entries if not by_name[entry.name]],
        "growth": None if growth is None else svg(growth, "growth"),
        "details": [
            detail
            for entry in entries
            if isinstance(entry, Run) and (detail := _detail(entry, by_name[entry.name], results))
        ],
        "quoted": [quoted for quoted in QUOTED if quoted.chapter == number],
    }


def _row(entry: Run | Measurement, records: Sequence[Record]) -> dict[str, Any]:
    """Return what the table says of an entry."""
    notes = dict.fromkeys(record.note for record in records if record.note)
    seeds = {note: ", ".join(str(record.seed) for record in records if record.note == note) for note in notes}
    ended = [f"Ended early, with seed {seeds[note]}: {note}" for note in notes]
    return {
        "row": entry.row,
        "name": entry.name,
        "says": entry.says,
        "note": entry.note,
        "ended": ended,
        "numbers": [comparison.told() for comparison in compare(entry, records)],
        "seconds": f"{sum(record.seconds for record in records) / len(records):,.0f}",
    }


def _detail(run: Run, records: Sequence[Record], results: Path) -> dict[str, Any] | None:
    """Return the pictures of a training; None if there are none."""
    histories = [record.history for record in records if record.history is not None and record.history.epochs]
    figures = {"": svg(draw_repeats(histories, run.points), f"{run.name}-curves")} if histories else {}
    if run.chapter in SHOWN_NETWORKS and records:
        for k, (caption, figure) in enumerate(samples(results, records).items()):
            figures[caption] = svg(figure, f"{run.name}-{k}")
    return {"row": run.row, "name": run.name, "says": run.says, "figures": figures} if figures else None


def _environments(records: Sequence[Record]) -> list[str]:
    """Return on what the records were made, each once."""
    told: dict[str, int] = {}
    for record in records:
        about = record.environment
        packages = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
        threads = f"{about['threads']} thread" + ("s" if about["threads"] > 1 else "")
        kind = f"{about['backend']} in {about.get('floatX', 'float32')}"
        line = f"{about['machine']}, {kind}, {threads} each, {about['date'][:10]}; {packages}"
        told[line] = told.get(line, 0) + 1
    return [f"{count} by {line}" for line, count in told.items()]
