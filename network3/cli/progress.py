"""Where commands write lines, results and progress: plain text, a terminal with bars, JSON, or nothing."""

import json
import sys
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn


class Output:
    """Plain lines, for files and pipes.

    Attributes
    ----------
    shows_prints : bool
        Whether what a training prints itself is shown as well.
    """

    shows_prints = True

    def line(self, text: str) -> None:
        """Write a line for a person."""
        typer.echo(text)

    def result(self, record: dict[str, Any], text: str) -> None:
        """Write a result: `text`, or `record` as JSON."""
        self.line(text)

    def epoch(self, record: dict[str, Any]) -> None:
        """Write `record` of a finished epoch, if the output is JSON."""


class Quiet(Output):
    """Nothing."""

    shows_prints = False

    def line(self, text: str) -> None:
        """Write nothing."""


class Json(Quiet):
    """A JSON object per line, for each epoch and each result."""

    def __init__(self) -> None:
        self._file = sys.stdout

    def result(self, record: dict[str, Any], text: str) -> None:
        """Write `record`."""
        typer.echo(json.dumps(record), file=self._file)

    def epoch(self, record: dict[str, Any]) -> None:
        """Write `record`."""
        typer.echo(json.dumps(record), file=self._file)


class Terminal(Output):
    """Lines above progress bars.

    Parameters
    ----------
    console : rich Console, optional
        By default on standard output.
    """

    shows_prints = False

    def __init__(self, console: "Console | None" = None) -> None:
        from rich.console import Console

        self.console = Console(file=sys.stdout, highlight=False) if console is None else console

    def line(self, text: str, *, remark: str = "") -> None:
        """Write a line, with a highlighted `remark` at its end."""
        from rich.text import Text

        self.console.print(Text(text).append(remark, "bold green"), soft_wrap=True)

    def bars(self, *details: "str | ProgressColumn") -> "Progress":
        """Return progress bars; after each description and bar come the columns `details`."""
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        # Rich draws its bars in ASCII if the encoding is not one of Unicode, but not its spinners.
        spinner = SpinnerColumn("line" if self.console.options.ascii_only else "dots", finished_text=" ")
        columns = (spinner, TextColumn("{task.description}"), BarColumn(bar_width=None))
        return Progress(*columns, *details, console=self.console, redirect_stdout=False, expand=True)

    def counting_bars(self) -> "Progress":
        """Return progress bars with the completed and all steps, and the elapsed time."""
        from rich.progress import MofNCompleteColumn, TimeElapsedColumn

        return self.bars(MofNCompleteColumn(), TimeElapsedColumn())


def choose_output(*, quiet: bool = False, as_json: bool = False) -> Output:
    """Return the output for the options of a command; by default a terminal if standard output is one."""
    if as_json:
        return Json()
    if quiet:
        return Quiet()
    return Terminal() if sys.stdout.isatty() else Output()


def time_left_column() -> "ProgressColumn":
    """Return the column of the remaining time, such as "0:00:12 left", which is empty where no end is known."""
    from rich.progress import Task, TimeRemainingColumn
    from rich.text import Text

    class TimeLeft(TimeRemainingColumn):
        def render(self, task: Task) -> Text:
            return Text() if task.total is None else super().render(task).append(" left")

    return TimeLeft()
