"""The command line: ``network3`` and ``python -m network3``."""

import io
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from .border import INTERRUPTED, leave
from .expand import expand
from .export import export
from .info import info
from .listing import show_list
from .page import page
from .predict import predict
from .report import report
from .reproduce import reproduce_command
from .search import search
from .serve import serve_command
from .train import train

SHADOWED = "network3: Python programs in this folder import its file network3.py, not this package. Rename that file."

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
app.command("list")(show_list)
app.command()(train)
app.command()(predict)
app.command()(page)
app.command()(expand)
app.command()(export)
app.command("reproduce")(reproduce_command)
app.command()(report)
app.command()(search)
app.command("serve")(serve_command)
app.command()(info)


def show_version(given: bool) -> None:
    """Print the versions of network3, Python and PyTensor, and exit."""
    if given:
        python, pytensor = platform.python_version(), version("pytensor")
        typer.echo(f"network3 {version('network3')} (Python {python}, PyTensor {pytensor})")
        raise typer.Exit


@app.callback()
def describe(
    show: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the versions and exit.")
    ] = False,
) -> None:
    """Train the networks of the book "Neural Networks and Deep Learning", and use them."""


def main() -> None:
    """Run the command line, and exit with its code; wrong usage is reported in one line."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        # As standard error: a character that the terminal's encoding lacks, in a file name say, must not end a command.
        sys.stdout.reconfigure(errors="backslashreplace")
    if Path("network3.py").is_file():
        typer.echo(SHADOWED, err=True)
    try:
        code = app(prog_name="network3", standalone_mode=False)
    except KeyboardInterrupt:  # before a command has begun
        code = leave("interrupted.", INTERRUPTED).exit_code
    except Exception as raised:
        error: Any = raised  # typer's usage errors have no public base class
        code = getattr(error, "exit_code", None)
        if code is None:
            raise
        if len(sys.argv) < 2:
            error.show()  # the help
        else:
            leave(f"{error.format_message()} See network3 --help.", code)
    sys.exit(code)
