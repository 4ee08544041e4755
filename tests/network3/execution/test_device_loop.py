"""Epochs in loops on a device: the same as step by step, resumed as well, and nothing crosses but what must."""

import signal
from contextlib import ExitStack
from functools import cache

import jax
import numpy as np
import pytest

import network3
from network3 import DivergenceError, TrainingInterrupted
from network3.optim.augmentation import Deformation
from tests.network3.execution import device_run


@pytest.fixture(autouse=True)
def on_jax(settings):
    network3.use(backend="jax")


@cache
def kept(dtype):
    """One network of a type, which keeps what is compiled for it, and its first weights."""
    network3.use(floatX=dtype)
    net = device_run.build()
    return net, net.get_weights()


def first_again(dtype="float32"):
    """Return the short network as if newly built."""
    network3.use(floatX=dtype)
    net, first = kept(dtype)
    net.set_weights(first)
    return net


def trained(devices, dtype="float32", **changes):
    """Train the short network, and return what must not depend on where."""
    net = first_again(dtype)
    return device_run.outcome(net, device_run.train(net, devices=devices, **changes))


def same(one, other, **tolerance):
    assert set(one) == set(other)
    for name, value in one.items():
        np.testing.assert_allclose(other[name], value, err_msg=name, **tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-13)])
def test_it_is_the_same_as_step_by_step(capsys, dtype, tolerance):
    stepwise = trained(None, dtype)
    printed = capsys.readouterr().out
    same(stepwise, trained(1, dtype), rtol=tolerance, atol=tolerance)
    assert capsys.readouterr().out == printed
    assert printed.startswith("Training mini-batch number 0\nEpoch 0: validation accuracy")


@pytest.mark.parametrize(
    "changes",
    [
        {"shuffle": False, "lmbda": 0.0, "rule": network3.optim.gradient_descent},
        {"rule": network3.optim.Nesterov(0.8), "schedule": network3.optim.StepDecay(every=1, factor=0.5)},
        {"augment": Deformation(rotation=10, shift=1, image_shape=(9, 8))},
    ],
    ids=["plain", "Nesterov, falling rate", "augmented"],
)
def test_rules_schedules_and_images_that_change_are_the_same(changes):
    same(trained(None, **changes), trained(1, **changes), rtol=1e-6, atol=1e-6)


def press_ctrl_c(progress):
    if (progress.epoch, progress.batch, progress.epoch_done) == (1, 7, False):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(("before", "after"), [(1, 1), (None, 1), (1, None)])
def test_an_interrupted_training_goes_on_wherever(tmp_path, monkeypatch, before, after):
    monkeypatch.setattr("network3.training.trainer.STEPS_A_CHUNK", 5)
    expected = trained(after)
    with pytest.raises(TrainingInterrupted):
        trained(before, callbacks=[press_ctrl_c], checkpoint=tmp_path / "c")
    tolerance = 0 if before == after else 1e-6
    same(expected, trained(after, resume=tmp_path / "c"), rtol=tolerance, atol=tolerance)


def test_weights_can_be_read_within_an_epoch(monkeypatch):
    monkeypatch.setattr("network3.training.trainer.STEPS_A_CHUNK", 5)

    def weights_along(devices):
        seen = []
        trained(devices, epochs=1, callbacks=[lambda progress: seen.append(progress.net.get_weights())])
        return seen

    stepwise, looped = weights_along(None), weights_along(1)
    assert len(stepwise) == len(looped) == 4  # 13 steps, and the epoch
    for one, other in zip(stepwise, looped, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-6, atol=1e-6)
    assert any((a != b).any() for a, b in zip(looped[0], looped[1], strict=True))


def test_values_are_arrays_of_numpy_again_at_the_end():
    net = first_again()
    device_run.train(net, devices=1, epochs=1)
    variables = [*net.params, *net.dropout_states]
    assert {type(variable.get_value(borrow=True)) for variable in variables} == {np.ndarray}
    before = net.get_weights()
    net.params[0].set_value(before[0] * 2)  # as its owner may
    assert not (net.predict_proba(device_run.data()[1][0]) == 0).all()
    device_run.train(net, devices=1, epochs=1)


def test_in_a_call_only_the_numbers_of_the_examples_cross_to_the_device(monkeypatch):
    monkeypatch.setattr("network3.training.trainer.STEPS_A_CHUNK", 5)
    crossed, real = [], jax.device_put

    def counted(value, *where):
        if not isinstance(value, jax.Array):
            crossed.append((np.shape(value), np.asarray(value).dtype.name))
        return real(value, *where)

    def mark(progress):
        crossed.append(f"epoch {progress.epoch}" if progress.epoch_done else f"batch {progress.batch}")
        if crossed[-1] == "epoch 0":  # all is compiled: from here on, nothing may cross but through device_put
            guard.enter_context(jax.transfer_guard_host_to_device("disallow"))

    monkeypatch.setattr(jax, "device_put", counted)
    with ExitStack() as guard:
        trained(1, epochs=2, callbacks=[mark])
    second = crossed[crossed.index("epoch 0") + 1 : crossed.index("epoch 1")]
    rows = [((), "int32"), ((250, 40), "int32")]  # fewer than 250 steps, and their number
    masks = [((3,), "int32")] * 2  # the seeds of the epoch's dropout masks
    marks = [*rows, *masks, *(what for batch in (2, 7, 12) for what in (f"batch {batch}", *rows)), "batch 13"]
    assert second[: len(marks)] == marks
    chunks, more = ((2, 250), "int32"), ((4, 250), "int32")  # to validate, and for the cost
    assert second[len(marks) :] in (
        [chunks, more],
        [chunks, chunks, more],
    )  # the second to test, if it is the best
    first = [one for one in crossed[: crossed.index("epoch 0")] if one[1] == "uint8"]
    assert first.count(((537, 72), "uint8")) == 2  # to train on, and to tell the cost of
    assert first.count(((203, 72), "uint8")) == 2  # to validate, and to test


def test_a_cost_that_is_no_number_stops_with_the_last_good_weights():
    net = first_again()
    before = net.get_weights()
    with pytest.raises(DivergenceError, match=r"^SGD: epoch 0, mini-batch \d+: expected a finite cost"):
        device_run.train(net, devices=1, rule=lambda cost, params, eta: {p: p * 1e30 for p in params})
    for one, other in zip(net.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("storage", "hint"), [("float32", "or load_data_shared"), ("uint8", "or fewer images")])
def test_too_little_memory_says_what_would_fit(monkeypatch, storage, hint):
    images, labels = device_run.data()[0]
    images = images if storage == "uint8" else images.astype("float32") / 256

    def full(*_):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 123 bytes.\nmore")

    monkeypatch.setattr("network3.execution.runners.jax_loop.chunk_program", lambda *_: full)
    expected = (
        rf"^SGD: expected memory for 0 MB of {storage} images and mini-batches of 40; got RESOURCE_EXHAUSTED: Out of "
        rf"memory allocating 123 bytes\.\. Try a mini_batch_size below 40, .*{hint}"
    )
    with pytest.raises(MemoryError, match=expected):
        device_run.build().SGD((images, labels), 1, 40, 0.1, devices=1)
