"""The comparison as a table of Markdown, for a README."""

from collections.abc import Sequence

from network3.experiments.reproduction import Record
from network3.experiments.reproduction.tasks import VARIANTS

from .comparison import compare

HEADINGS = ("row", "what", "book", "ours", "difference", "mean ± s.d.", "n")


def markdown(records: Sequence[Record]) -> str:
    """Return the first number of each entry that `records` have, in the order of the book."""
    lines = [_line(HEADINGS), _line(("---:", ":---", *["---:"] * (len(HEADINGS) - 2)))]
    for entry in VARIANTS.values():
        own = [record for record in records if record.name == entry.name]
        if own:
            told = compare(entry, own)[0].told()
            what = f"{entry.says} (`{entry.name}`), {told['label']}"
            lines.append(_line((entry.row, what, *(told[key] for key in ("book", "ours", "difference", "mean", "n")))))
    return "\n".join(lines) + "\n"


def _line(cells) -> str:
    return f"| {' | '.join(cells)} |"
