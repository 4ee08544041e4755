"""The kernels of a step on a device: ``python -m benchmarks.gpu.kernels NETWORK BATCH`` prints their times as JSON."""

import gzip
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from benchmarks.configurations import CLASSES, SIDE, configuration

from .ours import build

STEPS = 250
LISTED = 12  # kernels
COMPLETE = "X"  # phase of the profiler's events that have a duration


def main(name: str, batch: str) -> None:
    """Profile `STEPS` steps, and print the microseconds of each kernel in one step, the longest first."""
    config, size = configuration(name), int(batch)
    network = build(config, config.weights(), size)
    rng = np.random.default_rng(0)
    images = rng.random((STEPS * size, SIDE * SIDE), dtype=np.float32)
    network.load(images, rng.integers(0, CLASSES, STEPS * size).astype("int32"))
    network.run(STEPS)
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            network.run(STEPS)
        (path,) = Path(folder).rglob("*.trace.json.gz")
        with gzip.open(path, "rt", encoding="utf-8") as file:
            events = json.load(file)["traceEvents"]
    print(json.dumps({"kind": "kernels", "configuration": name, "batch": size, **longest(events)}))


def longest(events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up the kernels in a profile of `STEPS` steps.

    Parameters
    ----------
    events : sequence of dict
        ``traceEvents`` of the profiler, in the Trace Event Format, which marks devices by their process name only.

    Returns
    -------
    dict
        For one step: ``us`` by kernel, of the `LISTED` longest, ``us_all`` of all kernels, and the number of
        ``kernels``.
    """
    devices = {
        event["pid"]
        for event in events
        if event.get("name") == "process_name" and "/device:" in event.get("args", {}).get("name", "")
    }
    kernels = [event for event in events if event.get("ph") == COMPLETE and event.get("pid") in devices]
    microseconds: Counter[str] = Counter()
    for kernel in kernels:
        microseconds[kernel["name"]] += kernel["dur"]
    listed = {name: round(total / STEPS, 2) for name, total in microseconds.most_common(LISTED)}
    total = round(microseconds.total() / STEPS, 2)
    return {"us": listed, "us_all": total, "kernels": round(len(kernels) / STEPS, 1)}


if __name__ == "__main__":
    main(*sys.argv[1:])
