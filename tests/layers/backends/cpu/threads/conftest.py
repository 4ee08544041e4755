"""Three threads for every test in this folder; afterwards no helper is expected."""

import pytest

from network3.layers.backends.cpu.threads import team
from network3.layers.backends.cpu.threads.work_queue import LOCK
from tests.layers.backends.cpu.threads.jobs import QUEUE, do, helpers_expected


@pytest.fixture(autouse=True)
def three_threads(monkeypatch):
    do(1, 2)  # compiled before a thread or a child process needs it
    monkeypatch.setattr(team, "processors", lambda: 16)  # threads are not fewer on a small machine
    monkeypatch.setenv("NETWORK3_THREADS", "3")
    yield
    assert helpers_expected() == 0
    assert QUEUE.words[LOCK] == 0
