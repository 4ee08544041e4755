"""What the comparisons print alike: a table of texts, and what was not measured."""

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

from .records import NOT_MEASURED, Record


def show_table(console: Console, title: str, heading: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table whose columns are not wrapped."""
    table = Table(title=title)
    for text in heading:
        table.add_column(text, no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def show_not_measured(console: Console, records: Sequence[Record], line: Callable[[Record], str]) -> None:
    """Print a line for each record of what was not measured."""
    for record in records:
        if record["kind"] in NOT_MEASURED:
            console.print(line(record), markup=False)
