"""``network3 page``: one file for runs, saved networks and names of runs."""

import json
import re

import pytest

from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.training.history import History


@pytest.fixture
def model(tmp_path):
    net = Network([FullyConnectedLayer(784, 12), SoftmaxLayer(12, 10)], 10)
    net.save(tmp_path / "model.safetensors")
    return net


def networks(path):
    text = path.read_text(encoding="utf-8")
    return json.loads(re.search(r'id="given">(.*?)</script>', text, re.DOTALL)[1])["networks"]


def test_a_saved_network_has_a_page(run, model, tmp_path):
    result = run("page", "model.safetensors")
    assert result.exit_code == 0, result.output
    assert re.fullmatch(r"page\.html \(0\.\d MB\) shows model\.\n", result.stdout)
    assert networks(tmp_path / "page.html")[0]["name"] == "model"


def test_runs_are_found_by_their_names_and_compared(run, model, tmp_path):
    for name in ("shallow", "shallow-2"):
        folder = tmp_path / "network3-runs" / name
        folder.mkdir(parents=True)
        model.save(folder / "model.safetensors")
    History([0.3, 0.2], validation_accuracy=[0.91, 0.95], seconds=[1.0, 1.0]).save(folder / "history.jsonl")
    result = run("page", "network3-runs/shallow", "shallow", "--out", "two.html")
    assert result.exit_code == 0, result.output
    one, two = networks(tmp_path / "two.html")
    assert (one["name"], one["facts"]) == ("shallow", {})
    assert (two["name"], two["facts"]) == ("shallow-2", {"epochs": "2", "validation accuracy": "95.00%"})


def test_files_of_one_name_are_distinguished(run, model, tmp_path):
    (tmp_path / "early").mkdir()
    model.save(tmp_path / "early" / "model.safetensors")
    run("page", "model.safetensors", "early/model.safetensors")
    assert [network["name"] for network in networks(tmp_path / "page.html")] == [
        "model.safetensors",
        "early/model.safetensors",
    ]


@pytest.mark.parametrize("name", ["shallow", "../shallow", "<script>"])
def test_a_run_that_does_not_exist_is_named(run, tmp_path, name):
    result = run("page", name)
    assert result.exit_code == 1
    assert f"got {name}, which does not exist" in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_network_of_other_data_is_refused(run, tmp_path):
    Network([SoftmaxLayer(100, 10)], 10).save(tmp_path / "model.safetensors")
    result = run("page", "model.safetensors")
    assert result.exit_code == 1
    assert "expected a network whose input is an image of 28 x 28 pixels; got [1, 10, 10]" in result.stderr
    assert not (tmp_path / "page.html").exists()
