"""The floating-point type: how it is set, where it applies, and that PyTensor's own setting does not change."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytensor
import pytest

import network3
from network3.layers import FullyConnectedLayer
from network3.layers.precision import floatX, graph_flags, set_floatX


def layer_type():
    return FullyConnectedLayer(3, 2).w.dtype


def test_the_default_is_float32_for_any_setting_of_pytensor():
    assert pytensor.config.floatX == "float64"
    assert (floatX(), layer_type()) == ("float32", "float32")
    with pytensor.config.change_flags(floatX="float32"):
        assert (floatX(), layer_type()) == ("float32", "float32")


def test_a_call_takes_precedence_over_the_environment(monkeypatch):
    monkeypatch.setenv("NETWORK3_FLOATX", "float64")
    assert (floatX(), layer_type()) == ("float64", "float64")
    set_floatX("float32")
    assert (floatX(), layer_type()) == ("float32", "float32")


@pytest.mark.parametrize(("choice", "expected"), [("float64", "float64"), ("float32", "float32"), (None, "float32")])
def test_a_new_process_reads_the_environment_and_does_not_change_pytensors_setting(choice, expected):
    script = (
        "import network3, pytensor; from network3.layers.precision import floatX; "
        "print(floatX(), network3.FullyConnectedLayer(3, 2).w.dtype, pytensor.config.floatX)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "NETWORK3_FLOATX"}
    environment |= {} if choice is None else {"NETWORK3_FLOATX": choice}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(network3.__file__).parents[1], env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == [expected, expected, "float64"]


@pytest.mark.parametrize("choose", [set_floatX, lambda dtype: network3.use(floatX=dtype)], ids=["set_floatX", "use"])
def test_a_choice_applies_to_networks_built_afterwards(choose):
    before = FullyConnectedLayer(3, 2)
    choose("float64")
    assert (before.w.dtype, layer_type()) == ("float32", "float64")
    choose("float32")
    assert layer_type() == "float32"
    assert pytensor.config.floatX == "float64"


def test_graph_flags_sets_and_restores_both_settings():
    with graph_flags("float32"):
        assert (pytensor.config.floatX, floatX(), layer_type()) == ("float32", "float32", "float32")
        with graph_flags("float64"):
            assert (pytensor.config.floatX, floatX(), layer_type()) == ("float64", "float64", "float64")
        assert (pytensor.config.floatX, floatX()) == ("float32", "float32")
    assert (pytensor.config.floatX, floatX()) == ("float64", "float32")


def test_graph_flags_takes_precedence_over_a_choice():
    set_floatX("float32")
    with graph_flags("float64"):
        assert layer_type() == "float64"
        set_floatX("float32")
        assert layer_type() == "float64"
    assert layer_type() == "float32"


def test_graph_flags_restores_the_settings_and_releases_the_lock_after_an_exception():
    with pytest.raises(ZeroDivisionError), graph_flags("float32"):
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), graph_flags("float64"):
        raise ZeroDivisionError
    assert (pytensor.config.floatX, floatX()) == ("float64", "float32")
    entered = threading.Event()

    def build():
        with graph_flags("float32"):
            entered.set()

    thread = threading.Thread(target=build, daemon=True)
    thread.start()
    assert entered.wait(10)
    thread.join(10)


def test_threads_take_turns_and_each_has_its_own_type():
    observed, started, finish = [], threading.Event(), threading.Event()

    def other():
        observed.append(layer_type())  # built while graph_flags is float64 in the main thread
        started.set()
        with graph_flags("float32"):
            observed.append(finish.is_set())
            observed.append(pytensor.config.floatX)

    thread = threading.Thread(target=other, daemon=True)
    with graph_flags("float64"):
        thread.start()
        assert started.wait(10)
        thread.join(0.1)
        assert thread.is_alive()
        assert pytensor.config.floatX == "float64"
        finish.set()
    thread.join(10)
    assert observed == ["float32", True, "float32"]
    assert pytensor.config.floatX == "float64"


def test_an_unknown_name_is_refused_and_the_nearest_one_suggested(monkeypatch):
    with pytest.raises(ValueError, match=r"^floatX: .*float32, float64; got 'float23'\. .*\"float32\"\.$"):
        set_floatX("float23")
    with pytest.raises(ValueError, match=r'^floatX: .*; got \'FLOAT64\'\. .*"float64"\.$'):
        network3.use(floatX="FLOAT64")
    with pytest.raises(ValueError, match=r"^floatX: .*; got 'half'\. .*\"float32\"\.$"):
        set_floatX("half")
    assert floatX() == "float32"
    monkeypatch.setenv("NETWORK3_FLOATX", "Float64")
    with pytest.raises(ValueError, match=r'^NETWORK3_FLOATX: .*; got \'Float64\'\. .*"float64"\.$'):
        FullyConnectedLayer(3, 2)
