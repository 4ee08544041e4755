"""The command line: ``network3`` and ``python -m network3``."""

import sys

import typer

from .border import INTERRUPTED, leave
from .expand import expand
from .info import info
from .listing import show_list
from .predict import predict
from .train import train

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
app.command("list")(show_list)
app.command()(train)
app.command()(predict)
app.command()(expand)
app.command()(info)


@app.callback()
def describe() -> None:
    """Train the networks of the book "Neural Networks and Deep Learning", and use them."""


def main() -> None:
    """Run the command line."""
    try:
        app(prog_name="network3")
    except KeyboardInterrupt:  # before a command has begun
        sys.exit(leave("interrupted.", INTERRUPTED).exit_code)
