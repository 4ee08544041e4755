"""A training that was interrupted goes on to the same bits; a checkpoint of another one is refused, with the reason."""

import json
import os
import signal
import sys
import threading

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import network3
from network3 import FullyConnectedLayer, Network, SoftmaxLayer, TrainingInterrupted
from network3.training.checkpoint_file import KEY
from tests.network3.training import interrupted_run

MONITOR = ["training_cost"]


def train(epochs=3, callbacks=(), net=None, **changes):
    """Train the short network, or a part of it, and return all that must not depend on interruptions."""
    built, training, validation = interrupted_run.build()
    net = built if net is None else net
    arguments = interrupted_run.arguments() | {"epochs": epochs, "monitor": MONITOR} | changes
    history = net.SGD(training, **arguments, validation_data=validation, callbacks=callbacks)
    return interrupted_run.outcome(net, history)


def same(one, other):
    assert set(one) == set(other)
    for name, value in one.items():
        np.testing.assert_array_equal(other[name], value, err_msg=name)


@pytest.fixture(scope="module")
def alone():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETWORK3_DEVICE", "cpu")
        return train()


def press_ctrl_c(epoch, batch, *, epoch_done=False):
    """Return a callback that presses Ctrl-C once, at this place."""

    def callback(progress):
        if (progress.epoch, progress.batch, progress.epoch_done) == (epoch, batch, epoch_done):
            signal.raise_signal(signal.SIGINT)

    return callback


@pytest.mark.parametrize(
    ("place", "where"),
    [
        ((0, 250), "epoch 0, after 250 of its 2,000"),
        ((1, 1750), "epoch 1, after 1,750 of its 2,000"),
        ((0, 2000), "epoch 0, after 2,000 of its 2,000"),  # before the evaluation, which may take long
    ],
)
def test_ctrl_c_finishes_the_chunk_saves_and_says_how_to_go_on(alone, tmp_path, place, where, capsys):
    file = tmp_path / "a checkpoint"
    with pytest.raises(TrainingInterrupted) as caught:
        train(callbacks=[press_ctrl_c(*place)], checkpoint=file)
    assert str(caught.value) == f"SGD: interrupted in {where} mini-batches. Go on with SGD(..., resume={str(file)!r})."
    assert caught.value.checkpoint == file
    assert caught.value.history.epochs == int(where[6])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    same(alone, train(resume=file))


def test_ctrl_c_after_the_last_epoch_changes_nothing(alone, tmp_path):
    same(alone, train(callbacks=[press_ctrl_c(2, 2000, epoch_done=True)]))


@pytest.mark.skipif(os.name != "posix", reason="SIGTERM is POSIX's")
def test_sigterm_saves_says_how_to_go_on_and_ends_the_program_with_143(alone, tmp_path, capsys):
    file = tmp_path / "checkpoint"

    def terminate(progress):
        if (progress.epoch, progress.batch) == (1, 500):
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(SystemExit) as caught:
        train(callbacks=[terminate], checkpoint=file)
    assert (type(caught.value), caught.value.code) == (network3.TrainingTerminated, 143)
    message = (
        f"SGD: interrupted in epoch 1, after 500 of its 2,000 mini-batches. Go on with SGD(..., resume={str(file)!r})."
    )
    assert caught.value.message == message
    assert capsys.readouterr().out.splitlines()[-1] == message
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    same(alone, train(resume=file))


def test_in_a_notebook_ctrl_c_gives_the_record_so_far(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    net, training, validation = interrupted_run.build()
    arguments = interrupted_run.arguments() | {"callbacks": [press_ctrl_c(1, 250)], "checkpoint": tmp_path / "c"}
    history = net.SGD(training, **arguments, validation_data=validation)
    assert history.epochs == 1
    assert capsys.readouterr().out.splitlines()[-1].endswith(f"Go on with SGD(..., resume={str(tmp_path / 'c')!r}).")


def test_without_a_checkpoint_ctrl_c_says_that_nothing_was_saved():
    with pytest.raises(KeyboardInterrupt, match=r"Nothing was saved; SGD\(\.\.\., checkpoint=filename\)"):
        train(callbacks=[press_ctrl_c(0, 500)])


def test_a_second_ctrl_c_stops_at_once():
    presses = [press_ctrl_c(0, 250), press_ctrl_c(0, 250)]
    with pytest.raises(KeyboardInterrupt) as caught:
        train(callbacks=presses)
    assert str(caught.value).startswith("SGD: interrupted in epoch 0, after 250 of its 2,000 mini-batches.")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_the_programs_own_is_left_alone():
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append(1))
    try:
        train(1, callbacks=[press_ctrl_c(0, 250)])
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [1]


def test_a_thread_trains_as_well(alone):
    results = []
    thread = threading.Thread(target=lambda: results.append(train()))
    thread.start()
    thread.join()
    same(alone, results[0])


def test_a_training_can_be_made_longer(alone, tmp_path):
    file = tmp_path / "checkpoint"
    train(1, checkpoint=file)
    train(2, resume=file)
    same(alone, train(3, resume=file))
    same(alone, train(3, resume=file))  # nothing is left to do


