"""Work shared out by the board: every part is done once, with the same bits whoever does it."""

import numba
import numpy as np
import pytest

from network3.layers.backends.numba import sharing, team
from network3.layers.backends.numba.kernel import kernel
from tests.layers.backends.shared_jobs import do, helped, helpers_wanted, three_threads


@pytest.fixture(autouse=True)
def threads_there(monkeypatch):
    with three_threads(monkeypatch):
        yield


# From 65535 parts on, the board has no place for their numbers: they are done alone.
@pytest.mark.parametrize(("times", "parts"), [(300, 1), (3000, 2), (300, 7), (3000, 10), (300, 100), (2, 40_000)])
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_the_same_bits_in_any_number_of_threads(monkeypatch, threads, times, parts):
    alone = do(times, parts)
    monkeypatch.setenv("NETWORK3_THREADS", str(threads))
    with team.at_work():
        assert helpers_wanted() == threads - 1
        for _ in range(2):
            np.testing.assert_array_equal(do(times, parts), alone)


@pytest.mark.parametrize("parts", [0, 65_534, 65_535, 65_536, 70_000])
def test_no_part_and_more_parts_than_the_board_can_count(parts):
    alone = do(2, parts, terms=20)
    with team.at_work():
        np.testing.assert_array_equal(do(2, parts, terms=20), alone)


def test_results_are_right():
    """Against the same recurrence in NumPy, so that the other tests do not compare wrong with wrong."""
    numbers = np.random.default_rng(5).random(300, np.float32)
    expected = np.empty((4, 10))
    for job, part in np.ndindex(expected.shape):
        terms = numbers[part % 7 :: 7].astype(float)
        powers = 0.9 ** np.arange(len(terms))[::-1]
        expected[job, part] = job * 0.9 ** len(terms) + terms @ powers
    with team.at_work():
        np.testing.assert_allclose(do(4, 10, seed=5, terms=300), expected, rtol=1e-6)


def test_helpers_take_parts():
    with team.at_work():
        assert helped()


@pytest.fixture
def nobody_comes():
    """Helpers are wanted, but there are none: the caller does all parts, by the board."""
    team._numbers[sharing.HELPERS] = 1
    yield
    team._numbers[sharing.HELPERS] = 0


@pytest.mark.usefixtures("nobody_comes")
@pytest.mark.parametrize("parts", [0, 1, 10, 65_534, 65_535, 65_536, 70_000])
def test_helpers_that_never_come(parts):
    got = do(2, parts, terms=20)
    team._numbers[sharing.HELPERS] = 0
    np.testing.assert_array_equal(got, do(2, parts, terms=20))


@kernel
def _keep_ticket(part, seen):
    seen[part] = sharing.read(sharing.TICKET)


keep_tickets = sharing.shared_out(_keep_ticket)


@numba.njit
def _tickets(jobs, parts):
    seen = np.zeros((jobs, parts), np.int64)
    for job in range(jobs):
        keep_tickets(parts, (seen[job],))
    return seen


@pytest.mark.usefixtures("nobody_comes")
def test_no_ticket_comes_twice():
    """So whoever was stopped with one in hand, for however long, takes no part of a later job."""
    tickets = _tickets(500, 10)
    assert len(np.unique(tickets)) == 5000
    assert len(np.unique(tickets >> 32)) == 500
