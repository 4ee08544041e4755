"""A training on several devices or in several processes agrees with one device up to rounding; errors are reported."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import network3
from tests.network3.execution import device_run

ROOT = Path(__file__).parents[3]


def start(folder, devices, *process, seen=4):
    """Start the program in a process in which JAX finds `seen` CPU devices."""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={seen}",
        "PYTHONUTF8": "1",
    }
    command = [sys.executable, device_run.__file__, str(folder), devices, *process]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, env=environment, **pipes)


def finish(process):
    """Return the printed lines, except those of JAX's threads, which interleave."""
    output, errors = process.communicate(timeout=900)
    assert process.returncode == 0, errors
    return [line for line in output.splitlines() if line and "Gloo" not in line and "peer ranks" not in line]


def outcome(folder, name):
    with np.load(folder / f"{name}.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("devices")


@pytest.fixture(scope="module")
def printed(folder):
    """The printed lines of three trainings in one process: step by step, on four devices, and on two."""
    return finish(start(folder, "0,4,2"))


def assert_close(one, other):
    assert set(one) == set(other)
    for name, value in one.items():
        np.testing.assert_allclose(other[name], value, rtol=2e-5, atol=2e-6, err_msg=name)


def test_four_devices_and_two_agree_with_one(folder, printed):
    alone = outcome(folder, "0")
    for devices in ("4", "2"):
        found = outcome(folder, devices)
        assert_close(alone, found)
        np.testing.assert_array_equal(found["masks0"], alone["masks0"])
    each = len(printed) // 3
    assert printed == printed[:each] * 3


PARTS = """
import jax, numpy as np
from network3.execution.sharding import DeviceMesh
images = np.arange(30).reshape(10, 3)
found = DeviceMesh(tuple(jax.devices())).shard_examples(images)
print([len(part.data) for part in found.addressable_shards], np.array_equal(np.asarray(found)[:10], images))
"""


def test_each_device_has_a_part_of_the_images():
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XLA_FLAGS": "--xla_force_host_platform_device_count=4"}
    found = subprocess.run([sys.executable, "-c", PARTS], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout == "[3, 3, 3, 3] True\n"


def free_address():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{one.getsockname()[1]}"


def test_two_processes_agree_with_one_and_the_first_prints_and_saves(folder, printed, tmp_path):
    address = free_address()
    started = [start(tmp_path, "0", address, number, seen=2) for number in ("1", "0")]
    others, lines = map(finish, started)
    first, second = outcome(tmp_path, "00"), outcome(tmp_path, "01")
    assert_close(outcome(folder, "0"), first)
    for name, value in first.items():
        np.testing.assert_array_equal(second[name], value)
    assert lines == printed[: len(printed) // 3]
    assert others == []
    assert sorted(path.name for path in tmp_path.glob("*.checkpoint")) == ["00.checkpoint"]


def train(**changes):
    network3.use(backend=changes.pop("backend", "jax"))
    device_run.train(device_run.build(), **changes)


def test_several_devices_need_jax():
    expected = (
        r"^SGD: devices: expected the JAX back end for several devices; got network3\. Write network3\.use\(backend="
    )
    with pytest.raises(ValueError, match=expected):
        train(backend="network3", devices=2)


def test_one_device_needs_no_jax(capsys):
    train(backend="network3", devices=1, epochs=1)
    assert "Epoch 0" in capsys.readouterr().out


def test_more_devices_than_there_are():
    expected = (
        r"^SGD: devices: expected at most the 1 that JAX finds \(cpu\); got 3\. Write devices=1\. "
        r"XLA_FLAGS=--xla_force_host_platform_device_count=3 splits a CPU into several devices\.$"
    )
    with pytest.raises(ValueError, match=expected):
        train(devices=3)


@pytest.mark.parametrize("devices", [0, -1, 1.5, "two", True])
def test_an_invalid_number_of_devices(devices):
    with pytest.raises((ValueError, TypeError), match=r"^SGD: devices: expected .*; got .*\. "):
        train(devices=devices)


class FakeDevice:
    """One of several devices of a CPU."""

    device_kind = "cpu"


@pytest.mark.parametrize(
    ("batch", "devices", "nearest"), [(40, 3, "39 or 42"), (10, 4, "8 or 12"), (2, 4, "4"), (7, 2, "6 or 8")]
)
def test_a_mini_batch_size_that_is_no_multiple_of_the_devices(monkeypatch, batch, devices, nearest):
    import jax

    from network3.execution.devices import select_devices

    network3.use(backend="jax")
    monkeypatch.setattr(jax, "devices", lambda kind: [FakeDevice()] * 4)
    expected = rf"^SGD: mini_batch_size: expected a multiple of the {devices} devices; got {batch}\. "
    with pytest.raises(ValueError, match=rf"{expected}Write {nearest}\.$"):
        select_devices(devices, batch, "float32")


def test_a_device_without_double_precision(monkeypatch):
    import jax

    from network3.execution.devices import select_devices

    network3.use(backend="jax")

    def unsupported(*_):
        raise jax.errors.JaxRuntimeError("UNIMPLEMENTED: f64\nmore")

    monkeypatch.setattr(jax, "device_put", unsupported)
    expected = (
        r"^SGD: expected a device with float64; got cpu, which lacks it \(UNIMPLEMENTED: f64\)\. "
        r'Write network3\.use\(floatX="float32"\)'
    )
    with pytest.raises(ValueError, match=expected):
        select_devices(1, 10, "float64")
