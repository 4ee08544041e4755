"""Cosine, warm-up and one-cycle schedules against numbers worked out by hand."""

import math

import pytest

from network3 import History
from network3.optim import CosineDecay, HalveOnPlateau, OneCycle, StepDecay, WarmUp


def rates(schedule, epochs, eta=0.8):
    return [schedule(eta, History(cost=[1.0] * done)) for done in range(epochs)]


def test_cosine():
    assert rates(CosineDecay(4), 6) == pytest.approx(
        [0.8, 0.4 + 0.2 * math.sqrt(2), 0.4, 0.4 - 0.2 * math.sqrt(2), 0, 0]
    )
    assert rates(CosineDecay(2, final=0.5), 4) == pytest.approx([0.8, 0.6, 0.4, 0.4])


def test_warm_up():
    assert rates(WarmUp(3), 5) == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8])
    assert rates(WarmUp(1, StepDecay(every=2, factor=0.5)), 5) == pytest.approx([0.4, 0.8, 0.4, 0.4, 0.2])
    assert WarmUp(1, HalveOnPlateau(3)).needs_validation
    assert not WarmUp(1).needs_validation
    assert WarmUp(1, lambda eta, history: None)(0.1, History()) is None


def test_one_cycle():
    found = rates(OneCycle(5, rise=0.5, start=0.1, final=0.2), 7)
    assert found == pytest.approx([0.08, 0.44, 0.8, 0.48, 0.16, 0.16, 0.16])
    assert rates(OneCycle(3, rise=0.0, final=0.0), 3) == pytest.approx([0.8, 0.4, 0.0])
    assert rates(OneCycle(3, rise=1.0, start=0.0), 3) == pytest.approx([0.0, 0.4, 0.8])


@pytest.mark.parametrize(
    "make",
    [
        lambda: CosineDecay(0),
        lambda: CosineDecay(3, final=1.5),
        lambda: WarmUp(0),
        lambda: OneCycle(1),
        lambda: OneCycle(9, -1),
    ],
)
def test_values_out_of_range(make):
    with pytest.raises(ValueError, match=r"^(CosineDecay|WarmUp|OneCycle): \w+: expected .*; got "):
        make()
