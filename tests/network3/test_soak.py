"""Fifty trainings in one process: neither memory nor file handles grow."""

import gc
import os
import sys
from pathlib import Path

import numpy as np
import pytest

import network3
from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.optim.rules import Momentum

CALLS, WARM = 50, 10
STATUS = Path("/proc/self/status")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not STATUS.exists(), reason="reads Linux's account of the process"),
]


def resident_mb():
    """Return the memory that the process has now, in MB."""
    fields = dict(line.split(":", 1) for line in STATUS.read_text(encoding="utf-8").splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024


def handles():
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  (one handle less than an iterator holds)


@pytest.mark.parametrize(("backend", "devices"), [("network3", None), ("jax", None), ("jax", 1)])
def test_memory_and_file_handles_stay(tmp_path, backend, devices):
    network3.use(backend=backend)
    rng = np.random.default_rng(1)
    images, labels = rng.random((3000, 40)), rng.integers(0, 3, 3000)
    seen = []
    for call in range(CALLS):
        if call % 5 == 0:  # a network of one's own now and then, as in a search
            net = Network([FullyConnectedLayer(40, 20, p_dropout=0.2), SoftmaxLayer(20, 3)], 10)
        path = tmp_path / f"checkpoint{call % 5}"
        given = {"rule": Momentum(0.5), "checkpoint": path, "devices": devices}
        net.SGD((images, labels), 1, 10, 0.1, (images[:500], labels[:500]), **given)
        gc.collect()
        seen.append((resident_mb(), handles()))
    assert seen[-1][1] == seen[WARM][1], [count for _, count in seen]
    grown = seen[-1][0] - seen[WARM][0]
    # XLA keeps some MB of each program that it has compiled; loops on a device have two: a full chunk, and the rest.
    most = 60 if devices is None else 120
    assert grown < most, f"{grown:.0f} MB: {[round(mb) for mb, _ in seen]} in {sys.version}"
