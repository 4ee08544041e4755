"""Cosine, warm-up and one-cycle schedules against numbers worked out by hand."""

import math

import pytest

import network3
from network3 import History
from network3.optim import Adam, CosineDecay, HalveOnPlateau, OneCycle, StepDecay, WarmUp
from tests.network3.execution.two_layers import BATCH, build, data


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


def test_pytorch_agrees_on_the_cosine():
    torch = pytest.importorskip("torch", reason="PyTorch is no dependency")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.8)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=7, eta_min=0.2)
    expected = []
    for _ in range(8):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates(CosineDecay(7, final=0.25), 8) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("epochs", [2, 3, 10, 31])
def test_one_cycle_has_one_top(epochs):
    found = rates(OneCycle(epochs, start=0.0, final=0.0), epochs)
    top = found.index(max(found))
    assert found[: top + 1] == sorted(found[: top + 1])
    assert found[top:] == sorted(found[top:], reverse=True)
    assert found[-1] == pytest.approx(0, abs=1e-15)
    assert found[0] == 0


@pytest.mark.parametrize("backend", ["network3", "jax"])
@pytest.mark.parametrize("schedule", [OneCycle(4), WarmUp(2, CosineDecay(4))], ids=["one cycle", "warm-up"])
def test_a_training_that_is_resumed_in_the_middle_of_a_schedule(schedule, backend, tmp_path):
    network3.use(backend=backend)
    (x, y), nets = data(), [build(), build()]
    arguments = {"schedule": schedule, "rule": Adam(), "verbose": False}
    history = nets[0].SGD((x, y), 4, BATCH, 0.1, **arguments)
    assert history.eta == [schedule(0.1, History(cost=[1.0] * epoch)) for epoch in range(4)]
    nets[1].SGD((x, y), 2, BATCH, 0.1, **arguments, checkpoint=tmp_path / "c")
    assert nets[1].SGD((x, y), 4, BATCH, 0.1, **arguments, resume=tmp_path / "c").eta == history.eta
    for one, other in zip(nets[0].get_weights(), nets[1].get_weights(), strict=True):
        assert (one == other).all()


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
