"""The race as a table: the seconds of each entrant, and ours divided by them."""

from collections.abc import Sequence

from rich.console import Console

from benchmarks.console import show_not_measured, show_table
from benchmarks.peers import OURS
from benchmarks.readme import markdown_table, measured_on
from benchmarks.records import NOT_MEASURED, Record

HEADING = ["", "training", "wall", "CPU", "test accuracy", "network3 / it"]


def line(record: Record) -> str:
    """Return one record as one line."""
    if record["kind"] in NOT_MEASURED:
        return f"{record['kind']}: {record['title']}: {record['reason']}"
    return f"  {record['title']}, to {record['goal']:.1%}: {_seconds(record['seconds'])}"


def show(records: Sequence[Record], console: Console) -> None:
    """Print the table, then a line for each entrant that was not measured."""
    show_table(console, "From the start of Python, with an empty cache, to the goal", HEADING, rows(records, "{}"))
    show_not_measured(console, records, line)


def markdown(records: Sequence[Record], machine: Record) -> str:
    """Return the table of docs/performance.md."""
    table = markdown_table(HEADING, rows(records, "**{}**"))
    count = max(len(record["seconds_by_round"]) for record in _measured(records))
    return f"{table}\n\nMedians of up to {count} rounds. {measured_on(records, machine)}\n"


def rows(records: Sequence[Record], bold: str) -> list[list[str]]:
    """Return a row for each entrant; our time divided by an entrant's is in `bold`."""
    measured = _measured(records)
    ours = next((record for record in measured if record["peer"] == OURS.name), None)
    found = []
    for record in measured:
        size = f"{_epochs(record)} in mini-batches of {record['recipe']['batch']}"
        times = [_seconds(record["seconds"]), _seconds(record["cpu_s"])]
        last = [accuracies[-1] for accuracies in record["accuracies_by_round"]]
        accuracy = f"{min(last):.2%} to {max(last):.2%}"
        ratio = "" if record is ours or ours is None else bold.format(f"{ours['seconds'] / record['seconds']:.2f}")
        found.append([record["title"], size, *times, accuracy, ratio])
    return found


def _measured(records: Sequence[Record]) -> list[Record]:
    return [record for record in records if record["kind"] not in NOT_MEASURED]


def _epochs(record: Record) -> str:
    """Return the numbers of epochs that the rounds took."""
    counts = sorted({len(seconds) for seconds in record["seconds_by_round"]})
    return f"{' or '.join(map(str, counts))} {'epoch' if counts == [1] else 'epochs'}"


def _seconds(value: float) -> str:
    return f"{value:.{1 if value >= 10 else 2}f} s"
