"""The store in several processes: a shared folder, forked children, and exit during compilation."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]

# Each process runs this and then a few lines; a kernel adds its number to a word.
BEGINNING = """
import ctypes, os, sys, time
from types import SimpleNamespace
from network3.layers.backends.cpu import background, cache_folder, store

texts = []

def module_text(new):
    from tests.layers.backends.cpu.adding_kernels import text_of
    texts.append(new.symbol)
    return text_of(new.symbol, new.kernel.number), 0

store._module_text = module_text

def request_all(numbers):
    from tests.layers.backends.cpu.adding_kernels import kernel
    return [store.request(kernel(number)) for number in numbers]

def check(requests):
    for request in requests:
        cell = ctypes.c_int64(0)
        function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)
        function(request.result().address)(ctypes.addressof(cell), 0, None)
        assert cell.value == request.kernel.number
"""


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a process with the folder of this test."""
    environment = os.environ | {"PYTENSOR_FLAGS": f"base_compiledir={tmp_path}"}

    def begin(lines, *arguments):
        command = [sys.executable, "-W", "error", "-c", BEGINNING + lines, *map(str, arguments)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True)

    return begin


def output_of(process):
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    return output.split()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_four_processes_fill_one_folder_and_a_fifth_compiles_no_kernel(start, tmp_path):
    lines = """
import random
children = []
for seed in range(4):
    children.append(os.fork())
    if children[-1] == 0:
        numbers = [*range(30)]
        random.Random(seed).shuffle(numbers)
        check(request_all(numbers))
        os._exit(0)
print(*[os.waitpid(child, 0)[1] for child in children])
"""
    assert output_of(start(lines)) == ["0"] * 4
    assert len(list((tmp_path / "network3").iterdir())) == 30
    lines = """
check(request_all(range(30)))
print(len(texts), *cache_folder.cache_size()[:1], "network3.layers.backends.cpu.compiler" in sys.modules)
"""
    assert output_of(start(lines)) == ["0", "30", "False"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_compiles_its_own_kernels(start):
    lines = """
import warnings
warnings.filterwarnings("ignore", message=".*multi-threaded", category=DeprecationWarning)
usual = sys.getswitchinterval()
check(request_all([1, 2]))                 # loaded before
pending = request_all(range(40))
assert background._worker is not None
child = os.fork()
if child == 0:
    assert background._worker is None
    assert sys.getswitchinterval() == usual
    texts.clear()
    check(pending)                 # requested by the parent
    check(request_all(range(30, 50)))
    assert all(store._requests[symbol].done() for symbol in texts)
    print(len(texts), flush=True)
    os._exit(0)
check(pending)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), len(texts))
"""
    made, status, parents = map(int, output_of(start(lines)))
    assert status == 0
    assert parents == 40
    assert 10 <= made <= 48


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_threads_may_fork_at_any_time(start):
    lines = """
import threading, warnings
warnings.filterwarnings("ignore", message=".*multi-threaded", category=DeprecationWarning)
statuses = []

def fork(k):
    child = os.fork()
    if child == 0:
        check(request_all(range(k, k + 3)))
        os._exit(0)
    statuses.append(os.waitpid(child, 0)[1])

threads = [threading.Thread(target=fork, args=(k,)) for k in range(6)]
pending = []
for k, thread in enumerate(threads):
    thread.start()
    pending += request_all(range(k * 5, k * 5 + 5))
check(pending)
for thread in threads:
    thread.join()
print(*statuses)
"""
    assert output_of(start(lines)) == ["0"] * 6


def test_a_process_may_exit_during_compilation(start):
    lines = """
import atexit, threading

def late():
    check(pending[:1] + pending[-1:])      # dropped requests, and new ones
    check(request_all([2000, 2001]))
    print("late", flush=True)

atexit.unregister(background._at_exit)
atexit.register(late)
atexit.register(background._at_exit)       # so that `late` runs after it
pending = request_all(range(300))
threading.Thread(target=pending[200].result, daemon=True).start()
print(sum(not request.done() for request in pending) > 100)
"""
    assert output_of(start(lines)) == ["True", "late"]
