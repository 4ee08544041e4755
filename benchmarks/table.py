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
            what = " ".join(str(record[key]) for key in ("title", "configuration", "batch") if key in record)
            console.print(f"{record['kind']}: {what}: {record['reason']}", markup=False)


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


def _ratios(records, peers, titles) -> Table:
    table = Table(title="ours / peer: median, smallest to largest, and the time at the better number of threads")
    for heading in ("network", "", "best peer", "ours"):
        table.add_column(heading, no_wrap=True)
    for peer in peers:
        table.add_column(titles[peer].replace(", ", ",\n"), no_wrap=True)
    for (name, what), some in columns(records).items():
        best = against_best(some)
        by_peer = {record["peer"]: record for record in some}
        ours = min(some, key=lambda record: _middle(record["ours"]))
        cells = [_cell(by_peer[peer]) if peer in by_peer else "-" for peer in peers]
        table.add_row(name, what, f"[bold]{best['ratio']:.2f}[/bold]", _time(ours["ours"]), *cells)
    return table


def _cell(record: Record) -> str:
    return f"{record['ratio']:.2f}\n{record['ratio_min']:.2f}-{record['ratio_max']:.2f}\n{_time(record['theirs'])}"


def _middle(side: Record) -> float:
    return side["us_median"] if "us_median" in side else side["ms_median"]


def _time(side: Record) -> str:
    middle, unit = _middle(side), "us" if "us_median" in side else "ms"
    if unit == "us" and middle >= 10_000:
        middle, unit = middle / 1000, "ms"
    return f"{middle:,.{0 if middle >= 100 else 1}f} {unit} x{side['threads']}"


def _compilation(records, peers, titles) -> Table:
    """Return the table of what is paid once: import, first step, memory; ours first."""
    table = Table(title="Paid once: CPU seconds of the import and of the first step (largest over networks, batches)")
    for heading in ("", "import", "first step, cold cache", "warm cache", "peak memory, MB"):
        table.add_column(heading, no_wrap=True)
    training = [record for record in records if record["kind"] == "training"]
    sides = [("network3", "ours", training)]
    sides += [(titles[peer], "theirs", [record for record in training if record["peer"] == peer]) for peer in peers]
    for title, side, some in sides:
        if some:
            steps = [step for record in some for step in record[side]["first_step"]]
            table.add_row(
                title,
                _most(record["import"][side]["import_cpu_s"] for record in some),
                _most(step["first_step_cpu_s"] for step in steps if step["cache"] == "cold"),
                _most(step["first_step_cpu_s"] for step in steps if step["cache"] == "warm"),
                _most((record[side]["peak_mb"] for record in some), digits=0),
            )
    return table


def _most(values: Iterable[float | None], digits: int = 2) -> str:
    known = [value for value in values if value is not None]
    return f"{max(known):,.{digits}f}" if known else "-"
