"""The waiting times as a table: ours divided by the best peer's, then the seconds of each library.

The field ``kind`` of a record decides how it is read: "first_epoch", "goal", or one of `NOT_MEASURED`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from rich.console import Console

from benchmarks.configurations import TITLES
from benchmarks.console import show_not_measured, show_table
from benchmarks.peers import OURS
from benchmarks.readme import markdown_table, measured_on
from benchmarks.records import NOT_MEASURED, Record

from . import COLD

MEASURED = ("first_epoch", "goal")


def line(record: Record) -> str:
    """Return one record as one line."""
    text = ", ".join(str(record[key]) for key in ("title", "configuration", "state") if key in record)
    if record["kind"] in NOT_MEASURED:
        return f"{record['kind']}: {text}: {record['reason']}"
    goal = f", to {record['goal']:.1%}" if record["kind"] == "goal" else ""
    return f"  {text}{goal}: {_cell(record)}"


def show(records: Sequence[Record], console: Console) -> None:
    """Print the table, then a line for each library that was not measured."""
    if groups(records):
        heading, rows = _cells(records, "[bold]{}[/bold]")
        show_table(console, "From the start of Python; seconds", heading, rows)
    show_not_measured(console, records, line)


def markdown(records: Sequence[Record], machine: Record) -> str:
    """Return the table of docs/performance.md."""
    return f"{markdown_table(*_cells(records, '**{}**'))}\n\n{measured_on(records, machine)}\n"


def groups(records: Iterable[Record]) -> dict[tuple[str, str], list[Record]]:
    """Return the measurements by network and measure, in the order of `records`."""
    found: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record["kind"] in MEASURED:
            found.setdefault((record["configuration"], _measure(record)), []).append(record)
    return found


def _measure(record: Record) -> str:
    """Return the label of a row of the table."""
    if record["kind"] == "first_epoch":
        return f"first epoch, {record['state']}"
    return f"{record['goal']:.1%} on the test images, {COLD}"


def _cells(records: Sequence[Record], bold: str) -> tuple[list[str], list[list[str]]]:
    """Return the heading, and a row for each network and measure: our time / the best peer's, then all times."""
    grouped = groups(records)
    titles = {record["peer"]: record["title"] for group in grouped.values() for record in group}
    rows = []
    for (name, measure), group in grouped.items():
        by_peer = {record["peer"]: record for record in group}
        cells = [_cell(by_peer[peer]) if peer in by_peer else "-" for peer in titles]
        rows.append([TITLES.get(name, name), measure, _ratio(by_peer, seconds, bold), *cells])
        cold = all(record["kind"] == "first_epoch" and record["state"] == COLD for record in group)
        if cold and all(map(memory, group)):
            cells = [f"{memory(by_peer[peer]):,.0f} MB" if peer in by_peer else "-" for peer in titles]
            rows.append([TITLES.get(name, name), "its peak memory", _ratio(by_peer, memory, bold), *cells])
    return ["network", "", "network3 / best peer", *titles.values()], rows


def _ratio(by_peer: Mapping[str, Record], value: Callable[[Record], float], bold: str) -> str:
    """Return ours / the best peer's, and that peer's title; "-" if one side is missing."""
    peers = [record for peer, record in by_peer.items() if peer != OURS.name]
    if OURS.name not in by_peer or not peers:
        return "-"
    best = min(peers, key=value)
    return f"{bold.format(f'{value(by_peer[OURS.name]) / value(best):.2f}')} ({best['title']})"


def seconds(record: Record) -> float:
    """Return the time that counts: the best round of a first epoch, the median of the rounds to a goal."""
    return record["seconds"]


def memory(record: Record) -> float:
    """Return the peak memory over all rounds, in MB; 0 if the system does not report it."""
    return max(peak or 0.0 for peak in record["peak_mb_by_round"])


def _cell(record: Record) -> str:
    text = f"{seconds(record):.{1 if seconds(record) >= 10 else 2}f} s"
    return f"{text} ({record['epochs']} epochs)" if record["kind"] == "goal" else text
