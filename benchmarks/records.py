"""Records of the step comparison: one dict for each measurement, and one JSON line in ``results/speed.jsonl``.

The field ``kind`` decides how a record is read: "training" (microseconds a step) and "inference" (milliseconds for all
test images) are measurements; "wrong" (the peer trained another network) and "skipped" have a ``reason`` instead.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Record = dict[str, Any]
UNITS = {"training": "us", "inference": "ms"}  # of the times in a record, by its kind
NOT_MEASURED = ("wrong", "skipped")
SIDES = ("ours", "theirs")
OUR_VERSION = "ours: "  # in "versions", precedes the names of our own distributions
PYTHON = "python"  # in "versions"


def median_time(record: Record, side: str) -> float:
    """Return the median time of `side`, "ours" or "theirs", in the unit of the record's kind."""
    return record[side][f"{UNITS[record['kind']]}_median"]


def workload(record: Record) -> str:
    """Return the workload that was timed: ``batch 10``, or ``10,000 images`` for inference."""
    return f"batch {record['batch']}" if record["kind"] == "training" else f"{record['images']:,} images"


def by_workload(records: Iterable[Record]) -> dict[tuple[str, str], list[Record]]:
    """Return the measurements by configuration and workload, in the order of `records`."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record["kind"] in UNITS:
            groups.setdefault((record["configuration"], workload(record)), []).append(record)
    return groups


def titles_of(records: Iterable[Record]) -> dict[str, str]:
    """Return the title of each peer that was measured, by its name."""
    return {record["peer"]: record["title"] for record in records if record["kind"] in UNITS}


def best_peer(records: Sequence[Record]) -> Record:
    """Return the record of the fastest peer: the one with the largest ratio ours / peer."""
    return max(records, key=lambda record: record["ratio"])


def fastest_of_ours(records: Sequence[Record]) -> Record:
    """Return the record with our smallest time; ours is timed again beside each peer."""
    return min(records, key=lambda record: median_time(record, "ours"))


def joint_versions(ours: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Return the versions of both sides in one dict, as a record stores them."""
    return {**theirs, **{f"{OUR_VERSION}{name}": version for name, version in ours.items()}}


def distributions(records: Iterable[Record]) -> dict[str, str]:
    """Return the version of each distribution in any of `records`, without Python's own."""
    found: dict[str, str] = {}
    for record in records:
        for key, version in record.get("versions", {}).items():
            name = key.removeprefix(OUR_VERSION)
            if name != PYTHON:
                found.setdefault(name, version)
    return found
