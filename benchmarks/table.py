"""Results as tables on the terminal: ratios first (ours / peer, below 1 is faster), then the times behind them."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

Record = dict[str, Any]


def show(records: Sequence[Record], console: Console) -> None:
    """Print what was measured, and name what was not."""
    peers = list(dict.fromkeys(r["peer"] for r in records if r["kind"] in ("training", "inference")))
    titles = {r["peer"]: r["title"] for r in records if "title" in r}
    if peers:
        console.print(_ratios(records, peers, titles))
        console.print(_compilation(records, peers, titles))
    for record in records:
        if record["kind"] in ("wrong", "skipped"):
            console.print(line(record), markup=False)


def columns(records: Iterable[Record]) -> dict[tuple[str, str], list[Record]]:
    """Return the measured records by (configuration, batch or "10,000 images"), in their order."""
    found: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record["kind"] == "training":
            found.setdefault((record["configuration"], f"batch {record['batch']}"), []).append(record)
        elif record["kind"] == "inference":
            found.setdefault((record["configuration"], f"{record['images']:,} images"), []).append(record)
    return found


def against_best(records: Sequence[Record]) -> Record:
    """Return the record of the peer beside which we look worst: of the fastest peer, measured in turn with us."""
    return max(records, key=lambda record: record["ratio"])


def line(record: Record) -> str:
    """Return one record in one line."""
    what = ", ".join(str(record[key]) for key in ("title", "configuration") if key in record)
    what += f", batch {record['batch']}" if "batch" in record else ""
    if record["kind"] in ("wrong", "skipped"):
        return f"{record['kind']}: {what}: {record['reason']}"
    inference = ", inference" if record["kind"] == "inference" else ""
    return f"  {what}{inference}: ours {_time(record['ours'])} / its {_time(record['theirs'])} = {record['ratio']:.2f}"


def _ratios(records, peers, titles) -> Table:
    table = Table(title="ours / peer: median, smallest to largest, and the time at the better number of threads")
    for heading in ("network", "", "ours / best peer", "ours"):
        table.add_column(heading, no_wrap=True)
    for peer in peers:
        table.add_column(titles[peer].replace(", ", ",\n"), no_wrap=True)
    for (name, what), some in columns(records).items():
        best = against_best(some)
        by_peer = {record["peer"]: record for record in some}
        ours = min((record["ours"] for record in some), key=middle)
        cells = [_cell(by_peer[peer]) if peer in by_peer else "-" for peer in peers]
        ratio = f"[bold]{best['ratio']:.2f}[/bold]\n{best['title']}"
        table.add_row(name, what, ratio, _time(ours), *cells)
    return table


def _cell(record: Record) -> str:
    return f"{record['ratio']:.2f}\n{record['ratio_min']:.2f}-{record['ratio_max']:.2f}\n{_time(record['theirs'])}"


def middle(side: Record) -> float:
    """Return the median time of a side, in microseconds a step or in milliseconds."""
    return side["us_median"] if "us_median" in side else side["ms_median"]


def _time(side: Record) -> str:
    value, unit = middle(side), "us" if "us_median" in side else "ms"
    if unit == "us" and value >= 10_000:
        value, unit = value / 1000, "ms"
    return f"{value:,.{0 if value >= 100 else 1}f} {unit} x{side['threads']}"


def _compilation(records, peers, titles) -> Table:
    """Return the table of what is paid once: import, first step, memory; ours first."""
    table = Table(title="Paid once, the most over networks and batches: CPU seconds, and peak memory in MB")
    for heading in ("", "import", "first step, cold cache", "warm cache", "memory, cold", "warm"):
        table.add_column(heading, justify="right", no_wrap=True)
    training = [record for record in records if record["kind"] == "training"]
    sides = [("network3", "ours", training)]
    sides += [(titles[peer], "theirs", [record for record in training if record["peer"] == peer]) for peer in peers]
    for title, side, some in sides:
        if some:
            paid = [pair for r in some for pair in zip(r[side]["first_step"], r[side]["peak_mb"], strict=True)]
            steps, memory = (
                [_most(what(pair) for pair in paid if pair[0]["cache"] == cache) for cache in ("cold", "warm")]
                for what in (lambda pair: pair[0]["first_step_cpu_s"], lambda pair: pair[1])
            )
            table.add_row(title, _most(r["import"][side]["import_cpu_s"] for r in some), *steps, *memory)
    return table


def _most(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{max(known):,.{0 if max(known) >= 100 else 2}f}" if known else "-"
