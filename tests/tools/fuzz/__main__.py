"""Fuzzing of every reader with damaged files, for a given time: ``python -m tests.tools.fuzz --minutes 10``.

Readers run in a subprocess, whose memory is measured: if it dies, that is a crash, and more than ten seconds for a file
are a hang. Files that cause a failure are kept.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from tests.tools.fuzz.damage import damaged
from tests.tools.fuzz.memory import limited_memory
from tests.tools.fuzz.readers import readers

ROOT = Path(__file__).parents[3]
HANG = 10  # seconds for one file
FILES_PER_PROCESS = 2000


def main(minutes: float, seed: int, kept: Path) -> int:
    """Read damaged files until the time is over; return the number of failures."""
    end, failures, files, peak, crashes, hangs = time.monotonic() + 60 * minutes, 0, 0, 0.0, 0, 0
    while time.monotonic() < end:
        remaining = end - time.monotonic()
        command = [
            sys.executable,
            "-m",
            "tests.tools.fuzz",
            "--serve",
            str(seed),
            "--seconds",
            str(remaining),
            "--kept",
            str(kept),
        ]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            last = {}
            assert process.stdout is not None
            for line in process.stdout:
                last = json.loads(line)
                if "failure" in last:
                    failures += 1
                    hangs += "hang" in last["failure"]
                    print(line, end="", flush=True)
        peak, files = max(peak, last.get("peak_mb", 0.0)), files + last.get("files", 0)
        if process.returncode:
            crashes += 1
            print(f"the process ended with {process.returncode}, seed {seed}, after {last}", flush=True)
        seed += 1
    print(
        f"{files:,} files for {len(readers(kept))} readers: {crashes} crashes, {hangs} hangs, {failures} failures "
        f"in all; peak memory {peak:.0f} MB"
    )
    return failures + crashes


def serve(seed: int, seconds: float, kept: Path) -> None:
    """Read damaged files in this process, and print a line of JSON for each failure and one at the end."""
    import resource
    import signal

    def raise_hang(*_: object) -> None:
        raise TimeoutError("a hang")

    signal.signal(signal.SIGALRM, raise_hang)
    rng, end = np.random.default_rng(seed), time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        all_readers = list(readers(Path(folder)).items())
        stack.enter_context(limited_memory())
        files = 0
        while files < FILES_PER_PROCESS and time.monotonic() < end:
            name, reader = all_readers[rng.integers(len(all_readers))]
            content = damaged(reader.valid, rng)
            signal.alarm(HANG)
            outcome = reader.outcome(Path(folder) / f"file{reader.suffix}", content)
            signal.alarm(0)
            files += 1
            if outcome not in ("read", "rejected"):
                path = kept / f"fuzz-{seed}-{files}{reader.suffix}"
                path.write_bytes(content)
                print(json.dumps({"failure": outcome[:300], "reader": name, "file": str(path)}), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"files": files, "peak_mb": peak}), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument(
        "--kept", type=Path, default=Path(tempfile.gettempdir()), help="folder for files that cause a failure"
    )
    parser.add_argument("--serve", type=int)
    parser.add_argument("--seconds", type=float)
    given = parser.parse_args()
    if given.serve is None:
        sys.exit(1 if main(given.minutes, given.seed, given.kept) else 0)
    serve(given.serve, given.seconds, given.kept)
