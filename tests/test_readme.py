"""The README: its Python blocks run in their order, its commands too; the listings of chapter 6 as printed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from network3 import datasets
from tests.datasets.photos.drawn_digits import TEN, draw

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
    """Return the blocks between fences that are marked with `language`; "" for those that are not marked."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return [block for name, block in fenced if name == language]


@pytest.fixture
def place(monkeypatch, tmp_path):
    """An empty folder with a digit that somebody drew, where every training is cut to one epoch."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NETWORK3_MAX_EPOCHS", "1")
    monkeypatch.setenv("MPLBACKEND", "agg")
    draw(4, **dict(TEN)[4]).save(tmp_path / "my_digit.png")
    return tmp_path


@pytest.fixture
def less(monkeypatch):
    """Let MNIST have 20,000 training images, and 2,000 each to validate and to test: enough to learn from."""
    sets = [
        tuple(part[:n] for part in pair) for pair, n in zip(datasets.load_mnist(), (20_000, 2000, 2000), strict=True)
    ]
    monkeypatch.setattr(datasets, "load_mnist", lambda: sets)


@pytest.mark.usefixtures("less")
def test_the_python_blocks_run_one_after_the_other(place, capsys):
    python = blocks("python")
    assert len(python) >= 8
    scope = {}
    for block in python:
        exec(compile(block, "README.md", "exec"), scope)
        if "again = network3.load" in block:
            saved, read = (scope[name].get_weights() for name in ("net", "again"))
            assert all((a == b).all() for a, b in zip(saved, read, strict=True))
    assert scope["history"].epochs == 1
    assert scope["maps"].ndim == 4
    assert {path.name for path in place.glob("*.png")} > {"errors.png", "filters.png", "feature_maps.png"}
    assert "Accuracy is 9" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTINGS)
def test_the_books_listings_run_as_printed(place, capsys, name):
    scope = {}
    exec(compile(IMPORTS + LISTINGS[name], name, "exec"), scope)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Training mini-batch number 0"
    assert lines[-3] == "Finished training network."


def test_the_commands_run_in_their_order(place):
    commands = [line for block in blocks("") for line in block.splitlines()]
    ours = [line for line in commands if "network3" in line.split()]
    # What is left makes the environment: `make` targets are run by CI, the installation by the test of the wheel.
    assert {line for line in commands if line not in ours} == {
        "make train",
        "source .venv/bin/activate",
        "python -m pip install .",
    }
    assert len(ours) >= 8
    # What `make train` runs comes first: the commands after it use its network. What is there twice is run once.
    words = [line.split() for line in [recipe_of("train"), *ours]]
    for arguments in dict.fromkeys(tuple(line[line.index("network3") + 1 :]) for line in words):
        result = subprocess.run(
            [sys.executable, "-m", "network3", *arguments],
            capture_output=True,
            text=True,
            cwd=place,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            check=False,
        )
        assert result.returncode == 0, f"{arguments}: {result.stderr}"
    assert (place / "my-run" / "learning_curve.png").exists()


def recipe_of(target):
    """Return the last command of a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return re.search(rf"^{target}:(?:.*\n)(?:\t.*\n)*?\t(.*network3 train.*)\n", makefile, re.MULTILINE).group(1)


def test_the_make_targets_it_names_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z-]+)", README)) - {"an"}
    assert named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"


def test_the_messages_it_explains_are_in_the_sources():
    chapter = README[README.index("## When it goes wrong") : README.index("## How names map")]
    words = re.findall(r"^\| `(.+?)` \|", chapter, re.MULTILINE)
    assert len(words) >= 15
    sources = "".join(
        path.read_text(encoding="utf-8")
        for name in ("layers", "datasets", "network3")
        for path in (ROOT / name).rglob("*.py")
    )
    assert [some for some in words if some not in sources] == []
