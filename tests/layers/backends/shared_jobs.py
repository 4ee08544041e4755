"""Jobs in parts for the tests of the team: what each part gives is known, and that each is done once is checked."""

import time
from contextlib import contextmanager

import numba
import numpy as np

from network3.layers.backends.numba import sharing, team
from network3.layers.backends.numba.kernel import kernel

LIMIT = 60  # seconds, after which a child counts as stuck


@kernel
def _part(part, numbers, job, results, counts):
    total = np.float32(job)
    for k in range(part % 7, len(numbers), 7):
        total = total * np.float32(0.9) + numbers[k]
    results[job, part] = total
    counts[part] += 1


shared = sharing.shared_out(_part)


@numba.njit(nogil=True)
def _jobs(parts, numbers, results, counts, patient):
    """Do one job after the other; return after how many of them a part had not been done exactly once.

    Where `patient`, helpers are called on for every job, however late they were for the last.
    """
    wrong = 0
    for job in range(len(results)):
        if patient:
            sharing.write(sharing.ALONE_UNTIL, 0)
        shared(parts, (numbers, job, results, counts))
        for part in range(parts):
            if counts[part] != job + 1:
                wrong += 1
                break
    return wrong


def do(times, parts, seed=0, terms=1000, patient=True):
    """Return the results of `times` jobs of `parts` parts, by job and part."""
    numbers = np.random.default_rng(seed).random(terms, np.float32)
    results, counts = np.zeros((times, parts), np.float32), np.zeros(parts, np.int64)
    assert _jobs(parts, numbers, results, counts, patient) == 0
    return results


def helpers_wanted():
    return team._numbers[sharing.HELPERS]


def parts_by_helpers():
    """Return how many parts of the last job helpers have done."""
    return int(team._numbers[sharing.TICKET]) >> 16 & sharing.MOST_PARTS


def helped():
    """Return whether helpers take parts, sooner or later: a system that is busy may let them wait."""
    end = time.monotonic() + LIMIT / 2
    while time.monotonic() < end:
        do(1, 20, terms=300_000)
        if parts_by_helpers() > 0:
            return True
    return False


@contextmanager
def three_threads(monkeypatch):
    """Let there be three threads, and look that nobody is left at work."""
    do(1, 2)  # compiled before a thread or a child needs it
    monkeypatch.setenv("NETWORK3_THREADS", "3")
    yield
    assert helpers_wanted() == 0
    assert team._numbers[sharing.LOCK] == 0
