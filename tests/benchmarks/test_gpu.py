"""The benchmark of GPUs, on the CPU: all libraries compute the same, five networks at once too."""

import importlib
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

import network3
from benchmarks.configurations import configuration
from benchmarks.gpu import BOOK_BATCH, NETWORKS, PRECISION, peers
from benchmarks.gpu.kernels import STEPS, longest
from network3.execution.compile import compile_step, compiled
from network3.execution.runners.jax import execution_context
from network3.optim import l2

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
    """Return the costs before and after some steps, then the weights and the predicted labels."""
    x, y = data
    config = configuration(name, **SMALL)
    network = module.build(config, config.weights(), BATCH)
    before = network.cost(x[:BATCH], y[:BATCH])
    network.load(x, y)
    network.run(steps)
    after = network.cost(x[:BATCH], y[:BATCH])
    return before, after, [np.asarray(w) for w in network.weights()], network.predict(x)


@pytest.fixture(scope="module")
def reference(data):
    """Return the results of network3 in the benchmark of the CPU."""
    return after_steps(importlib.import_module("benchmarks.peers.ours"), data)


def assert_same(found, reference):
    assert found[:2] == pytest.approx(reference[:2], rel=1e-5)
    for one, other in zip(found[2], reference[2], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
    assert np.mean(found[3] == reference[3]) > 0.95


@pytest.mark.parametrize("module", ["ours", "jax_loop"])
def test_loops_on_a_device_compute_the_same(data, reference, module):
    assert_same(after_steps(importlib.import_module(f"benchmarks.gpu.{module}"), data), reference)


def test_five_networks_at_once_compute_the_same(data, reference, monkeypatch):
    ours = importlib.import_module("benchmarks.gpu.ours")
    monkeypatch.setattr(ours, "COUNT", 5)
    assert_same(after_steps(ours, data), reference)


@pytest.mark.torch
def test_pytorch_computes_the_same(data, reference):
    pytest.importorskip("torch")
    assert_same(after_steps(importlib.import_module("benchmarks.gpu.pytorch"), data), reference)


def test_the_environment_variables_select_the_device():
    for device, platform in (("gpu", "cuda"), ("cpu", "cpu")):
        variables = {name: dict(peer.variables) for name, peer in peers(device).items()}
        assert variables["ours"]["JAX_PLATFORMS"] == variables["jax_loop"]["JAX_PLATFORMS"] == platform
        assert variables["pytorch_graph"]["BENCHMARK_DEVICE"] == platform
        assert variables["ours_five"][NETWORKS] == "5"
        assert variables["ours"][PRECISION] == "highest"
        assert variables["ours_tf32"] == variables["ours"] | {PRECISION: "tensorfloat32"}


def test_tf32_is_what_the_products_of_a_step_ask_for():
    """On a CPU the results are the same; what a GPU would do is in the program."""
    config = configuration("two_conv", **SMALL)
    build = importlib.import_module("benchmarks.gpu.ours").build
    with jax.default_matmul_precision("tensorfloat32"):
        step = compiled(build(config, config.weights(), BATCH).net, compile_step, BATCH, 784, (), None, l2)
        with execution_context("float32"):
            arguments = np.zeros((BATCH, 784), "float32"), np.zeros(BATCH, "int32"), np.float32(0), np.float32(0)
            program = str(jax.make_jaxpr(step.jax_function)(*arguments, *(c.storage[0] for c in step.shared)))
    assert "Precision.HIGHEST" not in program
    assert "Precision.HIGH," in program  # the name of TF32 in a program


def test_five_networks_are_compared_at_the_batch_of_the_book_only():
    restricted = {name: peer.batches for name, peer in peers("cpu").items() if peer.batches}
    assert restricted == {"ours_five": (BOOK_BATCH,)}


def test_the_times_of_kernels_are_added_up():
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


def test_without_a_gpu_the_command_stops_with_an_error(tmp_path):
    command = [sys.executable, "-m", "benchmarks.gpu", "--results", str(tmp_path / "r")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode == 0:
        pytest.skip("this machine has a GPU")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("benchmarks.gpu: expected a GPU that JAX can use; got none. ")
    assert "--device cpu" in done.stderr
    assert not (tmp_path / "r").exists()
