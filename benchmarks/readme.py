"""Results as the Markdown table of the README."""

from collections.abc import Sequence
from typing import Any

from benchmarks.configurations import TITLES
from benchmarks.table import against_best, columns, middle

Record = dict[str, Any]


def table(records: Sequence[Record], machine: Record) -> str:
    """Return a row for each network at each batch: ours / best peer, our time, and ours / each peer."""
    groups = columns(records)
    titles = {record["peer"]: record["title"] for some in groups.values() for record in some}
    heading = ["network", "", "network3 / best peer", "network3", *(f"/ {title}" for title in titles.values())]
    rows = [heading, ["---", "---", *["---:"] * (len(heading) - 2)]]
    for (name, what), some in groups.items():
        best = against_best(some)
        by_peer = {record["peer"]: f"{record['ratio']:.2f}" for record in some}
        ours = min((record["ours"] for record in some), key=middle)
        time = f"{middle(ours):,.0f} us a step" if "us_median" in ours else f"{middle(ours):,.0f} ms"
        ratio = f"**{best['ratio']:.2f}** ({best['title']})"
        rows.append([TITLES.get(name, name), what, ratio, time, *(by_peer.get(peer, "-") for peer in titles)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + f"\n\n{measured_on(records, machine)}\n"


def measured_on(records: Sequence[Record], machine: Record) -> str:
    """Return the sentence below a table: machine, day and versions."""
    about = f"{machine['processor']}, {machine['cores']} cores, {machine['time'][:10]}"
    return f"Measured on {about}; {_versions(records)}."


def _versions(records: Sequence[Record]) -> str:
    found: dict[str, str] = {}
    for record in records:
        for name, version in record.get("versions", {}).items():
            if name not in ("python", "ours: python"):
                found.setdefault(name.removeprefix("ours: "), version)
    return ", ".join(f"{name} {version}" for name, version in sorted(found.items()))
