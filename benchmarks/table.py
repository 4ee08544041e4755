"""Results of the step comparison on the terminal: ratios (ours / peer, below 1 is faster) and the times behind them."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table

from .console import show_not_measured
from .records import NOT_MEASURED, UNITS, Record, best_peer, by_workload, fastest_of_ours, median_time, titles_of

CACHE_STATES = ("cold", "warm")


def show(records: Sequence[Record], console: Console) -> None:
    """Print the measurements, then a line for each peer that was not measured."""
    titles = titles_of(records)
    if titles:
        console.print(_ratios(records, titles))
        console.print(_one_time_costs(records, titles))
    show_not_measured(console, records, line)


def line(record: Record) -> str:
    """Return one record as one line."""
    words = [str(record[key]) for key in ("title", "configuration") if key in record]
    words += [f"batch {record['batch']}"] if "batch" in record else []
    words += ["inference"] if record["kind"] == "inference" else []
    text = ", ".join(words)
    if record["kind"] in NOT_MEASURED:
        return f"{record['kind']}: {text}: {record['reason']}"
    return f"  {text}: ours {_time(record, 'ours')} / peer {_time(record, 'theirs')} = {record['ratio']:.2f}"


def _ratios(records: Sequence[Record], titles: Mapping[str, str]) -> Table:
    table = Table(title="ours / peer: median, smallest to largest, and the time at the better number of threads")
    for heading in ("network", "", "ours / best peer", "ours"):
        table.add_column(heading, no_wrap=True)
    for title in titles.values():
        table.add_column(title.replace(", ", ",\n"), no_wrap=True)
    for (name, workload), group in by_workload(records).items():
        best = best_peer(group)
        by_peer = {record["peer"]: record for record in group}
        cells = [_cell(by_peer[peer]) if peer in by_peer else "-" for peer in titles]
        ratio = f"[bold]{best['ratio']:.2f}[/bold]\n{best['title']}"
        table.add_row(name, workload, ratio, _time(fastest_of_ours(group), "ours"), *cells)
    return table


def _cell(record: Record) -> str:
    spread = f"{record['ratio_min']:.2f}-{record['ratio_max']:.2f}"
    return f"{record['ratio']:.2f}\n{spread}\n{_time(record, 'theirs')}"


def _time(record: Record, side: str) -> str:
    value, unit = median_time(record, side), UNITS[record["kind"]]
    if unit == "us" and value >= 10_000:
        value, unit = value / 1000, "ms"
    return f"{value:,.{0 if value >= 100 else 1}f} {unit} x{record[side]['threads']}"


def _one_time_costs(records: Sequence[Record], titles: Mapping[str, str]) -> Table:
    """Return the table of costs that do not depend on the number of steps: import, first step, memory; ours first."""
    table = Table(title="One-time costs, maximum over networks and batches: CPU seconds, and peak memory in MB")
    for heading in ("", "import", "first step, cold cache", "warm cache", "memory, cold", "warm"):
        table.add_column(heading, justify="right", no_wrap=True)
    training = [record for record in records if record["kind"] == "training"]
    rows = [("network3", "ours", training)]
    rows += [(title, "theirs", [r for r in training if r["peer"] == peer]) for peer, title in titles.items()]
    for title, side, group in rows:
        if group:
            imports = [record["import"][side]["import_cpu_s"] for record in group]
            steps: dict[str, list[float | None]] = {state: [] for state in CACHE_STATES}
            memory: dict[str, list[float | None]] = {state: [] for state in CACHE_STATES}
            for record in group:
                for step, peak in zip(record[side]["first_step"], record[side]["peak_mb"], strict=True):
                    steps[step["cache"]].append(step["first_step_cpu_s"])
                    memory[step["cache"]].append(peak)
            table.add_row(title, _maximum(imports), *map(_maximum, steps.values()), *map(_maximum, memory.values()))
    return table


def _maximum(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{max(known):,.{0 if max(known) >= 100 else 2}f}" if known else "-"
