"""Progress of a training on a terminal: bars with rate, cost and time left, and a line for each epoch."""

import io
import re

import pytest
from rich.console import Console

from network3.cli.progress import Terminal
from network3.cli.training_progress import TrainingBars
from network3.experiments.catalogue import RUNS
from network3.experiments.experiment import load, prepare


@pytest.fixture
def screen():
    return Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)


def test_the_terminal_shows_bars_and_a_line_for_each_epoch(little, screen, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("network3.training.trainer.STEPS_A_CHUNK", 20)
    run = RUNS["shallow"]
    experiment = prepare(run, tmp_path / "run", {"epochs": 2}, None, resume=False)
    bars = TrainingBars(Terminal(screen))
    net = experiment.build()
    bars.begin(experiment, net, images=600)
    shown = []
    with bars:
        history = experiment.train(net, load(run), [bars, lambda progress: bars.bars.refresh()], verbose=False)
        shown.append(screen.file.getvalue())
    bars.end(experiment, history, ["model.safetensors"], {"7": 0.5})
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.file.getvalue())
    assert "SoftmaxLayer" in text
    assert "2 epochs over 600 images" in text
    assert "compiling" in text
    for epoch in (0, 1):
        line = f"epoch   {epoch}   cost {history.cost[epoch]:.4f}   validation {history.validation_accuracy[epoch]:.2%}"
        assert line in text
    assert re.search(r"epoch 0 .*20/60 steps .*cost \d\.\d{4}", text)
    assert re.search(r"epoch 1 .*40/60 steps \S+ left [\d,]+ steps/s +cost \d\.\d{4}", text)
    assert re.search(r"all .* 1/2 epochs \S+ left", text)
    assert re.search(r"all .* 2/2 epochs \S+ left", text)
    assert "best so far" in text
    assert "Best epoch" in text
    assert max(len(line.rstrip()) for line in re.split(r"[\r\n]", text) if "steps" in line) <= 100
    assert capsys.readouterr().out == ""  # the book's lines would break the bars
