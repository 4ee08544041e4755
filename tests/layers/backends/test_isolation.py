"""Importing network3 and training with it changes nothing for other code in the process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("other_graphs.py")


def python(arguments, cache):
    """Start a Python process, with one thread in BLAS and the folder `cache` for compiled code."""
    flags = f"{os.environ.get('PYTENSOR_FLAGS', '')},base_compiledir={cache}".strip(",")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTENSOR_FLAGS": flags, "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def output(process):
    """Wait for a process and return its output."""
    printed, errors = process.communicate()
    assert process.returncode == 0, errors[-3000:]
    return printed


def reports(process):
    """Return the reports of `other_graphs`, in order."""
    return [json.loads(line) for line in output(process).splitlines() if line.startswith("{")]


PROGRAMS = {"without": ("report", "report"), "with": ("import", "report", "compile", "report", "train", "report")}


@pytest.mark.parametrize("mode", [pytest.param("NUMBA", marks=pytest.mark.slow), "JAX"])
def test_other_graphs_have_the_same_ops_and_the_same_results(mode, tmp_path):
    """In the first compilation and in later ones, with network3 and without it; Numba's cache is empty at first."""
    processes = {name: python([PROGRAM, mode, *steps], tmp_path / name) for name, steps in PROGRAMS.items()}
    found = {name: reports(process) for name, process in processes.items()}
    expected = found["without"][0]
    assert len(expected) == 4
    assert found == {"without": [expected] * 2, "with": [expected] * 3}
    if mode == "NUMBA":  # each with the cache of the other
        caches = {"without": tmp_path / "with", "with": tmp_path / "without"}
        processes = [python([PROGRAM, mode, *steps], caches[name]) for name, steps in PROGRAMS.items()]
        assert [reports(process) for process in processes] == [[expected] * 2, [expected] * 3]


IMPORT = """
import json, os, signal, sys, threading, warnings
import numpy as np
import pytensor
from pytensor.configdefaults import config

def state():
    printing = {name: str(value) for name, value in np.get_printoptions().items()}
    threads = len(os.listdir("/proc/self/task")) if os.path.exists("/proc/self/task") else threading.active_count()
    return {
        "flags of PyTensor": {name: str(getattr(config, name)) for name in sorted(config._config_var_dict)},
        "filters of warnings": [str(entry) for entry in warnings.filters],
        "handlers of signals": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
        "environment": dict(os.environ),
        "threads": threads,
        "errors of NumPy": np.geterr(),
        "printing of NumPy": printing,
        "random numbers of NumPy": [str(np.asarray(part).tolist()) for part in np.random.get_state()],
        "hooks": [str(hook) for hook in (sys.excepthook, sys.unraisablehook, threading.excepthook, sys.gettrace())],
        "finders of modules": [str(finder) for finder in (*sys.meta_path, *sys.path_hooks)],
        "working folder": os.getcwd(),
    }

before = state()
import network3
after = state()
changed = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
print(json.dumps([changed, sorted({"numba", "llvmlite", "jax", "jaxlib", "torch"} & set(sys.modules))]))
"""


def test_an_import_changes_no_setting_and_starts_nothing(tmp_path):
    changed, imported = json.loads(output(python(["-c", IMPORT], tmp_path)))
    assert changed == {}
    assert imported == []


MODES = """
from pytensor.compile.mode import get_default_mode, optdb, predefined_modes
import pytensor

def listing():
    tags = "numba", "jax", "fast_run", "fast_compile"
    names = {tag: sorted(rewrite.name for rewrite in optdb.query(f"+{tag}")) for tag in tags}
    return names, type(get_default_mode().linker).__name__, sorted(predefined_modes)

(before, linker, modes) = listing()
import network3
import pytensor.tensor as pt
from network3.layers.backends.cpu import rewrites  # as our first compilation does
(after, linker_after, modes_after) = listing()
new = {tag: sorted(set(after[tag]) ^ set(before[tag])) for tag in before}
print(new, linker == linker_after, set(modes_after) ^ set(modes))
"""


def test_no_rewrite_of_ours_has_the_tag_of_a_back_end(tmp_path):
    """Except the two that import the modules which register our Ops; they do not change a graph."""
    expected = {"numba": ["network3_import_numba"], "jax": ["network3_import_jax"], "fast_run": [], "fast_compile": []}
    assert output(python(["-c", MODES], tmp_path)).strip() == f"{expected} True {{'NETWORK3'}}"


OTHERS = """
import sys
import pytensor, pytensor.tensor as pt
import network3
x = pt.fvector()
assert pytensor.function([x], pt.exp(x), mode="{mode}")([0.0]) == 1
print(sorted(name for name in sys.modules if name.startswith("network3.layers.backends.")))
"""


@pytest.mark.parametrize("mode", ["NUMBA", "JAX"])
def test_graphs_without_our_ops_import_no_module_of_ours(mode, tmp_path):
    modules = output(python(["-c", OTHERS.format(mode=mode)], tmp_path))
    assert "network3.layers.backends.cpu" in modules
    assert not any(f"network3.layers.backends.{name}" in modules for name in ("numba", "jax"))


OWN = """
import sys
import numpy as np
import network3
layers = [network3.FullyConnectedLayer(41, 23, p_dropout=0.5), network3.SoftmaxLayer(23, 3)]
data = np.random.rand(10, 41).astype("float32"), np.arange(10, dtype="int32") % 3
network3.Network(layers, 5).SGD(data, 1, 5, 0.1, data, data, lmbda=0.1)
print(sorted({"numba", "jax", "torch"} & set(sys.modules)))
"""


def test_training_on_our_back_end_imports_no_other(tmp_path):
    assert output(python(["-c", OWN], tmp_path)).splitlines()[-1] == "[]"
