"""``network3 list``: the built-in runs, the book's and those beyond it."""

import json
from typing import Annotated

import typer

from network3.experiments.catalogue import ENTRIES
from network3.experiments.formats import format_number

from .border import border


def show_list(
    as_json: Annotated[bool, typer.Option("--json", help="Print one array with an object for each run.")] = False,
) -> None:
    """List the runs of the book, chapter by chapter, with its numbers, and those beyond it."""
    with border():
        if as_json:
            typer.echo(json.dumps([entry.as_dict() for entry in ENTRIES.values()], indent=2))
            return
        width = max(len(name) for name in ENTRIES)
        typer.echo(f"{'row':>5}  {'name':<{width}}  {'book':>7}  what it is")
        for entry in ENTRIES.values():
            value = format_number(entry.result.unit, entry.result.value)
            typer.echo(f"{entry.row:>5}  {entry.name:<{width}}  {value:>7}  {entry.description}")
