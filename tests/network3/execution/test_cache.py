"""Compiled code on disk: later processes find all of it and give the same bits; another width compiles few kernels."""

import os
import shutil
import subprocess
import sys

import pytest

TRAIN = """
import hashlib, sys
import numpy as np
import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, ReLU, SoftmaxLayer
from network3.layers.backends.cpu import object_code

compiled, compile_text = [], object_code.compile_text
object_code.compile_text = lambda text, **how: compiled.append(text) or compile_text(text, **how)
network3.use("cpu", "float32", backend="network3")
rng, width = np.random.default_rng(61), int(sys.argv[1])
layers = [
    ConvPoolLayer((3, 1, 3, 2), (4, 1, 10, 8), (2, 2), ReLU, rng=rng),
    FullyConnectedLayer(36, width, rng=rng),
    SoftmaxLayer(width, 3, rng=rng),
]
net, data = Network(layers, 4), (rng.random((300, 80)), rng.integers(0, 3, 300))
net.SGD(data, 2, 4, 0.1, data)
print("compiled", len(compiled))
print("bits", hashlib.sha256(b"".join(w.tobytes() for w in net.get_weights())).hexdigest())
print("imported", "numba" in sys.modules)
"""


def train(folder, width):
    """Train in a process of its own; return the bits of its weights, how many kernels it compiled, and the cache."""
    environment = os.environ | {
        "PYTENSOR_FLAGS": f"base_compiledir={folder}",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "NETWORK3_DEVICE": "cpu",
    }
    command = [sys.executable, "-c", TRAIN, str(width)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    printed = {name: rest for name, *rest in map(str.split, done.stdout.splitlines())}
    assert printed["imported"] == ["False"]
    files = {file: file.read_bytes() for file in (folder / "network3").iterdir()}
    return printed["bits"], int(printed["compiled"][0]), files


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def first(folder):
    return train(folder, 20)


def test_later_processes_compile_nothing_and_give_the_same_bits(folder, first):
    bits, compiled, files = first
    assert compiled == len(files) > 20
    assert train(folder, 20) == (bits, 0, files)


def test_another_width_compiles_few_kernels(folder, first, tmp_path):
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    _, compiled, _ = train(tmp_path, 25)
    assert 0 < compiled < first[1] / 2
