"""The work queue: every part of a job runs once, whenever helpers come; its functions run as plain Python."""

import threading

import numpy as np
import pytest

from network3.layers.backends.cpu.threads import work_queue
from network3.layers.backends.cpu.threads.work_queue import (
    COOLDOWN,
    COUNTER,
    DONE,
    HELPERS,
    LOCK,
    MAX_COOLDOWN,
    MAX_JOBS,
    MAX_PARTS,
    WorkQueue,
    do_job,
    take_parts,
)
from tests.layers.backends.cpu.threads.jobs import LIMIT, Callback, Jobs

SECOND = 1_000_000_000


class Watched:
    """A separate queue with one helper expected, and a job that records which parts run with which scratch memory.

    `meanwhile` maps parts to functions that are called while they run.
    """

    def __init__(self):
        self.queue = WorkQueue()
        self.queue.words[HELPERS] = 1
        self.done, self.meanwhile = [], {}
        self.job = Callback(self._part)

    def _part(self, arguments, part, scratch):
        self.done.append((part, scratch))
        assert arguments == 77
        self.meanwhile.pop(part, lambda: None)()

    def do(self, parts, areas=2):
        """Run the job, and return its parts with the scratch memory of each."""
        self.done.clear()
        do_job(self.queue.address, self.job.address, 77, parts, 1000, 64, areas)
        return list(self.done)

    def help(self, helper=0):
        """Take parts as a helper would."""
        return take_parts(self.queue.address, helper + 1)


@pytest.fixture
def watched():
    return Watched()


@pytest.mark.parametrize("parts", [0, 1, 2, 7])
@pytest.mark.parametrize("helpers", [0, 1])
def test_the_caller_runs_all_parts_if_no_helper_comes(watched, parts, helpers):
    watched.queue.words[HELPERS] = helpers
    assert watched.do(parts) == [(part, 1000) for part in range(parts)]
    assert watched.queue.words[COUNTER] >> 32 == (helpers and parts > 1)
    assert watched.queue.words[LOCK] == 0


def test_a_helper_takes_parts_from_the_back_with_scratch_memory_of_its_own(watched):
    watched.meanwhile = {0: watched.help}
    assert watched.do(4) == [(0, 1000), (3, 1064), (2, 1064), (1, 1064)]
    watched.meanwhile = {1: watched.help}
    assert watched.do(4) == [(0, 1000), (1, 1000), (3, 1064), (2, 1064)]


def test_three_threads_share_a_job(watched):
    watched.meanwhile = {0: watched.help, 5: lambda: watched.help(1)}
    assert watched.do(6, areas=3) == [(0, 1000), (5, 1064), *((part, 1128) for part in (4, 3, 2, 1))]


def test_a_helper_without_scratch_memory_takes_no_part(watched):
    watched.meanwhile = {0: lambda: watched.help(1)}
    assert watched.do(4) == [(part, 1000) for part in range(4)]


@pytest.mark.parametrize(("parts", "areas"), [(1, 2), (4, 1), (MAX_PARTS, 2), (MAX_PARTS + 1, 2)])
def test_a_job_that_is_not_shared_leaves_the_queue_alone(watched, parts, areas):
    """One part, no scratch area for a helper, or more parts than the counter can count."""
    before = list(watched.queue.words)
    watched.queue.address, address = 0, watched.queue.address  # an address that cannot be read
    if parts == 1 or areas == 1:
        assert len(watched.do(parts, areas)) == parts
    watched.queue.address = address
    assert watched.do(parts, areas) == [(part, 1000) for part in range(parts)]
    assert list(watched.queue.words) == before


def test_a_helper_that_comes_too_late_takes_no_part(watched):
    assert watched.help() == 0  # before the first job
    watched.do(3)
    watched.done.clear()
    assert watched.help() == 0
    assert watched.done == []


def test_a_job_within_a_job_runs_without_helpers(watched):
    """As for a second caller while the first holds the queue."""
    inner = Watched()
    inner.queue = watched.queue
    watched.meanwhile = {0: lambda: inner.do(3)}
    assert watched.do(2) == [(0, 1000), (1, 1000)]
    assert inner.done == [(0, 1000), (1, 1000), (2, 1000)]


@pytest.mark.parametrize("parts", [2, 3])
def test_a_suspended_helper_takes_no_part_with_an_outdated_counter(watched, monkeypatch, parts):
    """It has read the words of a job, and resumes when the next job has progressed equally far."""
    swap, tried = work_queue.compare_and_swap, []
    stopped, resume = threading.Event(), threading.Event()
    helper = threading.Thread(target=watched.help)

    def stopping_swap(*given):
        if threading.current_thread() is not helper:
            return swap(*given)
        stopped.set()
        resume.wait(LIMIT)
        tried.append(swap(*given))
        return tried[-1]

    def start_helper():
        helper.start()
        stopped.wait(LIMIT)

    def resume_helper():
        resume.set()
        helper.join(LIMIT)

    monkeypatch.setattr(work_queue, "compare_and_swap", stopping_swap)
    watched.meanwhile = {0: start_helper}
    assert watched.do(parts) == [(part, 1000) for part in range(parts)]
    watched.meanwhile = {0: resume_helper}
    assert watched.do(parts) == [(0, 1000), *((part, 1064) for part in reversed(range(1, parts)))]
    assert tried == [False] + [True] * (parts - 1)


