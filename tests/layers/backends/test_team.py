"""The team of threads: how many there are, when they work, and that nothing they do alone or together gets stuck."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack

import numpy as np
import pytest

from network3.layers.backends.numba import team
from tests.layers.backends.shared_jobs import LIMIT, do, helped, helpers_wanted, three_threads

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


@pytest.fixture(autouse=True)
def threads_there(monkeypatch):
    with three_threads(monkeypatch):
        yield


@pytest.mark.parametrize(("given", "number"), [("1", 1), ("2", 2), ("16", 16), (" 3 ", 3)])
def test_threads_as_given(monkeypatch, given, number):
    monkeypatch.setenv("NETWORK3_THREADS", given)
    assert team.threads() == number


@pytest.mark.parametrize("given", ["0", "two", "-1", "1.5", "2 3", " "])
def test_threads_that_are_no_number(monkeypatch, given):
    monkeypatch.setenv("NETWORK3_THREADS", given)
    message = rf"^NETWORK3_THREADS: wanted a whole number, 1 or more; got '?{given}'?\. Write e\.g\. 10\.$"
    with pytest.raises(ValueError, match=message):
        team.threads()
    with pytest.raises(ValueError, match=message), team.at_work():
        pytest.fail("nobody works")


@pytest.mark.parametrize("given", [None, ""])
def test_threads_by_default_are_the_processors_one_may_use(monkeypatch, given):
    monkeypatch.delenv("NETWORK3_THREADS")
    if given is not None:
        monkeypatch.setenv("NETWORK3_THREADS", given)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {1, 4, 5}, raising=False)
    assert team.threads() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert team.threads() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert team.threads() == 1


def test_helpers_neither_work_nor_wait_actively_afterwards():
    with team.at_work():
        do(100, 10)
    do(1, 20, terms=30_000)
    time.sleep(0.1)  # they may be asleep when they are sent away
    used = time.process_time()
    time.sleep(0.4)
    assert time.process_time() - used < 0.2


def test_helpers_are_there_before_the_caller_keeps_the_lock_of_python(monkeypatch):
    """PyTensor's compiled functions do: a helper that has yet to come in would wait until the switch interval ends."""
    there = []
    monkeypatch.setattr(team.sharing, "help_out", there.append)
    monkeypatch.setattr(team, "PATIENCE", LIMIT)
    interval = sys.getswitchinterval()
    try:
        sys.setswitchinterval(1000)
        with team.at_work():
            assert set(there) >= {0, 1}
            there.clear()
        with team.at_work():  # and again, when the threads are there already
            assert set(there) == {0, 1}
    finally:
        sys.setswitchinterval(interval)


def test_two_threads_at_once():
    """One has the team; the other works alone meanwhile."""
    alone = [do(2000, 10, seed) for seed in range(2)]
    got = [None, None]
    start = threading.Barrier(2)

    def work(seed):
        start.wait()
        got[seed] = do(2000, 10, seed)

    with team.at_work():
        workers = [threading.Thread(target=work, args=(seed,)) for seed in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(LIMIT)
    np.testing.assert_array_equal(got, alone)


def test_two_threads_that_come_and_go():
    """Each enters and leaves for itself, again and again."""
    alone = [do(10, 10, seed) for seed in range(2)]
    right = [0, 0]

    def work(seed):
        for _ in range(200):
            with team.at_work():
                right[seed] += np.array_equal(do(10, 10, seed), alone[seed])

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(LIMIT)
    assert right == [200, 200]


def test_entered_twice():
    alone = do(500, 10)
    with team.at_work():
        with team.at_work():
            np.testing.assert_array_equal(do(500, 10), alone)
        assert helpers_wanted() == 2
        np.testing.assert_array_equal(do(500, 10), alone)
    assert helpers_wanted() == 0
    np.testing.assert_array_equal(do(500, 10), alone)


def test_another_number_of_threads_each_time(monkeypatch):
    alone = do(500, 10)
    for threads in (2, 4, 1, 3, 2):
        monkeypatch.setenv("NETWORK3_THREADS", str(threads))
        with team.at_work():
            assert helpers_wanted() == threads - 1
            np.testing.assert_array_equal(do(500, 10), alone)
        assert helpers_wanted() == 0


def test_a_number_that_changes_while_the_team_works(monkeypatch):
    alone = do(500, 10)
    with ExitStack() as stack:
        for threads in (2, 4, 3):
            monkeypatch.setenv("NETWORK3_THREADS", str(threads))
            stack.enter_context(team.at_work())
            np.testing.assert_array_equal(do(500, 10), alone)
    assert helpers_wanted() == 0


def test_an_error_sends_the_helpers_away():
    with pytest.raises(ZeroDivisionError), team.at_work():
        raise ZeroDivisionError
    assert helpers_wanted() == 0
    with team.at_work(), pytest.raises(ZeroDivisionError), team.at_work():
        raise ZeroDivisionError
    assert helpers_wanted() == 0


def in_child(check):
    """Return the exit status of a forked child that is to find `check` true; it is ended if it gets stuck."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if check() else 1)
        finally:
            os._exit(2)
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "stuck"


def same_in_child(alone):
    def check():
        before = helpers_wanted() == 0 and np.array_equal(do(*alone.shape), alone)
        with team.at_work():
            inside = helpers_wanted() == 2 and np.array_equal(do(*alone.shape), alone) and helped()
        return before and inside and helpers_wanted() == 0

    return in_child(check)


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork")
def test_in_a_forked_child():
    alone = do(1000, 10)
    with team.at_work():
        do(100, 10)
        for _ in range(3):
            assert same_in_child(alone) == 0
            np.testing.assert_array_equal(do(1000, 10), alone)
    assert same_in_child(alone) == 0


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork")
def test_in_a_child_forked_in_the_middle_of_a_job():
    """Another thread has the board then, and is not there in the child."""
    alone = do(1000, 10)
    stop = threading.Event()
    wrong = []

    def work():
        while not stop.is_set():
            if not np.array_equal(do(1000, 10), alone):
                wrong.append(1)

    worker = threading.Thread(target=work)
    with team.at_work():
        worker.start()
        try:
            assert [same_in_child(alone) for _ in range(5)] == [0] * 5
        finally:
            stop.set()
            worker.join(LIMIT)
    assert not wrong


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_child_that_leaves_what_its_parent_entered():
    """It had no helpers; those that it calls in later are its own."""
    alone = do(1000, 10)
    inside = team.at_work()
    inside.__enter__()

    def check():
        with team.at_work():
            inside.__exit__(None, None, None)
            still = helpers_wanted() == 2 and np.array_equal(do(1000, 10), alone)
        return still and helpers_wanted() == 0

    try:
        assert in_child(check) == 0
    finally:
        inside.__exit__(None, None, None)


def test_with_every_processor_busy():
    """Helpers are late, and the caller goes on alone now and then: all parts are done all the same."""
    alone = do(200, 10, terms=3000, patient=False)
    busy = "import time\nend = time.monotonic() + 20\nwhile time.monotonic() < end: pass"
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    others = [subprocess.Popen([sys.executable, "-S", "-c", busy]) for _ in range(processors)]
    try:
        time.sleep(0.2)
        end = time.monotonic() + 1
        while time.monotonic() < end:
            with team.at_work():
                np.testing.assert_array_equal(do(200, 10, terms=3000, patient=False), alone)
    finally:
        for other in others:
            other.kill()
            other.wait()
