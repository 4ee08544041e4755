"""The settings that tests begin with are the defaults: no module of theirs, and no fixture, leaves another behind."""

import pytest

from network3 import device
from network3.layers import precision


@pytest.fixture(scope="module")
def outside():
    """What holds outside of any test."""
    return device._device, device._backend, precision._chosen


def test_nothing_was_chosen_while_tests_were_collected(outside):
    assert outside == (None, "auto", None)
