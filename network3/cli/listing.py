"""``network3 list``: the runs that are built in, the book's and those past it."""

import json
from typing import Annotated

import typer

from network3.experiments.catalogue import ENTRIES
from network3.experiments.formats import number

from .border import border


def show_list(
    as_json: Annotated[bool, typer.Option("--json", help="One array with an object for each run.")] = False,
) -> None:
    """List what the book publishes, chapter by chapter, with its numbers, and what goes past it."""
    with border():
        if as_json:
            typer.echo(json.dumps([entry.as_dict() for entry in ENTRIES.values()], indent=2))
            return
        width = max(len(name) for name in ENTRIES)
        typer.echo(f"{'row':>5}  {'name':<{width}}  {'book':>7}  what it is")
        for entry in ENTRIES.values():
            label, value = next(iter(entry.published.items()))
            typer.echo(f"{entry.row:>5}  {entry.name:<{width}}  {number(label, value):>7}  {entry.says}")
