"""The first ten minutes in Python: what a training prints, Ctrl-C, notebooks, tables, and how layers are numbered."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, SoftmaxLayer, TrainingInterrupted, plotting
from network3.training import notices, script_end, signals, trainer
from network3.training.evaluation import Evaluator
from tests.cases.entries import case
from tests.network3.training.test_resume import press_ctrl_c, same, train

IMAGES = np.random.default_rng(3).random((400, 6))
LABELS = IMAGES[:, :3].argmax(axis=1)
DATA = (IMAGES, LABELS)


@pytest.fixture(scope="module")
def alone():
    """What an uninterrupted training gives."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETWORK3_DEVICE", "cpu")
        return train()


def small():
    return Network([FullyConnectedLayer(6, 5), SoftmaxLayer(5, 3)], 4)


class Stream:
    """A standard error that sets an event when a line is written."""

    def __init__(self, line):
        self.line, self.text, self.written = line, "", threading.Event()

    def write(self, text):
        self.text += text
        if self.line in self.text:
            self.written.set()

    def flush(self):
        pass


@pytest.fixture
def slow(monkeypatch):
    """Return a function that makes a call wait until something is shown, with a short patience."""
    monkeypatch.setattr(notices, "PATIENCE", 0.001)

    def make_slow(owner, name, shown):
        call = getattr(owner, name)

        def waiting(*arguments):
            assert shown.wait(60)
            return call(*arguments)

        monkeypatch.setattr(owner, name, waiting)

    return make_slow


@case("N01")
@pytest.mark.parametrize(
    ("owner", "name", "line"),
    [
        (trainer, "Steps", "Compiling ..."),
        (trainer, "steps_undone", "Compiling, and training the first mini-batch ..."),
        (Evaluator, "score", "Evaluating ..."),
    ],
)
def test_n01_what_takes_long_is_announced_in_a_line(slow, monkeypatch, capsys, owner, name, line):
    stream = Stream(line)
    slow(owner, name, stream.written)
    monkeypatch.setattr(sys, "stderr", stream)
    history = small().SGD(DATA, 1, 4, 0.1, DATA)
    assert stream.text.splitlines().count(line) == 1
    assert capsys.readouterr().out.splitlines()[:2] == [
        "Training mini-batch number 0",
        f"Epoch 0: validation accuracy {history.validation_accuracy[0]:.2%}",
    ]


@case("N01")
def test_n01_what_is_quick_is_not_announced(monkeypatch, capsys):
    monkeypatch.setattr(notices, "PATIENCE", threading.TIMEOUT_MAX)
    small().SGD(DATA, 2, 4, 0.1, DATA)
    assert capsys.readouterr().err == ""


@case("N01")
def test_n01_without_printing_only_callbacks_are_called(slow, capsys):
    shown, messages = threading.Event(), []

    class Waits:
        def on_wait(self, progress):
            messages.append(progress.message)
            shown.set()

    slow(trainer, "Steps", shown)
    small().SGD(DATA, 1, 4, 0.1, verbose=False, callbacks=[Waits()])
    assert messages[0] == "Compiling ..."
    assert capsys.readouterr() == ("", "")


def pressing(monkeypatch, owner, name, *calls):
    """Press Ctrl-C at the end of these calls of a function, counted from 1."""
    call, count = getattr(owner, name), iter(range(1, 10**6))

    def pressed(*arguments, **keywords):
        result = call(*arguments, **keywords)
        if next(count) in calls:
            signal.raise_signal(signal.SIGINT)
        return result

    monkeypatch.setattr(owner, name, pressed)


@case("N02")
@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("name", ["compiled", "examples"])
def test_n02_before_the_first_mini_batch(monkeypatch, name, call):
    net = small()
    before = net.get_weights()
    with monkeypatch.context() as patch:
        pressing(patch, sys.modules["network3.training." + {"compiled": "state", "examples": "config"}[name]], name, 1)
        with pytest.raises(TrainingInterrupted, match=r"^SGD: interrupted before the first mini-batch\.$") as caught:
            net.SGD(DATA, call, 4, 0.1, DATA)
    assert caught.value.history.epochs == 0
    assert all((a == b).all() for a, b in zip(net.get_weights(), before, strict=True))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert net.SGD(DATA, call, 4, 0.1, DATA).epochs == call


@case("N02")
@pytest.mark.parametrize("call", [1, 2])  # of no step, which compiles, and of the first
def test_n02_the_first_call_of_the_steps_is_undone(monkeypatch, alone, tmp_path, call):
    file = tmp_path / "checkpoint"
    with monkeypatch.context() as patch:
        pressing(patch, trainer.Trainer, "_take_steps", call)
        with pytest.raises(TrainingInterrupted, match="in epoch 0, after 0 of its 2,000"):
            train(checkpoint=file)
    same(alone, train(resume=file))


@case("N02")
def test_n02_the_mini_batches_under_way_are_finished_and_no_more(monkeypatch, alone, tmp_path):
    file, chunks = tmp_path / "checkpoint", []
    with monkeypatch.context() as patch:
        pressing(patch, trainer.Trainer, "_take_steps", 3, 4)  # there is no fourth call
        with pytest.raises(TrainingInterrupted, match=r"in epoch 0, after [1-7] of its 2,000 .* Go on with"):
            train(checkpoint=file, callbacks=[chunks.append])
    assert chunks == []
    same(alone, train(resume=file))


