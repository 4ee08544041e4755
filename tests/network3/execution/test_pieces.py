"""Pieces of long calls cover all of it, in order, and their sizes follow the time that they take."""

import pytest

from network3.execution import pieces
from network3.execution.pieces import MOST, Pieces


@pytest.fixture
def take(monkeypatch):
    """Return a function that runs pieces of which each step takes so many seconds, and returns their sizes."""
    now = [0.0]
    monkeypatch.setattr(pieces.time, "perf_counter", lambda: now[0])

    def run(divided, count, seconds):
        found = []
        for piece in divided.of(count):
            found.append(piece)
            now[0] += seconds * (piece.stop - piece.start)
        assert [k for piece in found for k in range(count)[piece]] == list(range(count))
        return [piece.stop - piece.start for piece in found]

    return run


def test_quick_steps_are_soon_taken_together(take):
    divided = Pieces()
    assert take(divided, 1000, 1e-6) == [1, 2, 4, 8, 16, 32, 64, 128, MOST, MOST, 233]
    assert take(divided, 250, 1e-6) == [250]


def test_slow_steps_are_taken_one_by_one(take):
    divided = Pieces()
    assert take(divided, 4, 3.0) == [1, 1, 1, 1]
    assert take(divided, 0, 3.0) == []


def test_a_piece_takes_about_a_tenth_of_a_second(take):
    sizes = take(Pieces(), 2000, 0.002)
    assert all(pieces.SHORT <= 0.002 * size <= pieces.LONG for size in sizes[6:-1])
