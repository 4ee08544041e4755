"""The thread pool: its size, when helpers work, and that it never gets stuck."""

import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack

import numpy as np
import pytest

from network3.layers.backends.cpu import processor_count
from network3.layers.backends.cpu.threads import single_thread, team, thread_pool, threads
from tests.layers.backends.cpu.threads.jobs import LIMIT, Jobs, Training, do, helped, helpers_expected, jobs_shared


@pytest.mark.parametrize(("given", "number"), [("1", 1), ("2", 2), ("16", 16), (" 3 ", 3)])
def test_threads_as_given(monkeypatch, given, number):
    monkeypatch.setenv("NETWORK3_THREADS", given)
    assert threads() == number


@pytest.mark.parametrize("given", ["0", "two", "-1", "1.5", "2 3", " "])
def test_invalid_number_of_threads(monkeypatch, given):
    monkeypatch.setenv("NETWORK3_THREADS", given)
    message = rf"^NETWORK3_THREADS: expected a whole number, 1 or more; got '?{given}'?\. Write e\.g\. 10\.$"
    with pytest.raises(ValueError, match=message):
        threads()
    with pytest.raises(ValueError, match=message), thread_pool():
        pytest.fail("not reached")


@pytest.mark.parametrize("given", [None, ""])
def test_threads_default_to_the_available_processors(monkeypatch, given):
    monkeypatch.setattr(team, "processors", processor_count.processors)
    monkeypatch.setattr(processor_count, "_quota", lambda: None)
    monkeypatch.delenv("NETWORK3_THREADS")
    if given is not None:
        monkeypatch.setenv("NETWORK3_THREADS", given)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {1, 4, 5}, raising=False)
    assert threads() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert threads() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert threads() == 1


def test_helpers_take_parts():
    with thread_pool():
        assert helped()


def test_jobs_are_shared_while_a_network_trains(monkeypatch):
    """Other tests rely on it: jobs are put into the queue whether or not a helper comes in time."""
    training, shared = Training(), jobs_shared()
    end = time.monotonic() + LIMIT
    with thread_pool():
        # Late helpers are not used for a while, perhaps for an entire training.
        while jobs_shared() == shared and time.monotonic() < end:
            training.run()
    assert jobs_shared() > shared
    shared = jobs_shared()
    monkeypatch.setenv("NETWORK3_THREADS", "1")
    with thread_pool():
        training.run()
    training.run()
    assert jobs_shared() == shared


def test_helpers_use_no_processor_time_afterwards():
    with thread_pool():
        do(100, 10)
    do(1, 20, terms=30_000)
    time.sleep(0.1)  # they may be asleep when the pool is released
    used = time.process_time()
    time.sleep(0.4)
    assert time.process_time() - used < 0.2


def test_the_caller_waits_until_helpers_have_started(monkeypatch):
    """A helper that starts while the caller holds the GIL would wait for the switch interval."""
    there = []
    monkeypatch.setattr(team, "_helpers", [])  # those of other tests may still be finishing
    monkeypatch.setattr(team, "_arrived", threading.Semaphore(0))
    monkeypatch.setattr(team, "_run_parts", there.append)
    monkeypatch.setattr(team, "ARRIVAL_TIMEOUT", LIMIT)
    interval = sys.getswitchinterval()
    try:
        sys.setswitchinterval(1000)
        with thread_pool():
            assert sorted(there) == [0, 1]
            there.clear()
        with thread_pool():  # and again, when the threads already exist
            assert sorted(there) == [0, 1]
    finally:
        sys.setswitchinterval(interval)


def test_two_threads_at_once():
    """One uses the helpers; the other runs alone meanwhile."""
    pair = [Jobs(2000, 10, seed) for seed in range(2)]
    alone = [each.run() for each in pair]
    got = [None, None]
    start = threading.Barrier(2)

    def work(k):
        start.wait()
        got[k] = pair[k].run()

    with thread_pool():
        _in_threads(work, 2)
    np.testing.assert_array_equal(got, alone)


@pytest.mark.parametrize(("count", "turns"), [(2, 200), (10, 40)])
def test_threads_that_enter_and_leave_repeatedly(count, turns):
    """Each enters and leaves the context on its own."""
    everyone = [Jobs(10, 10, seed) for seed in range(count)]
    alone = [each.run() for each in everyone]
    right = [0] * count

    def work(k):
        for _ in range(turns):
            with thread_pool():
                right[k] += np.array_equal(everyone[k].run(), alone[k])

    _in_threads(work, count)
    assert right == [turns] * count
    assert helpers_expected() == 0


