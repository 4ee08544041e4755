"""What the page shows of networks that are still in the folder: filters, and the digits they take for others."""

import numpy as np
import pytest

from network3 import History, Network, datasets
from network3.catalogue import RUNS
from network3.report import write_report
from network3.reproduction import Record
from tests.network3.report.parsed_page import Page

TEST = "test accuracy at the best validation epoch"
ENVIRONMENT = {"date": "2026-01-02", "backend": "numba", "threads": 1, "machine": "Linux x86_64", "versions": {}}


def record(name, seed, accuracy):
    run = RUNS[name]
    history = History([0.5] * 60, [accuracy] * 60, [accuracy] * 60, seconds=[1.0] * 60, batches=5000)
    return Record(name, run.row, seed, {TEST: accuracy}, 1.0, run.training, history, ENVIRONMENT)


@pytest.fixture
def made(tmp_path):
    """Return a function that makes a page of records, and reads it."""

    def make(records):
        write_report(tmp_path, records, tmp_path / "page.html")
        return Page((tmp_path / "page.html").read_text(encoding="utf-8"))

    return make


def save(name, results, seed):
    """Save a network with its first weights where that repeat would have left it, and return it."""
    np.random.seed(seed)
    net = Network(RUNS[name].layers(10), 10)
    folder = results / "work" / f"{name}-seed{seed}"
    folder.mkdir(parents=True)
    net.save(folder / "model.safetensors")
    return net


def test_a_network_that_is_still_there_is_shown(made, tmp_path):
    w, b, v, c = save("shallow", tmp_path, 0).get_weights()
    images, labels = datasets.load_mnist()[2]
    hidden = 1 / (1 + np.exp(-(images / 256.0 @ w + b)))
    wrong = np.count_nonzero((hidden @ v + c).argmax(axis=1) != labels)
    page = made([record("shallow", 0, 0.98), record("shallow", 1, 0.97)])
    assert page.texts["weights of layer 1"] == 1
    captions = [text for text in page.texts if "test images taken for others" in text]
    assert captions == [
        f"{wrong:,} of 10,000 test images taken for others (the first 40); "
        "right: the label above, what it was taken for below"
    ]
    assert page.tags.count("svg") == 3
    assert page.tags.count("image") >= 40
    assert all(link.startswith(("#", "data:image/png;base64,", "http://neural")) for link in page.links)


def test_a_network_of_another_repeat_than_the_best_is_not_shown(made, tmp_path):
    save("shallow", tmp_path, 1)
    assert made([record("shallow", 0, 0.98), record("shallow", 1, 0.97)]).tags.count("svg") == 1


def test_filters_of_a_convolution_are_shown(made, tmp_path):
    save("omit_FC", tmp_path, 0)
    page = made([record("omit_FC", 0, 0.98)])
    assert page.texts["filters of convolution 1"] == 1
    assert page.row("omit_FC")[2:5] == ["-", "98.00%", "-"]
    assert "an exercise of the book." in page.row("omit_FC")[1]
