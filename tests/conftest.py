"""Settings put back after every test, whatever it chose; and the same random numbers for each, in any order.

``NETWORK3_TEST_SEED=1`` gives them all other first weights, and ``NETWORK3_TEST_ORDER=random`` another order (of that
seed), or ``reversed``: what passes by luck fails.
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
# Begun first, so that no process is left with one of them when the others are done.
LONGEST = ("test_examples.py", "test_processors.py", "test_readme.py", "test_isolation.py", "test_pool.py")


def pytest_configure():
    # What a shell starts in the background ignores Ctrl-C, which some tests press.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before pytest puts those together that share a fixture with parameters
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
    np.random.seed(SEED)  # for fixtures of a wider scope, whichever test comes first


@pytest.fixture(autouse=True)
def random_numbers():
    """Begin each test with the same state of NumPy's global generator, from which first weights are drawn."""
    np.random.seed(SEED)


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """Start each test from the defaults on the CPU, and put back what it chooses with `network3.use`."""
    # A wider fixture is set up before this one: what it chose would stay, and trouble whichever file comes next.
    assert (device._device, device._backend, precision._chosen) == (None, "auto", None), "chosen outside of a test"
    monkeypatch.setenv("NETWORK3_DEVICE", "cpu")
    monkeypatch.delenv("NETWORK3_FLOATX", raising=False)
    monkeypatch.setattr(device, "_device", None)
    monkeypatch.setattr(device, "_backend", "auto")
    monkeypatch.setattr(precision, "_chosen", None)
    # PyTensor silences this on import, but pytest puts the filters back after each test.
    warnings.filterwarnings("ignore", message=r".*np\.dot\(\) is faster on contiguous arrays")