def _in_threads(work, count):
    workers = [threading.Thread(target=work, args=(k,)) for k in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(LIMIT)
        assert not worker.is_alive()


def test_nested_contexts():
    alone = do(500, 10)
    with thread_pool():
        with thread_pool():
            np.testing.assert_array_equal(do(500, 10), alone)
        assert helpers_expected() == 2
        np.testing.assert_array_equal(do(500, 10), alone)
    assert helpers_expected() == 0
    np.testing.assert_array_equal(do(500, 10), alone)


def test_another_number_of_threads_each_time(monkeypatch):
    alone = do(500, 10)
    for number in (2, 5, 1, 3, 2):
        monkeypatch.setenv("NETWORK3_THREADS", str(number))
        with thread_pool():
            assert helpers_expected() == number - 1
            np.testing.assert_array_equal(do(500, 10), alone)
        assert helpers_expected() == 0


def test_the_number_of_threads_changes_while_the_pool_is_in_use(monkeypatch):
    alone = do(500, 10)
    with ExitStack() as stack:
        for number in (2, 5, 3):
            monkeypatch.setenv("NETWORK3_THREADS", str(number))
            stack.enter_context(thread_pool())
            np.testing.assert_array_equal(do(500, 10), alone)
    assert helpers_expected() == 0


def test_more_helpers_than_scratch_areas(monkeypatch):
    monkeypatch.setenv("NETWORK3_THREADS", "5")
    jobs = Jobs(500, 10, areas=2)
    alone = jobs.run()
    with thread_pool():
        np.testing.assert_array_equal(jobs.run(), alone)


def test_an_error_releases_the_helpers():
    with pytest.raises(ZeroDivisionError), thread_pool():
        raise ZeroDivisionError
    assert helpers_expected() == 0
    with thread_pool(), pytest.raises(ZeroDivisionError), thread_pool():
        raise ZeroDivisionError
    assert helpers_expected() == 0
    with pytest.raises(ZeroDivisionError), single_thread():
        raise ZeroDivisionError
    with thread_pool():
        assert helpers_expected() == 2


def test_an_interruption_while_helpers_are_started(monkeypatch):
    def interrupted(expected):
        team.QUEUE.words[team.HELPERS] = expected
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(team, "_wake_helpers", interrupted)
        with pytest.raises(KeyboardInterrupt), thread_pool():
            pytest.fail("not reached")
    assert helpers_expected() == 0
    with thread_pool():
        assert helped()


def test_a_system_that_allows_no_more_threads(monkeypatch):
    with thread_pool():
        there = len(team._helpers)

    class Refused(threading.Thread):
        def start(self):
            raise RuntimeError("can't start new thread")

    monkeypatch.setenv("NETWORK3_THREADS", str(there + 3))
    alone = do(100, 10)
    with monkeypatch.context() as patch:
        patch.setattr(threading, "Thread", Refused)
        with thread_pool():
            assert helpers_expected() == there
            np.testing.assert_array_equal(do(100, 10), alone)


def test_single_thread_starts_no_helpers():
    with single_thread(), thread_pool():
        assert helpers_expected() == 0
    with thread_pool():
        with single_thread(), thread_pool():
            assert helpers_expected() == 2  # for other threads
        assert helpers_expected() == 2


def test_single_thread_does_not_affect_other_threads():
    seen = []
    with single_thread():
        _in_threads(lambda k: seen.append(team.in_single_thread()), 1)
        assert team.in_single_thread()
    assert seen == [False]
    assert not team.in_single_thread()


def test_with_every_processor_busy():
    """Helpers are late, and the caller sometimes continues alone; still, all parts run."""
    jobs, training = Jobs(200, 10, terms=3000, end_cooldowns=False), Training()
    alone, bits = jobs.run(), training.run()
    busy = "import time\nend = time.monotonic() + 20\nwhile time.monotonic() < end: pass"
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    others = [subprocess.Popen([sys.executable, "-S", "-c", busy]) for _ in range(processors)]
    try:
        time.sleep(0.2)
        end = time.monotonic() + 1
        while time.monotonic() < end:
            with thread_pool():
                np.testing.assert_array_equal(jobs.run(), alone)
                assert training.run() == bits
    finally:
        for other in others:
            other.kill()
            other.wait()
