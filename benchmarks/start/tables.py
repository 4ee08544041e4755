"""What was measured, as a table: seconds, with ours divided by the best peer's first."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.configurations import TITLES
from benchmarks.peers import OURS
from benchmarks.readme import measured_on

Record = dict[str, Any]


def line(record: Record) -> str:
    """Return one record in one line."""
    what = ", ".join(str(record[key]) for key in ("title", "configuration", "state") if key in record)
    if "reason" in record:
        return f"{record['kind']}: {what}: {record['reason']}"
    return f"  {what}{', to ' + format(record['goal'], '.1%') if 'goal' in record else ''}: {_cell(record)}"


def show(records: Sequence[Record], console: Console) -> None:
    """Print the table, and name what was not measured."""
    heading, *rows = _rows(records, "[bold]{}[/bold]")
    if rows:
        table = Table(title="From the start of Python; seconds")
        for text in heading:
            table.add_column(text, no_wrap=True)
        for row in rows:
            table.add_row(*row)
        console.print(table)
    for record in records:
        if "reason" in record:
            console.print(line(record), markup=False)


def markdown(records: Sequence[Record], machine: Record) -> str:
    """Return the table of the README."""
    heading, *rows = _rows(records, "**{}**")
    cells = [heading, ["---", "---", *["---:"] * (len(heading) - 2)], *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells) + f"\n\n{measured_on(records, machine)}\n"


def groups(records: Iterable[Record]) -> dict[tuple[str, str], list[Record]]:
    """Return the measured records by network and what was measured, in their order."""
    found: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record["kind"] == "first_epoch":
            found.setdefault((record["configuration"], f"first epoch, {record['state']}"), []).append(record)
        elif record["kind"] == "goal":
            what = f"{record['goal']:.1%} on the test images, empty cache"
            found.setdefault((record["configuration"], what), []).append(record)
    return found


def _rows(records: Sequence[Record], bold: str) -> list[list[str]]:
    """Return the heading and, for each network and each thing measured, our time by the best peer's and all times."""

    def against_best(by_peer: dict[str, Record], value: Callable[[Record], float]) -> str:
        peers = [record for peer, record in by_peer.items() if peer != OURS.module]
        if len(peers) == len(by_peer) or not peers:
            return "-"
        best = min(peers, key=value)
        return f"{bold.format(f'{value(by_peer[OURS.module]) / value(best):.2f}')} ({best['title']})"

    grouped = groups(records)
    titles = {record["peer"]: record["title"] for some in grouped.values() for record in some}
    rows = [["network", "", "network3 / best peer", *titles.values()]]
    for (name, what), some in grouped.items():
        by_peer = {record["peer"]: record for record in some}
        cells = [_cell(by_peer[peer]) if peer in by_peer else "-" for peer in titles]
        rows.append([TITLES.get(name, name), what, against_best(by_peer, seconds), *cells])
        if all(record.get("state") == "empty cache" and memory(record) for record in some):
            cells = [f"{memory(by_peer[peer]):,.0f} MB" if peer in by_peer else "-" for peer in titles]
            rows.append([TITLES.get(name, name), "its peak memory", against_best(by_peer, memory), *cells])
    return rows


def seconds(record: Record) -> float:
    """Return the time that counts: the best of the rounds of a first epoch, the median of those to a goal."""
    return record["seconds"]


def memory(record: Record) -> float:
    """Return the most memory in any round, in MB; 0 if the system does not say."""
    return max(peak or 0.0 for peak in record["peak_mb_by_round"])


def _cell(record: Record) -> str:
    text = f"{seconds(record):.{1 if seconds(record) >= 10 else 2}f} s"
    return f"{text} ({record['epochs']} epochs)" if "epochs" in record else text
