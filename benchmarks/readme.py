"""Results of the step comparison as the Markdown table of docs/performance.md."""

from collections.abc import Sequence

from .configurations import TITLES
from .records import Record, best_peer, by_workload, distributions, fastest_of_ours, median_time, titles_of

TIME_FORMATS = {"training": "{:,.0f} us a step", "inference": "{:,.0f} ms"}  # by the record's kind


def table(records: Sequence[Record], machine: Record) -> str:
    """Return a row for each network at each workload: ours / best peer, our time, and ours / each peer."""
    titles = titles_of(records)
    heading = ["network", "", "network3 / best peer", "network3", *(f"/ {title}" for title in titles.values())]
    rows = []
    for (name, workload), group in by_workload(records).items():
        best, ours = best_peer(group), fastest_of_ours(group)
        ratio = f"**{best['ratio']:.2f}** ({best['title']})"
        time = TIME_FORMATS[ours["kind"]].format(median_time(ours, "ours"))
        ratios = {record["peer"]: f"{record['ratio']:.2f}" for record in group}
        rows.append([TITLES.get(name, name), workload, ratio, time, *(ratios.get(peer, "-") for peer in titles)])
    return f"{markdown_table(heading, rows)}\n\n{measured_on(records, machine)}\n"


def markdown_table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose first two columns are text, and the others numbers."""
    alignment = ["---", "---", *["---:"] * (len(heading) - 2)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heading, alignment, *rows))


def measured_on(records: Sequence[Record], machine: Record) -> str:
    """Return the sentence below a table: machine, day and versions."""
    about = f"{machine['processor']}, {machine['cores']} cores, {machine['time'][:10]}"
    versions = ", ".join(f"{name} {version}" for name, version in sorted(distributions(records).items()))
    return f"Measured on {about}; {versions}."
