"""The table of a training's epochs, as ``print(history)`` and notebooks show it."""

from collections.abc import Mapping, Sequence
from typing import Any

from network3.summary import Table

COLUMNS = {
    "epoch": "d",
    "cost": ".4g",
    "validation_accuracy": ".2%",
    "test_accuracy": ".2%",
    "validation_cost": ".4g",
    "test_cost": ".4g",
    "eta": ".4g",
    "seconds": ".1f",
}


def epoch_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return the table of `rows`, those of `History.rows`: learning rates only if they differ, and all monitors."""
    flat = [{**row, **row["monitors"]} for row in rows]
    names = [name for name in COLUMNS if any(name in row for row in flat)]
    if len({row.get("eta") for row in flat}) < 2:
        names = [name for name in names if name != "eta"]
    monitors = [name for row in flat[:1] for name in row["monitors"] if name not in names]
    names[-1:-1] = monitors  # before the seconds
    heading = [name.replace("_", " ") for name in names]
    return Table([heading, *([_formatted(name, row.get(name)) for name in names] for row in flat)])


def _formatted(name: str, value: Any) -> str:
    """Return a value of a column; nothing where an epoch has none."""
    if value is None:
        return ""
    return format(value, COLUMNS.get(name, ".2%" if name.endswith("accuracy") else ".4g"))
