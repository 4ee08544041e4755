"""The work queue: every part of a job is done once, whoever comes, and whenever; its functions run as plain Python."""

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
    LONGEST_COOLDOWN,
    MOST_JOBS,
    MOST_PARTS,
    WorkQueue,
    do_job,
    take_parts,
)
from tests.layers.backends.cpu.threads.jobs import LIMIT, Callback, Jobs

SECOND = 1_000_000_000


class Watched:
    """A queue of its own, with one helper expected, and a job that writes down who does which part where.

    `meanwhile` maps parts to what happens while they are done.
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
        """Do the job, and return its parts with the scratch memory of each."""
        self.done.clear()
        do_job(self.queue.address, self.job.address, 77, parts, 1000, 64, areas)
        return list(self.done)

    def help(self, helper=0):
        """Do what a helper does that comes just now."""
        return take_parts(self.queue.address, helper + 1)


@pytest.fixture
def watched():
    return Watched()


@pytest.mark.parametrize("parts", [0, 1, 2, 7])
@pytest.mark.parametrize("helpers", [0, 1])
def test_the_caller_does_all_parts_if_nobody_comes(watched, parts, helpers):
    watched.queue.words[HELPERS] = helpers
    assert watched.do(parts) == [(part, 1000) for part in range(parts)]
    assert watched.queue.words[COUNTER] >> 32 == (helpers and parts > 1)
    assert watched.queue.words[LOCK] == 0


def test_a_helper_takes_parts_from_the_back_with_scratch_memory_of_its_own(watched):
    watched.meanwhile = {0: watched.help}
    assert watched.do(4) == [(0, 1000), (3, 1064), (2, 1064), (1, 1064)]
    watched.meanwhile = {1: watched.help}
    assert watched.do(4) == [(0, 1000), (1, 1000), (3, 1064), (2, 1064)]


def test_three_share_a_job(watched):
    watched.meanwhile = {0: watched.help, 5: lambda: watched.help(1)}
    assert watched.do(6, areas=3) == [(0, 1000), (5, 1064), *((part, 1128) for part in (4, 3, 2, 1))]


def test_a_helper_without_scratch_memory_takes_no_part(watched):
    watched.meanwhile = {0: lambda: watched.help(1)}
    assert watched.do(4) == [(part, 1000) for part in range(4)]


@pytest.mark.parametrize(("parts", "areas"), [(1, 2), (4, 1), (MOST_PARTS, 2), (MOST_PARTS + 1, 2)])
def test_a_job_that_is_not_shared_leaves_the_queue_alone(watched, parts, areas):
    """One part, no room for a helper, or more parts than the counter can count."""
    before = list(watched.queue.words)
    watched.queue.address, address = 0, watched.queue.address  # nothing can be read there
    if parts == 1 or areas == 1:
        assert len(watched.do(parts, areas)) == parts
    watched.queue.address = address
    assert watched.do(parts, areas) == [(part, 1000) for part in range(parts)]
    assert list(watched.queue.words) == before


def test_a_helper_that_comes_too_late_finds_nothing_to_do(watched):
    assert watched.help() == 0  # before the first job
    watched.do(3)
    watched.done.clear()
    assert watched.help() == 0
    assert watched.done == []


def test_a_job_within_a_job_is_done_alone(watched):
    """As by a second caller while the first has the queue."""
    inner = Watched()
    inner.queue = watched.queue
    watched.meanwhile = {0: lambda: inner.do(3)}
    assert watched.do(2) == [(0, 1000), (1, 1000)]
    assert inner.done == [(0, 1000), (1, 1000), (2, 1000)]


@pytest.mark.parametrize("parts", [2, 3])
def test_a_helper_that_was_stopped_takes_no_part_by_what_it_knew(watched, monkeypatch, parts):
    """It has read all of a job, and goes on when the next job has come just as far."""
    swap, tried = work_queue.compare_and_swap, []
    stopped, go_on = threading.Event(), threading.Event()
    helper = threading.Thread(target=watched.help)

    def stopping_swap(*given):
        if threading.current_thread() is not helper:
            return swap(*given)
        stopped.set()
        go_on.wait(LIMIT)
        tried.append(swap(*given))
        return tried[-1]

    def start_helper():
        helper.start()
        stopped.wait(LIMIT)

    def let_helper_go_on():
        go_on.set()
        helper.join(LIMIT)

    monkeypatch.setattr(work_queue, "compare_and_swap", stopping_swap)
    watched.meanwhile = {0: start_helper}
    assert watched.do(parts) == [(part, 1000) for part in range(parts)]
    watched.meanwhile = {0: let_helper_go_on}
    assert watched.do(parts) == [(0, 1000), *((part, 1064) for part in reversed(range(1, parts)))]
    assert tried == [False] + [True] * (parts - 1)


def test_no_counter_comes_twice(watched):
    """So whoever was stopped with one in hand, for however long, takes no part of a later job."""
    seen = []
    watched.meanwhile = _Always(lambda: seen.append(watched.queue.words[COUNTER]))
    for _ in range(50):
        watched.do(10)
    assert len(set(seen)) == 500
    assert len({counter >> 32 for counter in seen}) == 50


class _Always(dict):
    """A mapping that has one and the same value for all keys."""

    def __init__(self, value):
        super().__init__()
        self.value = value

    def pop(self, key, default):
        return self.value


def test_the_numbers_of_jobs_begin_again(watched):
    watched.queue.words[COUNTER] = MOST_JOBS << 32 | 5
    watched.meanwhile = {0: watched.help}
    assert watched.do(3) == [(0, 1000), (2, 1064), (1, 1064)]
    assert watched.queue.words[COUNTER] >> 32 == 0


class Late:
    """A helper that has taken the last of four parts, and is done with it only when the clock says so."""

    def __init__(self, watched, monkeypatch, late):
        self.words, self.time, self.late = watched.queue.words, 100 * SECOND, late
        watched.meanwhile = {0: self.take}
        monkeypatch.setattr(work_queue, "now", lambda: self.time)
        monkeypatch.setattr(work_queue, "pause", self.finish)

    def take(self):
        self.words[COUNTER] += 1 << 16
        self.time += 3 * 10_000  # so long take the caller's three parts

    def finish(self):
        self.time += self.late
        self.words[DONE] += 1


def test_a_helper_that_is_late_is_left_out_for_a_while(watched, monkeypatch):
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


def test_nobody_is_left_out_for_long(watched, monkeypatch):
    """The process was stopped, or the computer slept; or the clock was set back in a cooldown."""
    late = Late(watched, monkeypatch, 3600 * SECOND)
    watched.do(4)
    end = watched.queue.words[COOLDOWN]
    assert 0 < end <= 101 * SECOND + LONGEST_COOLDOWN
    late.time = end - LONGEST_COOLDOWN - 1
    watched.meanwhile = {0: watched.help}
    assert watched.do(2) == [(0, 1000), (1, 1064)]


@pytest.fixture
def nobody_comes():
    """A queue where helpers are expected, but there are none: the caller does all parts, by the queue."""
    queue = WorkQueue()
    queue.words[HELPERS] = 1
    return queue


@pytest.mark.parametrize("parts", [0, 1, 10, 65_534, 65_535, 65_536, 70_000])
def test_helpers_that_never_come_to_compiled_jobs(nobody_comes, parts):
    jobs = Jobs(2, parts, terms=20, queue=nobody_comes)
    got = jobs.run()
    assert nobody_comes.words[COUNTER] >> 32 == (2 if parts in (10, 65_534) else 0)
    nobody_comes.clear()
    np.testing.assert_array_equal(got, jobs.run())
    assert not any(nobody_comes.words)


def test_compiled_jobs_in_a_single_area_leave_the_queue_alone(nobody_comes):
    Jobs(5, 10, areas=1, queue=nobody_comes, patient=False).run()
    assert nobody_comes.words[COUNTER] == 0
