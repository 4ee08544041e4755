"""A store in its initial state, over an empty folder."""

import pytest

from tests.layers.backends.cpu.adding_kernels import FreshStore, wait_for_worker


@pytest.fixture
def fresh_store(monkeypatch, tmp_path):
    made = FreshStore(monkeypatch, tmp_path / "network3")
    yield made
    wait_for_worker()
