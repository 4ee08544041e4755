"""Figures without a screen, closed after each test."""

import matplotlib as mpl
import pytest


@pytest.fixture(autouse=True)
def no_screen():
    mpl.use("agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.fixture
def net(small_network):
    """Convolution from 2 maps of 10 x 8 to 3 of 4 x 3, then 11 neurons and a softmax over 4 classes."""
    return small_network("network3", "float64")
