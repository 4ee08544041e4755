"""The comparison as a Markdown table, for docs/reproduction.md."""

from collections.abc import Sequence

from network3.experiments.reproduction import Record
from network3.experiments.reproduction.tasks import VARIANTS

from .comparison import compare

HEADINGS = ("row", "what", "book", "ours", "difference", "mean ± s.d.", "n")


def markdown(records: Sequence[Record]) -> str:
    """Return a table with the result of each entry that has `records`, in the order of the book."""
    lines = [_line(HEADINGS), _line(("---:", ":---", *["---:"] * (len(HEADINGS) - 2)))]
    for entry in VARIANTS.values():
        own = [record for record in records if record.name == entry.name]
        if own:
            cells = compare(entry, own)[0].formatted()
            what = f"{entry.description} (`{entry.name}`), {cells['label']}"
            lines.append(_line((entry.row, what, *(cells[key] for key in ("book", "ours", "difference", "mean", "n")))))
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
