"""Which kernels take a step's time on a device: ``python -m benchmarks.gpu.kernels NETWORK BATCH`` prints JSON."""

import gzip
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

import jax
import numpy as np

from benchmarks.configurations import configuration
from benchmarks.gpu.ours import build

STEPS, SHOWN = 250, 12


def main(name: str, batch: str) -> None:
    """Trace some steps, and print the microseconds of each kernel in one step, the longest first."""
    config, size = configuration(name), int(batch)
    contestant = build(config, config.weights(), size)
    rng = np.random.default_rng(0)
    contestant.load(
        rng.random((STEPS * size, 784), dtype=np.float32), rng.integers(0, 10, STEPS * size).astype("int32")
    )
    contestant.run(STEPS)
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            contestant.run(STEPS)
        (path,) = Path(folder).rglob("*.trace.json.gz")
        with gzip.open(path, "rt", encoding="utf-8") as file:
            events = json.load(file)["traceEvents"]
    print(json.dumps({"kind": "kernels", "configuration": name, "batch": size, **longest(events)}))


def longest(events) -> dict:
    """Return "us" of a step on the device by kernel, and the "kernels" that a step launches."""
    devices = {
        event["pid"]
        for event in events
        if event.get("name") == "process_name" and "/device:" in event.get("args", {}).get("name", "")
    }
    spent: Counter[str] = Counter()
    launched = 0
    for event in events:
        if event.get("ph") == "X" and event.get("pid") in devices:
            spent[event["name"]] += event["dur"]
            launched += 1
    times = {name: round(total / STEPS, 2) for name, total in spent.most_common(SHOWN)}
    return {"us": times, "us_all": round(spent.total() / STEPS, 2), "kernels": round(launched / STEPS, 1)}


if __name__ == "__main__":
    main(*sys.argv[1:])
