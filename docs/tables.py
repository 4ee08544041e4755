"""Copy the tables that the benchmarks and `network3 report` write into the pages that show them.

Run ``python docs/tables.py`` after the files in ``benchmarks/results`` have changed.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def with_tables(text: str) -> str:
    """Return the text of a page with the current content of each file named in a marker."""

    def current(found: re.Match[str]) -> str:
        begin, name, end = found.groups()
        return begin + (ROOT / name).read_text(encoding="utf-8").strip() + "\n" + end

    return TABLE.sub(current, text)


if __name__ == "__main__":
    for page in sorted(ROOT.glob("docs/*.md")):
        page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