def test_the_seed_of_numpy_is_kept_as_well(tmp_path):
    np.random.seed(1)
    built, training, validation = interrupted_run.build()
    np.random.seed(2)
    arguments = interrupted_run.arguments() | {"monitor": MONITOR, "seed": None, "epochs": 2}
    expected = interrupted_run.outcome(built, built.SGD(training, **arguments, validation_data=validation))
    np.random.seed(2)
    again = interrupted_run.build()[0]
    np.random.seed(2)
    again.SGD(training, **arguments | {"epochs": 1}, validation_data=validation, checkpoint=tmp_path / "c")
    third = interrupted_run.build()[0]
    np.random.seed(3)
    history = third.SGD(training, **arguments, validation_data=validation, resume=tmp_path / "c")
    same(expected, interrupted_run.outcome(third, history))


def test_on_jax_too(tmp_path):
    network3.use("cpu", backend="jax")
    net, *_ = interrupted_run.build()  # one for all three, as JAX compiles for long
    first = net.get_weights()
    expected = train(2, net=net)
    net.set_weights(first)
    with pytest.raises(TrainingInterrupted):
        train(2, callbacks=[press_ctrl_c(1, 500)], net=net, checkpoint=tmp_path / "c")
    net.set_weights(first)
    same(expected, train(2, net=net, resume=tmp_path / "c"))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A checkpoint of one epoch and a part."""
    file = tmp_path_factory.mktemp("saved") / "checkpoint"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETWORK3_DEVICE", "cpu")
        with pytest.raises(TrainingInterrupted):
            train(callbacks=[press_ctrl_c(1, 250)], checkpoint=file)
    return file


OTHER = Network([FullyConnectedLayer(n_in=72, n_out=6), SoftmaxLayer(n_in=6, n_out=5)], 3)


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"eta": 0.2}, r"got eta was 0\.3 and is 0\.2\. Repeat"),
        ({"lmbda": 0.0, "mini_batch_size": 4}, r"lmbda was 0\.1 and is 0\.0; mini_batch_size was 3 and is 4"),
        ({"seed": 8}, "got seed was 7 and is 8"),
        ({"shuffle": False}, "got shuffle was True and is False"),
        ({"monitor": []}, r"got monitor was \['training_cost'\] and is \[\]"),
        ({"cost": network3.layers.costs.quadratic}, "got cost was the last layer's and is quadratic"),
        ({"test_data": (np.zeros((2, 72)), [0, 1])}, "got test data was none and is 2 examples with checksum"),
        ({"net": OTHER}, "3 layers .* became 2 .*; masks was 2 and is 0"),
        ({"epochs": 1}, r"expected at least the 2 epochs that were begun; got epochs=1\. Write epochs=2 or more\."),
    ],
)
def test_another_training_is_refused_and_the_differences_are_named(saved, changes, difference):
    before = OTHER.get_weights()
    with pytest.raises(ValueError, match=difference):
        train(**changes, resume=saved)
    assert all(np.array_equal(a, b) for a, b in zip(before, OTHER.get_weights(), strict=True))


def test_other_data_of_the_same_size_are_noticed(saved):
    net, training, validation = interrupted_run.build()
    training[0][5, 3] += 0.01
    with pytest.raises(ValueError, match=r"got training data was 6,000 examples with checksum .* and is 6,000"):
        net.SGD(training, **interrupted_run.arguments(), validation_data=validation, monitor=MONITOR, resume=saved)


def test_a_file_that_is_no_checkpoint_is_refused(saved, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"expected a checkpoint .*nowhere, which does not exist"):
        train(resume=tmp_path / "nowhere")
    net = interrupted_run.build()[0]
    net.save(tmp_path / "model")
    with pytest.raises(ValueError, match=r"resume from .*model: expected a checkpoint .*; got a file that is damaged"):
        train(resume=tmp_path / "model")
    with pytest.raises(TypeError, match="SGD: resume: expected the name of a file; got True"):
        train(resume=True)


def test_a_damaged_checkpoint_is_refused(saved, tmp_path):
    whole = saved.read_bytes()
    cut = tmp_path / "cut"
    for length in (0, 7, 100, len(whole) - 1):
        cut.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="a file that is damaged or of another kind"):
            train(resume=cut)


def test_a_checkpoint_of_a_newer_format_says_what_to_update(saved, tmp_path):
    save_file(load_file(saved), tmp_path / "new", {KEY: json.dumps({"format": 99})})
    with pytest.raises(ValueError, match=r"expected format 3 or older; got format 99\. Update network3"):
        train(resume=tmp_path / "new")


def test_a_checkpoint_that_cannot_be_written_is_refused_before_training(tmp_path):
    (tmp_path / "file").write_bytes(b"in the way")
    for place in (tmp_path / "file" / "checkpoint", tmp_path, tmp_path / "no folder" / "checkpoint"):
        with pytest.raises(OSError, match="SGD: checkpoint: expected a file that can be written; got"):
            train(checkpoint=place, callbacks=[lambda progress: pytest.fail("it trained")])


def test_epochs_can_be_cut_from_outside(monkeypatch, alone):
    monkeypatch.setenv("NETWORK3_MAX_EPOCHS", "1")
    assert len(train(3)["cost"]) == 1
    monkeypatch.setenv("NETWORK3_MAX_EPOCHS", "many")
    with pytest.raises(ValueError, match="NETWORK3_MAX_EPOCHS: expected a whole number, 0 or more; got 'many'"):
        train(3)
