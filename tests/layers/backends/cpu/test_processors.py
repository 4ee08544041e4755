"""The kernels compiled for processors with shorter vectors: their own tests again, in a subprocess."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from llvmlite import binding

ROOT = Path(__file__).parents[4]
PROCESSORS = {
    "AVX2": ("haswell", "+avx,+avx2,+fma,+bmi,+bmi2,+popcnt,+sse4.2"),
    "portable": ("x86-64", "+sse2"),
}


@pytest.mark.slow
@pytest.mark.skipif(not binding.get_process_triple().startswith("x86_64"), reason="for x86 only")
@pytest.mark.parametrize("name", PROCESSORS)
def test_on_another_processor(name, tmp_path):
    cpu, features = PROCESSORS[name]
    environment = os.environ | {
        "NETWORK3_CPU_NAME": cpu,
        "NETWORK3_CPU_FEATURES": features,
        "PYTENSOR_FLAGS": f"base_compiledir={tmp_path / 'pytensor'}",
    }
    tests = ["tests/layers/backends/cpu/kernels", "tests/layers/backends/cpu/lowerings"]
    options = ["-q", "-x", "-m", "not slow", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, *tests]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert " passed" in run.stdout
