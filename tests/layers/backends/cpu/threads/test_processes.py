"""Separate processes: import has no side effects, results are the same with and without cache, and exit is clean."""

import os
import subprocess
import sys

import pytest

from tests.layers.backends.cpu.threads.jobs import LIMIT

IMPORT = """
import os, signal, threading
environment, handlers = dict(os.environ), [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
import network3
before = threading.active_count()
from network3.layers.backends.cpu import threads
from network3.layers.backends.cpu.threads import work_queue
assert threading.active_count() == before == 1, threading.enumerate()
assert dict(os.environ) == environment
assert [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)] == handlers
assert not any(work_queue.QUEUE.words)
print("done")
"""

TRAIN = """
import hashlib, time
from network3.layers.backends.cpu.threads import team, thread_pool, threads
from tests.layers.backends.cpu.threads.jobs import LIMIT, Training, jobs_shared

team.processors = int(16).__int__  # threads are not fewer on a small machine
training = Training()
with thread_pool():
    bits = training.run()
    end = time.monotonic() + LIMIT
    while threads() > 1 and jobs_shared() == 0 and time.monotonic() < end:
        assert training.run() == bits
print(jobs_shared() > 0, hashlib.sha256(b"".join(bits)).hexdigest())
"""

# The context is never left: helpers are inside compiled code, asleep or running a part, when the process exits.
END = """
import sys, threading, time
from network3.layers.backends.cpu.threads import team, thread_pool
from tests.layers.backends.cpu.threads.jobs import Training, helped

team.processors = int(16).__int__  # a function would keep this module alive at exit
entered = thread_pool()
entered.__enter__()
assert helped()
if sys.argv[1] == "asleep":
    time.sleep(0.3)
if sys.argv[1] == "working":
    def train():
        while True:
            Training().run()
    threading.Thread(target=train, daemon=True).start()
    time.sleep(0.1)
print("done")
"""


def output_of(source, *arguments, **environment):
    """Return the output of `source` in a new process."""
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = os.environ | {"PYTHONPATH": paths, "NETWORK3_DEVICE": "cpu", "NETWORK3_THREADS": "3"} | environment
    command = [sys.executable, "-X", "faulthandler", "-c", source, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=2 * LIMIT)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


def test_importing_starts_no_thread():
    assert output_of(IMPORT) == "done"


def test_processes_of_1_2_and_5_threads_with_and_without_cache(tmp_path):
    cache = {"PYTENSOR_FLAGS": f"base_compiledir={tmp_path}"}
    printed = [output_of(TRAIN, NETWORK3_THREADS=threads, **cache).split() for threads in ("2", "5", "1")]
    assert [shared for shared, _ in printed] == ["True", "True", "False"]
    assert len({bits for _, bits in printed}) == 1


@pytest.mark.parametrize("helpers", ["awake", "asleep", "working"])
def test_a_process_exits_while_helpers_exist(helpers):
    assert output_of(END, helpers) == "done"
