"""The command line: what it lists, trains and refuses."""

import pytest
from typer.testing import CliRunner

import network3
from network3.__main__ import app
from network3.catalogue import RUNS


@pytest.fixture
def run():
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(a) for a in arguments])


def test_list_names_each_run_with_its_figure(run):
    result = run("list")
    assert result.exit_code == 0
    assert [line.split()[:3] for line in result.stdout.splitlines()] == [
        ["6.1", "shallow", "97.80%"],
        ["6.2", "basic_conv", "98.78%"],
        ["6.4", "dbl_conv", "99.06%"],
        ["6.7", "dbl_conv_relu", "99.23%"],
    ]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("shallow", 79_510), ("basic_conv", 289_630), ("dbl_conv", 85_670), ("dbl_conv_relu", 85_670)],
)
def test_runs_have_the_books_number_of_parameters(name, parameters):
    net = network3.Network(RUNS[name].layers(10), 10)
    assert sum(w.size for w in net.get_weights()) == parameters


def test_train_prints_progress_and_saves_the_model(run, tmp_path):
    result = run("train", "shallow", "--epochs", 1, "--out", tmp_path / "new folder")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert "Training mini-batch number 4000" in lines
    assert lines[-1].startswith("Test accuracy 9")
    net = network3.load(tmp_path / "new folder" / "shallow.safetensors")
    assert f"Test accuracy {net.accuracy(network3.load_data_shared()[2]):.2%} " in lines[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "shalow"], "network3: network3 train: wanted one of"),
        (["train", "shallow", "--epochs", "-1"], "network3: SGD: epochs: wanted a whole number, 0 or more; got -1"),
    ],
)
def test_a_wrong_argument_is_one_clear_line(run, tmp_path, arguments, message):
    result = run(*arguments, "--out", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output


def test_a_folder_that_cannot_be_made_is_one_clear_line(run, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    result = run("train", "shallow", "--out", tmp_path / "file" / "run")
    assert result.exit_code == 1
    assert result.stderr.startswith("network3: ")
    assert result.stderr.count("\n") == 1
