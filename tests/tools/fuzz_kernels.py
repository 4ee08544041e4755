"""Fuzzing of the kernel compiler: random kernels, and the project's own kernels at random sizes.

``python -m tests.tools.fuzz_kernels --minutes 10`` runs each as plain Python, compiled, and compiled with every access
checked, on arrays at varying offsets between guards, and compares the results. They run in separate processes, for
several processors that this machine can emulate; a process that dies counts as a crash.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
TOGETHER = 300  # kernels per process: compiled code is never freed


def processors() -> list[dict[str, str]]:
    """Return settings for the processors to compile for: this one, and older ones with a subset of its features."""
    from llvmlite import binding

    found: list[dict[str, str]] = [{}]
    if binding.get_process_triple().startswith("x86"):
        found.append({"NETWORK3_CPU_NAME": "x86-64", "NETWORK3_CPU_FEATURES": ""})
        features = binding.get_host_cpu_features()
        if features.get("avx2") and features.get("fma"):
            found.append({"NETWORK3_CPU_NAME": "haswell", "NETWORK3_CPU_FEATURES": "+avx,+avx2,+fma"})
    return found


def main(minutes: float, seed: int) -> int:
    """Run kernels until the time is over; return the number of failures."""
    end, wrong, crashes = time.monotonic() + 60 * minutes, 0, 0
    counts: Counter[str] = Counter()
    first, known = seed, processors()
    while time.monotonic() < end:
        command = [sys.executable, "-m", "tests.tools.fuzz_kernels", "--serve", str(seed)]
        command += ["--seconds", str(end - time.monotonic())]
        environment = {**os.environ, **known[(seed - first) % len(known)]}
        last: dict = {}
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stdout is not None
            for line in process.stdout:
                last = json.loads(line)
                if "wrong" in last:
                    wrong += 1
                    print(f"seed {seed}, {environment.get('NETWORK3_CPU_NAME', 'host')}: {last['wrong']}", flush=True)
        counts.update(last.get("counts", {}))
        if process.returncode:
            crashes += 1
            print(f"the process ended with {process.returncode}, seed {seed}, after {last}", flush=True)
        seed += 1
    random = counts.pop("a random kernel", 0)
    print(f"{random:,} random kernels; {counts.total():,} runs of {len(counts)} kernels of the project:")
    print(", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    print(f"{wrong} differences or accesses outside of an array, {crashes} crashes")
    return wrong + crashes


def serve(seed: int, seconds: float) -> None:
    """Run kernels in this process; print a line of JSON before each, for each failure, and at the end."""
    from tests.tools.kernel_draws import DRAWS
    from tests.tools.kernel_runs import Runner, check_source

    rng, end = np.random.default_rng(seed), time.monotonic() + seconds
    counts: Counter[str] = Counter()
    names, done = list(DRAWS), 0
    while done < TOGETHER and time.monotonic() < end:
        done += 1
        case = int(rng.integers(2**31))
        name = "a random kernel" if done % 2 else names[rng.integers(len(names))]
        run = Runner()
        print(json.dumps({"next": name, "case": case}), flush=True)  # the last line identifies a crash
        try:
            if done % 2:
                check_source(case, int(rng.integers(1, 5)))
                counts[name] += 1
            else:
                DRAWS[name](np.random.default_rng(case), run)
        except Exception as error:
            print(json.dumps({"wrong": f"{name}, case {case}: {error!r}"[:10_000]}), flush=True)
        counts.update(kernel.name for kernel in run.kernels)
    print(json.dumps({"counts": counts}), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--serve", type=int)
    parser.add_argument("--seconds", type=float)
    given = parser.parse_args()
    if given.serve is None:
        sys.exit(1 if main(given.minutes, given.seed) else 0)
    serve(given.serve, given.seconds)
