"""The README: its Python blocks run in their order, its commands too; the listings of chapter 6 as printed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import network3

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
IMPORTS = """
import network3
from network3 import Network
from network3 import ConvPoolLayer, FullyConnectedLayer, SoftmaxLayer
training_data, validation_data, test_data = network3.load_data_shared()
mini_batch_size = 10
"""
# The book's first three listings of chapter 6, as printed.
LISTINGS = {
    "shallow": """
net = Network([
        FullyConnectedLayer(n_in=784, n_out=100),
        SoftmaxLayer(n_in=100, n_out=10)], mini_batch_size)
net.SGD(training_data, 60, mini_batch_size, 0.1,
            validation_data, test_data)
""",
    "one conv-pool": """
net = Network([
        ConvPoolLayer(image_shape=(mini_batch_size, 1, 28, 28),
                      filter_shape=(20, 1, 5, 5),
                      poolsize=(2, 2)),
        FullyConnectedLayer(n_in=20*12*12, n_out=100),
        SoftmaxLayer(n_in=100, n_out=10)], mini_batch_size)
net.SGD(training_data, 60, mini_batch_size, 0.1,
            validation_data, test_data)
""",
    "two conv-pool": """
net = Network([
        ConvPoolLayer(image_shape=(mini_batch_size, 1, 28, 28),
                      filter_shape=(20, 1, 5, 5),
                      poolsize=(2, 2)),
        ConvPoolLayer(image_shape=(mini_batch_size, 20, 12, 12),
                      filter_shape=(40, 20, 5, 5),
                      poolsize=(2, 2)),
        FullyConnectedLayer(n_in=40*4*4, n_out=100),
        SoftmaxLayer(n_in=100, n_out=10)], mini_batch_size)
net.SGD(training_data, 60, mini_batch_size, 0.1,
            validation_data, test_data)
""",
}


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def short(monkeypatch, tmp_path):
    """Cut every training to one epoch over 2,000 images, so that the text itself runs unchanged."""
    sgd = network3.Network.SGD
    monkeypatch.chdir(tmp_path)

    def one_short_epoch(self, training_data, epochs, *arguments, **keywords):
        x, y = (part.get_value() if hasattr(part, "get_value") else part for part in training_data)
        return sgd(self, (x[:2000], y[:2000]), 1, *arguments, **keywords)

    monkeypatch.setattr(network3.Network, "SGD", one_short_epoch)


def test_the_python_blocks_run_one_after_the_other(short, capsys):
    python = blocks("python")
    assert len(python) >= 4
    scope = {}
    for block in python:
        exec(compile(block, "README.md", "exec"), scope)
    assert scope["history"].epochs == 1
    assert all(
        (a.get_value() == b.get_value()).all() for a, b in zip(scope["net"].params, scope["again"].params, strict=True)
    )
    assert scope["maps"].ndim == 4


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTINGS)
def test_the_books_listings_run_as_printed(short, capsys, name):
    scope = {}
    exec(compile(IMPORTS + LISTINGS[name], name, "exec"), scope)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Training mini-batch number 0"
    assert lines[-3] == "Finished training network."


def test_the_commands_run(tmp_path):
    commands = [line for block in blocks("") for line in block.splitlines() if line.startswith("python -m network3")]
    assert len(commands) >= 2
    for command in commands:
        words = [sys.executable, *command.split()[1:]]
        if "--epochs" in words:  # a run of the chapter's size belongs to `make train`
            words[words.index("--epochs") + 1] = "0"
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        result = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
        assert result.returncode == 0, result.stderr


def test_the_make_targets_it_names_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z-]+)", README))
    assert named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"
