"""A small network and its data for wrong uses, and the check that they are refused in four parts."""

import re

import numpy as np
import pytest

from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from tests.tools.fuzz_wrong_use import FOUR_PARTS

X, Y = np.full((20, 6), 0.5, "float32"), np.arange(20) % 3


def net():
    return Network([FullyConnectedLayer(6, 5), SoftmaxLayer(5, 3)], 4)


def refused(act, message, kind=(TypeError, ValueError)):
    """Check that `act` raises an error in four parts that contains `message`."""
    with pytest.raises(kind, match=re.escape(message)) as caught:
        act()
    assert FOUR_PARTS.match(str(caught.value)), str(caught.value)
