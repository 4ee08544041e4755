"""Compiled code on disk: later processes find all of it, give the same bits, and run no kernel of another version."""

import os
import subprocess
import sys

import pytest

TRAIN = """
import hashlib
import numpy as np
from numba.core.event import install_recorder
import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network
from network3.layers.initializers import normalized

network3.use("cpu", "float32", backend="numba")
rng = np.random.default_rng(61)
drawn = {"initializer": normalized, "rng": rng}
layers = [
    ConvPoolLayer((3, 1, 3, 2), (4, 1, 10, 8), (2, 2), **drawn),
    FullyConnectedLayer(36, 3, network3.linear, **drawn),
]
net = Network(layers, 4)
with install_recorder("numba:compile") as compiled:
    net.SGD((rng.normal(size=(12, 80)), rng.integers(0, 3, 12)), 2, 4, 0.1, cost=network3.layers.costs.quadratic)
print("compiled", *{event.data["dispatcher"].py_func.__name__ for _, event in compiled.buffer})
print("bits", hashlib.sha256(b"".join(w.tobytes() for w in net.get_weights())).hexdigest())
"""

# Another kernel, of a layer that the fused kernels leave alone: its windows give their sum, not their norm.
L2_POOLING = TRAIN.replace("(2, 2), **drawn", "(2, 2), pool='l2', **drawn")
OTHER_KERNEL = """
from network3.layers.backends.numba import pool

pool.CONDENSE["l2"] = pool.CONDENSE["sum"]
"""
OTHER_VERSION = "pool.VERSION += 1\n"

# PyTensor's look-up of BLAS's addresses, which differ from process to process: a tenth of a second.
NEVER_CACHED = {"get_gemm_pointer"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def train(folder, before="", program=TRAIN):
    """Train in a process of its own; return its weights' bits, what was compiled, and the cache's files."""
    environment = os.environ | {
        "PYTENSOR_FLAGS": f"base_compiledir={folder}",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "NETWORK3_DEVICE": "cpu",
    }
    done = subprocess.run([sys.executable, "-c", before + program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = {name: rest for name, *rest in map(str.split, done.stdout.splitlines()) if name in ("bits", "compiled")}
    files = {file: file.stat().st_mtime_ns for file in folder.rglob("*") if file.suffix in (".nbi", ".nbc")}
    return told["bits"], set(told["compiled"]) - NEVER_CACHED, files


@pytest.fixture(scope="module")
def first(folder):
    return train(folder)


def test_later_processes_compile_nothing_and_give_the_same_bits(folder, first):
    bits, compiled, files = first
    assert "epoch" in compiled
    assert len(files) > 10
    # Two more: a parallel kernel that was itself loaded from the cache has been known to crash the third.
    for _ in range(2):
        assert train(folder) == (bits, set(), files)


def test_a_kernel_of_another_version_is_compiled_anew(folder):
    bits, *_ = train(folder, program=L2_POOLING)
    stale, *_ = train(folder, OTHER_KERNEL, L2_POOLING)
    assert stale == bits, "the version alone tells kernels apart"
    other, compiled, _ = train(folder, OTHER_KERNEL + OTHER_VERSION, L2_POOLING)
    assert other != bits
    assert "epoch" in compiled
    assert train(folder, program=L2_POOLING)[0] == bits


LONG_SUMS = """
import hashlib
import numpy as np
import network3
from network3.catalogue import RUNS

np.random.seed(20240607)
net = network3.Network(RUNS["shallow"].layers(10), 10)
rng = np.random.default_rng(62)
net.SGD((rng.random((300, 784)), rng.integers(0, 10, 300)), 1, 10, 0.1)
print("compiled")
print("bits", hashlib.sha256(b"".join(w.tobytes() for w in net.get_weights())).hexdigest())
"""


def test_long_float32_sums_have_the_same_bits_cold_and_warm(tmp_path):
    """Under fast mathematics they had not: code from the disk is inlined, and so summed, in another order."""
    cold, *_ = train(tmp_path, program=LONG_SUMS)
    warm, *_ = train(tmp_path, program=LONG_SUMS)
    assert warm == cold
