"""Numba's cache: compiled functions are reused by other processes, and recompiled when a kernel changes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from network3.layers.backends import numba_calls
from network3.layers.backends.cpu.kernels.dropout_mask import dropout_mask
from network3.layers.backends.cpu.store import kernel_symbol

ROOT = Path(__file__).parents[3]


def test_the_cache_key_depends_on_the_kernels_symbols(monkeypatch):
    single, double = dropout_mask("float32"), dropout_mask("float64")
    versions = [numba_calls.register_kernels(kernel)[1] for kernel in (single, single, double)]
    assert versions[0] == versions[1] != versions[2]
    real = numba_calls.request

    def request_after_a_change(kernel):
        """Return what the store returns once a source file of the kernels has changed."""
        entry = real(kernel)
        return SimpleNamespace(symbol=f"{kernel_symbol(kernel)}_changed", result=entry.result)

    monkeypatch.setattr(numba_calls, "request", request_after_a_change)
    assert numba_calls.register_kernels(single)[1] != versions[0]


PROCESS = """
import hashlib, json, warnings
import numpy as np
import pytensor, pytensor.tensor as pt
from network3.layers.ops import DropoutMask, conv2d, pool2d

warnings.simplefilter("error")  # Numba's: an Op without an implementation runs as Python
rng = np.random.default_rng(1)
x, w = pt.tensor(shape=(None, 3, 6, 7), dtype="float32"), pt.tensor(shape=(4, 3, 3, 2), dtype="float32")
state = pt.ivector()
pooled = pool2d(conv2d(x, w)) * DropoutMask(0.5)(pool2d(conv2d(x, w)), state)
outputs = [pooled, *pt.grad(None, [x, w], known_grads={pooled: pooled})]
f = pytensor.function([x, w, state], outputs, mode="NUMBA")
results = f(rng.random((5, 3, 6, 7), "float32"), rng.random((4, 3, 3, 2), "float32"), np.array([1, 2, 3], "int32"))
ops = sorted({type(node.op).__name__ for node in f.maker.fgraph.toposort()})
print(json.dumps([hashlib.sha256(b"".join(r.tobytes() for r in results)).hexdigest(), ops]))
"""


def test_functions_work_when_compiled_and_when_loaded_by_another_process(tmp_path):
    """Also with recompiled kernels, which have other addresses."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTENSOR_FLAGS": f"base_compiledir={tmp_path}"}

    def in_another_process():
        command = [sys.executable, "-c", PROCESS]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr[-3000:]
        return json.loads(ended.stdout)

    first = in_another_process()
    assert {"Conv2D", "Pool2D", "MaxPool2DGrad", "Conv2DGradInput", "Conv2DGradWeight", "DropoutMask"} <= {*first[1]}
    cached = {file.name: file.stat().st_mtime_ns for file in tmp_path.glob("numba/*")}
    assert in_another_process() == first
    for file in tmp_path.glob("network3/*.kernel"):
        file.unlink()
    assert in_another_process() == first
    assert {file.name: file.stat().st_mtime_ns for file in tmp_path.glob("numba/*")} == cached
