"""Processes of their own: what importing does, the same bits from an empty cache and a full one, and how they end."""

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
from network3.layers.backends.cpu.threads import thread_pool, threads
from tests.layers.backends.cpu.threads.jobs import LIMIT, Training, jobs_shared

training = Training()
with thread_pool():
    bits = training.run()
    end = time.monotonic() + LIMIT
    while threads() > 1 and jobs_shared() == 0 and time.monotonic() < end:
        assert training.run() == bits
print(jobs_shared() > 0, hashlib.sha256(b"".join(bits)).hexdigest())
"""

# Nobody leaves: helpers are inside compiled code, asleep or not, or at work, when the process ends.
END = """
import sys, threading, time
from network3.layers.backends.cpu.threads import team, thread_pool
from tests.layers.backends.cpu.threads.jobs import Training, helped

entered = thread_pool()
entered.__enter__()
assert helped()
if sys.argv[1] == "asleep":
    time.sleep(0.3)
if sys.argv[1] == "at work":
    def train():
        while True:
            Training().run()
    threading.Thread(target=train, daemon=True).start()
    time.sleep(0.1)
print("done")
"""


def output_of(source, *arguments, **environment):
    """Return what a new Python prints for `source`."""
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = os.environ | {"PYTHONPATH": paths, "NETWORK3_DEVICE": "cpu", "NETWORK3_THREADS": "3"} | environment
    command = [sys.executable, "-X", "faulthandler", "-c", source, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=2 * LIMIT)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


def test_importing_starts_nothing():
    assert output_of(IMPORT) == "done"


def test_processes_of_1_2_and_5_threads_with_a_cache_that_is_empty_at_first(tmp_path):
    cache = {"PYTENSOR_FLAGS": f"base_compiledir={tmp_path}"}
    printed = [output_of(TRAIN, NETWORK3_THREADS=threads, **cache).split() for threads in ("2", "5", "1")]
    assert [shared for shared, _ in printed] == ["True", "True", "False"]
    assert len({bits for _, bits in printed}) == 1


@pytest.mark.parametrize("helpers", ["awake", "asleep", "at work"])
def test_a_process_ends_while_helpers_are_there(helpers):
    assert output_of(END, helpers) == "done"
