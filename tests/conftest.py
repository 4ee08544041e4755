"""Settings put back after every test, whatever it chose; and the same random numbers for each, in any order."""

import warnings

import numpy as np
import pytest

from network3 import device
from network3.layers import precision


@pytest.fixture(autouse=True)
def random_numbers():
    """Begin each test with the same state of NumPy's global generator, from which first weights are drawn."""
    np.random.seed(0)


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