def test_counters_are_unique(watched):
    """So a helper that was suspended with one, for however long, takes no part of a later job."""
    seen = []
    watched.meanwhile = _Always(lambda: seen.append(watched.queue.words[COUNTER]))
    for _ in range(50):
        watched.do(10)
    assert len(set(seen)) == 500
    assert len({counter >> 32 for counter in seen}) == 50


class _Always(dict):
    """A mapping with the same value for all keys."""

    def __init__(self, value):
        super().__init__()
        self.value = value

    def pop(self, key, default):
        return self.value


def test_job_numbers_wrap_around(watched):
    watched.queue.words[COUNTER] = MAX_JOBS << 32 | 5
    watched.meanwhile = {0: watched.help}
    assert watched.do(3) == [(0, 1000), (2, 1064), (1, 1064)]
    assert watched.queue.words[COUNTER] >> 32 == 0


class Late:
    """A helper that has taken the last of four parts, and finishes it `late` nanoseconds after the others."""

    def __init__(self, watched, monkeypatch, late):
        self.words, self.time, self.late = watched.queue.words, 100 * SECOND, late
        watched.meanwhile = {0: self.take}
        monkeypatch.setattr(work_queue, "now", lambda: self.time)
        monkeypatch.setattr(work_queue, "pause", self.finish)

    def take(self):
        self.words[COUNTER] += 1 << 16
        self.time += 3 * 10_000  # the time of the caller's three parts

    def finish(self):
        self.time += self.late
        self.words[DONE] += 1


def test_a_late_helper_is_not_used_for_a_while(watched, monkeypatch):
    late = Late(watched, monkeypatch, 1_020_000)
    assert watched.do(4) == [(part, 1000) for part in range(3)]
    assert watched.queue.words[COOLDOWN] == late.time - 1_020_000 + 20 * 1_000_000
    watched.meanwhile = {0: lambda: pytest.fail("shared") if watched.help() else None}
    late.time += 10_000_000
    jobs = watched.queue.words[COUNTER] >> 32
    assert len(watched.do(4)) == 4
    assert watched.queue.words[COUNTER] >> 32 == jobs
    late.time += 10_000_000
    watched.meanwhile = {0: watched.help}
    assert watched.do(2) == [(0, 1000), (1, 1064)]
    assert watched.queue.words[COOLDOWN] == 0


def test_a_helper_may_be_late_by_a_few_parts(watched, monkeypatch):
    late = Late(watched, monkeypatch, 20_000 + 4 * 10_000)
    watched.do(4)
    assert watched.queue.words[COOLDOWN] == 0
    late.late += 1
    watched.meanwhile = {0: late.take}
    watched.do(4)
    assert watched.queue.words[COOLDOWN] > 0


def test_a_cooldown_is_limited(watched, monkeypatch):
    """The process was suspended, or the computer slept; or the clock was set back during a cooldown."""
    late = Late(watched, monkeypatch, 3600 * SECOND)
    watched.do(4)
    end = watched.queue.words[COOLDOWN]
    assert 0 < end <= 101 * SECOND + MAX_COOLDOWN
    late.time = end - MAX_COOLDOWN - 1
    watched.meanwhile = {0: watched.help}
    assert watched.do(2) == [(0, 1000), (1, 1064)]


@pytest.fixture
def no_helpers():
    """A queue where helpers are expected but none exist: the caller runs all parts, by the queue."""
    queue = WorkQueue()
    queue.words[HELPERS] = 1
    return queue


@pytest.mark.parametrize("parts", [0, 1, 10, 65_534, 65_535, 65_536, 70_000])
def test_compiled_jobs_if_no_helper_comes(no_helpers, parts):
    jobs = Jobs(2, parts, terms=20, queue=no_helpers)
    got = jobs.run()
    assert no_helpers.words[COUNTER] >> 32 == (2 if parts in (10, 65_534) else 0)
    no_helpers.clear()
    np.testing.assert_array_equal(got, jobs.run())
    assert not any(no_helpers.words)


def test_compiled_jobs_in_a_single_area_leave_the_queue_alone(no_helpers):
    Jobs(5, 10, areas=1, queue=no_helpers, end_cooldowns=False).run()
    assert no_helpers.words[COUNTER] == 0
