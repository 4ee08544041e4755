"""A back end is imported when a graph is compiled for it, not before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def imported(code: str) -> set[str]:
    """Run `code` in a new Python process; return the packages that it has imported."""
    report = "; import sys; print(*{name.split('.')[0] for name in sys.modules})"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code + report]
    return {*subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.split()}


def test_the_ops_import_no_back_end():
    packages = imported("import network3.layers.ops")
    assert {"network3", "pytensor", "numpy"} <= packages
    assert not {"numba", "jax", "torch"} & packages


def test_computing_with_numpy_imports_no_back_end():
    code = """
import pytensor, pytensor.tensor as pt, numpy as np
from network3.layers.ops import pool2d
x = pt.tensor(shape=(None,) * 4, dtype="float32")
pytensor.function([x], pool2d(x), mode="FAST_COMPILE")(np.ones((1, 1, 2, 2), "float32"))
"""
    assert not {"numba", "jax", "torch"} & imported(code.strip())


@pytest.mark.parametrize(("mode", "package"), [("NUMBA", "numba"), ("JAX", "jax")])
def test_compiling_for_a_back_end_imports_our_module_for_it(mode, package):
    code = f"""
import sys, pytensor, pytensor.tensor as pt
from network3.layers.ops import pool2d
x = pt.tensor(shape=(None,) * 4, dtype="float32")
pytensor.function([x], pool2d(x), mode="{mode}")
assert "network3.layers.backends.{package}" in sys.modules
"""
    assert package in imported(code.strip())
