"""The bar of a training in a notebook: its share, the time left, and what replaces what."""

import numpy as np
import pytest

from network3 import History
from network3.training.callbacks import Progress
from network3.training.notebook import PAUSE, NotebookLog, duration, step


def progress(epoch, batch, history=None, **more):
    return Progress(None, history or History(cost=[0.5] * epoch), epoch, 4, batch, 100, 0.25, **more)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_the_time_left_counts_from_the_first_mini_batch(clock, capsys):
    log, clock.now = NotebookLog(clock), 1000.0  # after compiling
    log.before_chunk(progress(1, 50))  # resumed: 150 of 400 mini-batches were there
    clock.now += 25
    log.on_chunk(progress(2, 0))
    bar = "[============            ] 2 of 4 epochs, 1:40 left, cost 0.25"
    assert capsys.readouterr().out == f"\r{bar}"


def test_bars_that_follow_each_other_at_once_are_left_out(clock, capsys):
    log = NotebookLog(clock)
    log.before_chunk(progress(0, 0))
    log.on_chunk(progress(0, 10))
    log.on_chunk(progress(0, 20))
    clock.now += PAUSE
    log.on_chunk(progress(0, 30))
    assert capsys.readouterr().out.count("\r") == 2


def test_a_shorter_text_clears_the_longer_one_before(clock, capsys):
    log = NotebookLog(clock)
    log.on_wait(progress(0, 0, message="Compiling ..."))
    log.on_wait(progress(0, 0, message="Done."))
    log.on_end(progress(0, 0, message="Stopped.", interrupted=True))
    assert capsys.readouterr().out == "\rCompiling ...\rDone.        \r     \rStopped.\n"


def test_without_a_bar_there_is_nothing_to_clear(clock, capsys):
    NotebookLog(clock).on_end(progress(0, 0, message="Stopped.", interrupted=True))
    assert capsys.readouterr().out == "Stopped.\n"


@pytest.mark.parametrize("epochs", [1, 7, 12, 13, 24, 25, 60, 61, 400, 10_000])
def test_there_are_at_most_12_lines_and_round_steps(epochs):
    every = step(epochs)
    assert epochs / every <= 12
    assert str(every).rstrip("0") in ("1", "2", "5")
    assert every == 1 or epochs / every > 4


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (61, "1:01"), (3599, "59:59"), (3723, "1:02:03")]
)
def test_times_are_read_like_a_clock(seconds, text):
    assert duration(np.float64(seconds)) == text
