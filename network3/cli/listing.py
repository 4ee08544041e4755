"""``network3 list``: the runs of the book that are built in."""

import json
from typing import Annotated

import typer

from network3.catalogue import RUNS

from .border import border


def show_list(
    as_json: Annotated[bool, typer.Option("--json", help="One array with an object for each run.")] = False,
) -> None:
    """List the runs that the book publishes, with its test accuracy."""
    with border():
        if as_json:
            typer.echo(json.dumps([run.as_dict() for run in RUNS.values()], indent=2))
            return
        width = max(len(name) for name in RUNS)
        typer.echo(f"{'row':>5}  {'name':<{width}}  {'book':>7}  what it is")
        for run in RUNS.values():
            published = "-" if run.published is None else f"{run.published:.2%}"
            typer.echo(f"{run.row:>5}  {run.name:<{width}}  {published:>7}  {run.says}")
