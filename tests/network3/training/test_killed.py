"""Killed in mid-epoch at random and resumed, again and again, a training ends with the same bits as one left alone."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from tests.network3.training.interrupted_run import EPOCHS

PROGRAM = Path(__file__).with_name("interrupted_run.py")
KILLS = 12


def start(folder, name, *lines):
    environment = os.environ | {"PYTHONPATH": str(PROGRAM.parents[3])}
    return subprocess.Popen(
        [sys.executable, PROGRAM, folder / f"{name}.checkpoint", folder / f"{name}.npz", str(EPOCHS), *map(str, lines)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def test_a_dozen_kills_change_no_bit(tmp_path):
    alone = start(tmp_path, "alone")
    assert alone.communicate()[0] is None
    assert alone.returncode == 0
    seed = random.SystemRandom().randrange(10**6)
    draw = random.Random(seed)
    places = []
    while len(places) < KILLS:
        chunks = draw.choice([1, 2, 3, 4, 5, 6, 7, 10, 11, 12])  # within an epoch: it has 8, and a line of its own
        process = start(tmp_path, "killed", chunks + 4)
        lines = [process.stderr.readline() for _ in range(chunks)]
        assert all(lines), f"ended before the kill, after {places} (seed {seed}): {lines}"
        time.sleep(draw.uniform(0, 0.01))
        process.kill()
        process.communicate()
        places.append(lines[-1].strip())
    assert not (tmp_path / "killed.npz").exists()
    assert not any(place.endswith(" 2000") for place in places), "the kills are to fall within epochs"
    last = start(tmp_path, "killed")
    last.communicate()
    assert last.returncode == 0
    with np.load(tmp_path / "alone.npz") as expected, np.load(tmp_path / "killed.npz") as got:
        assert set(expected.files) == set(got.files)
        for name in expected.files:
            np.testing.assert_array_equal(got[name], expected[name], err_msg=f"{name} (seed {seed}, kills at {places})")
