"""A repeatedly killed and resumed training, compared with an uninterrupted one: ``python -m tests.tools.torture``.

Every kill is a SIGKILL during an epoch, an evaluation, or the writing of a checkpoint. At the end all bits must be
equal, and no resumed process may start at an epoch before that of the last checkpoint.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "network3" / "training" / "interrupted_run.py"
EPOCHS_PER_KILL = 0.7  # so that the training is not finished before the last kill


def start(folder: Path, name: str, epochs: int) -> subprocess.Popen:
    """Start or resume the training `name`."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NETWORK3_DEVICE": "cpu"}
    files = [str(folder / f"{name}.checkpoint"), str(folder / f"{name}.npz"), str(epochs)]
    command = [sys.executable, str(PROGRAM), *files]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def follow(process: subprocess.Popen, lines: int) -> list[tuple[int, int]]:
    """Return at most `lines` progress reports of the training: pairs (epoch, mini-batches done)."""
    reports: list[tuple[int, int]] = []
    assert process.stderr is not None
    while len(reports) < lines and (line := process.stderr.readline()):
        words = line.split()
        if len(words) == 2 and all(word.isdecimal() for word in words):
            reports.append((int(words[0]), int(words[1])))
    return reports


def main(kills: int, seed: int) -> int:
    """Kill and resume, print the result, and return 0 if nothing was lost."""
    draw, epochs = random.Random(seed), max(3, int(EPOCHS_PER_KILL * kills))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start(folder, "uninterrupted", epochs).communicate()
        killed = resumed = lost = 0
        reached = 0  # the last reported epoch: all epochs before it are in a checkpoint
        while killed < kills:
            process = start(folder, "killed", epochs)
            reports = follow(process, draw.randint(1, 10))
            if reports and killed:
                resumed += 1
                lost += max(0, reached - reports[0][0])
            if not reports:
                _, errors = process.communicate()
                print(f"it ended before kill {killed + 1} of {kills} (seed {seed}): {errors[-500:]}")
                return 1
            reached = max(reached, reports[-1][0])
            time.sleep(draw.expovariate(100))
            process.kill()
            process.communicate()
            killed += 1
        last = start(folder, "killed", epochs)
        resumed += bool(follow(last, 1))
        last.communicate()
        differing = differing_bits(folder / "uninterrupted.npz", folder / "killed.npz")
    print(f"{killed} kills, {resumed} resumed, {differing} differing bits, {lost} lost epochs (seed {seed})")
    return int(not (killed == resumed == kills and differing == lost == 0))


def differing_bits(one: Path, other: Path) -> int:
    """Return the number of differing bits; arrays of different shape or dtype count with all their bits."""
    with np.load(one) as expected, np.load(other) as found:
        names = set(expected.files) | set(found.files)
        return sum(_bits(expected.get(name), found.get(name)) for name in names)


def _bits(one: np.ndarray | None, other: np.ndarray | None) -> int:
    if one is None or other is None or one.shape != other.shape or one.dtype != other.dtype:
        return 8 * max(getattr(array, "nbytes", 1) for array in (one, other))
    return int(np.unpackbits(np.frombuffer(one.tobytes(), "u1") ^ np.frombuffer(other.tobytes(), "u1")).sum())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given = parser.parse_args()
    sys.exit(main(given.kills, given.seed))
