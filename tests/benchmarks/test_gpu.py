"""The benchmark of GPUs, tried out on the CPU: all compute the same, five at once too; kernels are added up."""

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import network3
from benchmarks.configurations import configuration
from benchmarks.gpu import MODULES, NETWORKS, peers
from benchmarks.gpu.kernels import STEPS, longest

ROOT = Path(__file__).parents[2]
BATCH = 10
SMALL = {"maps": (3,), "hidden": (7,)}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(1)
    return rng.random((60, 784), dtype=np.float32), rng.integers(0, 10, 60).astype(np.int32)


@pytest.fixture(autouse=True)
def on_jax():
    network3.use("cpu", backend="jax")


def after_steps(module, data, steps=8, name="two_conv"):
    """Return the cost before, the weights after some steps, and the cost then."""
    x, y = data
    config = configuration(name, **SMALL)
    contestant = module.build(config, config.weights(), BATCH)
    before = contestant.cost(x[:BATCH], y[:BATCH])
    contestant.load(x, y)
    contestant.run(steps)
    after = contestant.cost(x[:BATCH], y[:BATCH])
    return before, after, [np.asarray(w) for w in contestant.weights()], contestant.predict(x)


@pytest.fixture(scope="module")
def reference(data):
    """What the step by step benchmark of the CPU does."""
    return after_steps(importlib.import_module("benchmarks.peers.ours"), data)


def same(found, reference):
    assert found[:2] == pytest.approx(reference[:2], rel=1e-5)
    for one, other in zip(found[2], reference[2], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
    assert np.mean(found[3] == reference[3]) > 0.95


@pytest.mark.parametrize("module", ["ours", "jax_loop"])
def test_loops_on_a_device_do_the_same_work(data, reference, module):
    same(after_steps(importlib.import_module(f"benchmarks.gpu.{module}"), data), reference)


def test_five_at_once_are_five_of_the_same(data, reference, monkeypatch):
    ours = importlib.import_module("benchmarks.gpu.ours")
    monkeypatch.setattr(ours, "COUNT", 5)
    same(after_steps(ours, data), reference)


@pytest.mark.torch
def test_pytorch_does_the_same_work(data, reference):
    pytest.importorskip("torch")
    same(after_steps(importlib.import_module("benchmarks.gpu.pytorch"), data), reference)


def test_all_are_told_of_the_device():
    for device, platform in (("gpu", "cuda"), ("cpu", "cpu")):
        settings = {name: dict(peer.settings) for name, peer in peers(device).items()}
        assert set(settings) == set(MODULES)
        assert settings["ours"]["JAX_PLATFORMS"] == settings["jax_loop"]["JAX_PLATFORMS"] == platform
        assert settings["pytorch_graph"]["BENCHMARK_DEVICE"] == platform
        assert settings["ours_five"][NETWORKS] == "5"


def test_the_time_of_kernels_is_added_up():
    events = [
        {"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "/device:GPU:0"}},
        {"ph": "M", "name": "process_name", "pid": 2, "args": {"name": "/host:CPU"}},
        {"ph": "X", "pid": 1, "name": "gemm", "dur": 3 * STEPS},
        {"ph": "X", "pid": 1, "name": "conv", "dur": 4 * STEPS},
        {"ph": "X", "pid": 1, "name": "gemm", "dur": 2 * STEPS},
        {"ph": "X", "pid": 2, "name": "python", "dur": 100 * STEPS},
    ]
    found = longest(events)
    assert (list(found["us"].items()), found["us_all"]) == ([("gemm", 5.0), ("conv", 4.0)], 9.0)
    assert found["kernels"] == round(3 / STEPS, 1)


def test_without_a_card_it_says_so(tmp_path):
    command = [sys.executable, "-m", "benchmarks.gpu", "--results", str(tmp_path / "r")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode == 0:
        pytest.skip("there is a card")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "benchmarks.gpu: expected a GPU that JAX can use; got none. Install JAX for CUDA on a machine with a card, or "
        "try the benchmark out with --device cpu.\n"
    )
    assert not (tmp_path / "r").exists()
