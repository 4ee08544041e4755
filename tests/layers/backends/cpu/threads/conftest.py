"""Three threads for every test here; afterwards nobody is left at work."""

import pytest

from network3.layers.backends.cpu.threads.work_queue import LOCK
from tests.layers.backends.cpu.threads.jobs import QUEUE, do, helpers_wanted


@pytest.fixture(autouse=True)
def three_threads(monkeypatch):
    do(1, 2)  # compiled before a thread or a child needs it
    monkeypatch.setenv("NETWORK3_THREADS", "3")
    yield
    assert helpers_wanted() == 0
    assert QUEUE.words[LOCK] == 0
