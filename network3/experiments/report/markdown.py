"""The comparison as a Markdown table, for docs/reproduction.md."""

from collections.abc import Sequence

from network3.experiments.reproduction import Record
from network3.experiments.reproduction.tasks import VARIANTS

from .comparison import compare

HEADINGS = ("row", "what", "book", "ours", "difference", "book among ten of ours", "mean ± s.d.", "n")
LEFT = ("what", "book among ten of ours")
CELLS = ("book", "ours", "difference", "statement", "mean", "n")


def markdown(records: Sequence[Record]) -> str:
    """Return a table with the result of each entry that has `records`, in the order of the book."""
    lines = [_line(HEADINGS), _line(["---:" if heading not in LEFT else ":---" for heading in HEADINGS])]
    for entry in VARIANTS.values():
        if any(record.name == entry.name for record in records):
            cells = compare(entry, records)[0].formatted()
            remark = f", {cells['remark']}" if cells["remark"] else ""
            what = f"{entry.description} (`{entry.name}`), {cells['label']}{remark}"
            lines.append(_line((entry.row, what, *(cells[key] for key in CELLS))))
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
