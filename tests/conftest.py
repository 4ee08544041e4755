"""Settings are restored after every test, and each test starts with the same random numbers, in any order.

``NETWORK3_TEST_SEED=1`` changes the initial weights of all tests. ``NETWORK3_TEST_ORDER`` changes their order:
``random`` (by that seed) or ``reversed``.
"""

import os
import random
import signal
import warnings

import numpy as np
import pytest

from network3.execution import device
from network3.layers import precision

SEED = int(os.environ.get("NETWORK3_TEST_SEED", "0"))
ORDER = os.environ.get("NETWORK3_TEST_ORDER", "")
# These files start first: otherwise one process still runs one of them when the others are done.
LONGEST = (
    "test_examples.py",
    "test_processors.py",
    "test_docs.py",
    "test_docs_commands.py",
    "test_isolation.py",
    "test_pool.py",
)


def pytest_configure():
    # A process that a shell starts in the background ignores SIGINT, which some tests send.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before pytest groups tests that share a fixture with parameters
def pytest_collection_modifyitems(items):
    if ORDER not in ("", "reversed", "random"):
        raise pytest.UsageError(f"NETWORK3_TEST_ORDER: expected reversed or random; got {ORDER}.")
    if ORDER:
        places = {path: place for place, path in enumerate(dict.fromkeys(item.path for item in items))}
        items.reverse() if ORDER == "reversed" else random.Random(SEED).shuffle(items)
        items.sort(key=lambda item: places[item.path])  # each file's tests stay together
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    np.random.seed(SEED)  # for fixtures of a wider scope


@pytest.fixture(autouse=True)
def random_numbers():
    """Start each test with the same state of NumPy's global generator, from which initial weights are drawn."""
    np.random.seed(SEED)


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """Start each test with the defaults on the CPU, and restore what it sets with `network3.use`."""
    # A fixture of a wider scope is set up before this one: its settings would remain for the tests of other files.
    assert (device._device, device._backend, precision._chosen) == (None, "auto", None), "set outside of a test"
    monkeypatch.setenv("NETWORK3_DEVICE", "cpu")
    monkeypatch.delenv("NETWORK3_FLOATX", raising=False)
    monkeypatch.setattr(device, "_device", None)
    monkeypatch.setattr(device, "_backend", "auto")
    monkeypatch.setattr(precision, "_chosen", None)
    # PyTensor silences this on import, but pytest restores the filters after each test.
    warnings.filterwarnings("ignore", message=r".*np\.dot\(\) is faster on contiguous arrays")