@case("N02")
@pytest.mark.parametrize("call", [1, 3, 4])  # validation and training data of each epoch
def test_n02_an_evaluation_is_repeated(monkeypatch, alone, tmp_path, call):
    file = tmp_path / "checkpoint"
    with monkeypatch.context() as patch:
        pressing(patch, Evaluator, "score", call)
        epoch = (call - 1) // 2
        with pytest.raises(TrainingInterrupted, match=f"in epoch {epoch}, after 2,000 of its 2,000") as caught:
            train(checkpoint=file)
    history = caught.value.history
    assert history.epochs == len(history.validation_accuracy) == len(history.monitors["training_cost"]) == epoch
    same(alone, train(resume=file))


@case("N02")
def test_n02_a_second_press_in_a_callback_stops_at_once_and_loses_nothing(alone, tmp_path, capsys):
    file, after = tmp_path / "checkpoint", []
    with pytest.raises(TrainingInterrupted, match="in epoch 0, after 500 of its 2,000 mini-batches"):
        train(checkpoint=file, callbacks=[press_ctrl_c(0, 500), press_ctrl_c(0, 500), after.append])
    assert [progress.batch for progress in after] == [250]
    stops = "a second Ctrl-C stops at once"
    assert capsys.readouterr().err.count(stops) == 1  # while the first callback might have taken long
    same(alone, train(resume=file))


def wait_in_pieces(seconds):
    """Wait; an interrupt by another thread acts between the pieces only."""
    for _ in range(100 * seconds):
        time.sleep(0.01)


@case("N02")
def test_n02_a_press_in_a_callback_of_a_weak_reference_is_not_lost():
    """Python prints an error that is raised there, and goes on."""
    with signals.deferred_signals() as request:
        frame = sys._getframe()
        for name, ignored in ((__file__, False), (signals.weakref.__file__, True)):
            code = compile("import sys\nframe = sys._getframe()", name, "exec")
            scope = {"frame": frame}
            exec(code, scope)
            assert signals._ignores_errors(scope["frame"]) == ignored
        with request.acting_after(1):
            request.interrupt(signal.SIGINT, scope["frame"])
            with pytest.raises(KeyboardInterrupt):
                wait_in_pieces(60)


SCRIPT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
hook = sys.excepthook
import numpy as np
from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.training import trainer
assert sys.excepthook is hook or hook.__module__ == "pytensor.utils" or sys.excepthook.__module__ == "pytensor.utils"
images = np.random.default_rng(1).random((4000, 6))
data = images, images[:, :3].argmax(axis=1)
net = Network([FullyConnectedLayer(6, 5), SoftmaxLayer(5, 3)], 4)
def press(*_):
    signal.raise_signal(signal.SIGINT)
"""
TRAIN = "net.SGD(data, 2, 4, 0.1, data, data, callbacks=[{}], verbose=False)\n"
ENDS = {
    "in a callback": (TRAIN.format("press"), 130, 1),
    "in a callback, twice": (TRAIN.format("press, press"), 130, 1),
    "compiling": ("trainer.Steps = press\n" + TRAIN.format(""), 130, 1),
    "then another error": (f"try:\n    {TRAIN.format('press')}finally:\n    1 / 0\n", 1, None),
    "caught": (f"try:\n    {TRAIN.format('press')}except KeyboardInterrupt:\n    sys.exit(7)\n", 7, 0),
    "a hook of the program's": ("sys.excepthook = lambda *_: sys.exit(5)\n" + TRAIN.format("press"), 5, 0),
}


@case("N02")
@pytest.mark.parametrize(("program", "code", "lines"), ENDS.values(), ids=ENDS)
def test_n02_a_script_ends_with_130_and_a_line(tmp_path, program, code, lines):
    file = tmp_path / "script.py"
    file.write_text(SCRIPT + program)
    result = subprocess.run(
        [sys.executable, file],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )
    assert (result.returncode, result.stdout) == (code, ""), result.stderr
    assert ("Traceback" in result.stderr) == (lines is None)
    if lines is not None:
        assert result.stderr.count("\n") == lines, result.stderr
    if code == 130:
        assert result.stderr.splitlines()[-1].startswith("SGD: interrupted ")


@case("N02")
@pytest.mark.parametrize("interactive", [False, True])
def test_n02_the_hook_is_set_while_the_error_exists_and_never_in_a_session(monkeypatch, interactive):
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    if interactive:
        monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    error = TrainingInterrupted("SGD: interrupted.", network3.History(), None)
    script_end.end_script_in_one_line(error)
    assert (sys.excepthook is sys.__excepthook__) == interactive
    del error
    assert sys.excepthook is sys.__excepthook__


@case("N07")
def test_n07_layers_have_the_same_number_everywhere(capsys):
    first = ConvPoolLayer((2, 1, 3, 3), (4, 1, 10, 10), (2, 2))
    with pytest.raises(ValueError, match=r"^layer 1 \(ConvPoolLayer\), after layer 0 \(ConvPoolLayer\): "):
        Network([first, ConvPoolLayer((3, 2, 3, 3), (4, 2, 5, 5), (1, 1))], 4)
    net = Network([first, ConvPoolLayer((3, 2, 3, 3), (4, 2, 4, 4), (1, 1)), SoftmaxLayer(12, 3)], 4)
    for k, (line, layer) in enumerate(zip(str(net).splitlines()[1:], net.layers, strict=False)):
        assert line.split()[:2] == [str(k), type(layer).__name__]
    assert plotting.draw_filters(net, 1).get_suptitle().startswith("layer 1: ")
    with pytest.raises(ValueError, match=r"layer 0 \(ConvPoolLayer\)"):
        net.predict(np.zeros((2, 99)))
    net.layers[1].w.set_value(np.full((3, 2, 3, 3), np.nan, "float32"))
    with pytest.raises(network3.DivergenceError, match=r"layer 0 \(ConvPoolLayer\) with weights"):
        net.SGD((np.zeros((8, 100)), np.arange(8) % 3), 1, 4, 0.1, verbose=False)
