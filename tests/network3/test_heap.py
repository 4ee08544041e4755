"""Memory that a step frees stays with the process."""

import subprocess
import sys

import pytest

COUNTED = """
import resource, sys
import numpy as np
from network3.runners import calling

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def step():
    for array in [np.empty(3_000_000, np.uint8) for _ in range(4)]:
        array[::4096] = 1

if "called" in sys.argv:
    with calling("numba", "float32"):
        pass
for _ in range(3):
    step()
before = faults()
for _ in range(10):
    step()
print(faults() - before)
"""


def _faults(*arguments) -> int:
    run = subprocess.run([sys.executable, "-c", COUNTED, *arguments], capture_output=True, text=True, check=True)
    return int(run.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="how the GNU C library returns memory")
def test_a_step_finds_the_memory_of_the_last_one_in_place():
    if _faults() < 10_000:
        pytest.skip("this C library keeps it anyway")
    assert _faults("called") < 500
