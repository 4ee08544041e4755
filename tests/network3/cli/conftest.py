"""The command line in this process, over a small part of MNIST."""

import threading

import pytest
from typer.testing import CliRunner

from network3.cli import app
from network3.training import notices


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Return a function that runs a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(notices, "PATIENCE", threading.TIMEOUT_MAX)  # on a busy machine, too, no notices
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def little(monkeypatch, mnist):
    """Reduce MNIST to 600 training images, 200 validation and 200 test images."""
    sets = [tuple(part[:n].copy() for part in pair) for pair, n in zip(mnist, (600, 200, 200), strict=True)]
    for module in ("network3.cli.expand", "network3.experiments.experiment"):
        monkeypatch.setattr(f"{module}.load_mnist", lambda: sets)
    return sets
