"""What the page shows of trained networks: filters, if they are still in the folder, and misclassified digits."""

from dataclasses import replace

import numpy as np
import pytest

from network3 import History, Network, datasets
from network3.experiments.catalogue import RUNS
from network3.experiments.report import write_report
from network3.experiments.reproduction import Record
from tests.network3.experiments.report.parsed_page import Page

TEST = "test accuracy at the best validation epoch"
ENVIRONMENT = {"date": "2026-01-02", "backend": "numba", "threads": 1, "machine": "Linux x86_64", "versions": {}}


def record(name, seed, accuracy, errors=None):
    run = RUNS[name]
    history = History([0.5] * 60, [accuracy] * 60, [accuracy] * 60, seconds=[1.0] * 60, batches=5000)
    return Record(name, run.row, seed, {TEST: accuracy}, 1.0, run.training, history, ENVIRONMENT, errors=errors)


@pytest.fixture
def made(tmp_path):
    """Return a function that writes a page of records and parses it."""

    def make(records):
        write_report(tmp_path, records, tmp_path / "page.html")
        return Page((tmp_path / "page.html").read_text(encoding="utf-8"))

    return make


def save(name, results, seed):
    """Save an untrained network in the folder of that repeat, and return it."""
    np.random.seed(seed)
    net = Network(RUNS[name].layers(10), 10)
    folder = results / "work" / f"{name}-seed{seed}"
    folder.mkdir(parents=True)
    net.save(folder / "model.safetensors")
    return net


def test_a_network_that_is_still_there_is_shown(made, tmp_path):
    save("shallow", tmp_path, 0)
    page = made([record("shallow", 0, 0.98), record("shallow", 1, 0.97)])
    assert page.texts["weights of layer 0"] == 1
    assert page.tags.count("svg") == 2


def test_misclassified_digits_are_shown_without_the_network(made):
    wrong = [[k, (int(label) + 1) % 10] for k, label in enumerate(datasets.load_mnist()[2][1][:57])]
    page = made([record("shallow", 0, 0.98, wrong), record("shallow", 1, 0.97, [[3, 4]])])
    captions = [text for text in page.texts if "test images misclassified" in text]
    assert captions == [
        "57 of 10,000 test images misclassified (the first 40): each with its label, and after the arrow the network's"
    ]
    assert (page.tags.count("svg"), page.tags.count("img")) == (2, 40)  # one of them the confusion matrix
    assert page.texts["→"] == 0  # the labels are text, as large as the rest: readable on any screen
    assert sum("→" in text for text in page.texts.elements()) == 40
    assert all(link.startswith(("#", "data:image/png;base64,", "http://neural")) for link in page.links)


@pytest.mark.parametrize("seeds", [(0, 1), (3,)])
def test_of_networks_that_vote_the_first_existing_one_is_shown(made, tmp_path, seeds):
    for seed in seeds:
        save("double_fc_dropout", tmp_path, seed)
    vote = replace(record("ensemble", 0, 0.9967, [[3, 4]]), history=None)
    page = made([vote])
    assert page.texts[f"filters of layer 0 of network {seeds[0] + 1}"] == 1
    assert page.texts[f"filters of layer 1 of network {seeds[0] + 1}"] == 1
    assert page.texts["1 of 10,000 test images misclassified: each with its label, and after the arrow the network's"]
    assert (page.tags.count("svg"), page.tags.count("img")) == (3, 1)


def test_a_network_of_another_repeat_than_the_best_is_not_shown(made, tmp_path):
    save("shallow", tmp_path, 1)
    assert made([record("shallow", 0, 0.98), record("shallow", 1, 0.97)]).tags.count("svg") == 1


def test_filters_of_a_convolution_are_shown(made, tmp_path):
    save("omit_FC", tmp_path, 0)
    page = made([record("omit_FC", 0, 0.98)])
    assert page.texts["filters of layer 0"] == 1
    assert page.row("omit_FC")[2:5] == ["-", "98.00%", "-"]
    assert "an exercise of the book." in page.row("omit_FC")[1]
