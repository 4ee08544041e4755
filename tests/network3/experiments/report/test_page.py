"""The page: one valid HTML file that needs no other, with the numbers, what is missing, and the plots."""

from collections import Counter

import numpy as np
import pytest

from network3 import History
from network3.experiments.catalogue import ENTRIES
from network3.experiments.report import write_report
from network3.experiments.reproduction import Record
from tests.network3.experiments.report.parsed_page import Page

TEST = "test accuracy at the best validation epoch"
SITE = "http://neuralnetworksanddeeplearning.com"
ENVIRONMENT = {
    "date": "2026-01-02T03:04:05+00:00",
    "backend": "numba",
    "threads": 2,
    "machine": "Linux x86_64",
    "versions": {"python": "3.12.0", "numpy": "2.1.0"},
}


def curve(epochs, last, **monitors):
    """Return a history whose accuracies rise to `last`."""
    accuracy = np.linspace(0.5, last, epochs).tolist()
    more = {"eta": [0.1] * epochs, "seconds": [1.0] * epochs, "batches": 5000}
    return History([0.1] * epochs, accuracy, accuracy, {name: accuracy for name in monitors}, **more)


def record(name, seed, values, history=None, note="", seconds=10.0):
    entry = ENTRIES[name]
    training = entry.settings
    return Record(name, entry.row, seed, values, seconds, training, history, ENVIRONMENT, note)


def shallow(seed=0, accuracy=0.9712, **more):
    return record("shallow", seed, {TEST: accuracy}, curve(60, accuracy), **more)


@pytest.fixture
def records():
    labels = ENTRIES["gradients_2"].published
    sigmoid = [
        record("sigmoid_30", seed, {"best test accuracy": value}, curve(30, value, test_accuracy=True), seconds=20.0)
        for seed, value in enumerate((0.9461, 0.9538))
    ]
    return [
        shallow(1, 0.9766),
        shallow(0, 0.9745),
        *sigmoid,
        record("more_data_100", 0, {"validation accuracy": 0.6541}),
        record("svm_100", 0, {"validation accuracy": 0.2507, "test accuracy": 0.2612}),
        record("gradients_2", 0, dict(zip(labels, (0.0651, 0.0034, 0.31, 0.0096), strict=True))),
    ]


@pytest.fixture
def made(tmp_path):
    """Return a function that writes a page of records and parses it."""

    def make(records):
        out = tmp_path / "page.html"
        write_report(tmp_path, records, out)
        assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["page.html"]
        return Page(out.read_text(encoding="utf-8"))

    return make


def test_the_page_is_valid_and_needs_no_other_file(made, records, tmp_path):
    page = made(records)
    assert page.tags.count("html") == page.tags.count("h1") == page.tags.count("title") == 1
    assert not {"script", "link", "iframe", "object", "embed"} & set(page.tags)
    elsewhere = [link for link in page.links if not link.startswith(("#", "data:"))]
    assert elsewhere == [SITE]
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "@import" not in text
    assert text.count("url(") == text.count("url(#")
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_ids_are_unique(made, records):
    assert [name for name, count in Counter(made(records).ids).items() if count > 1] == []


def test_a_training_has_the_number_of_the_book_ours_and_their_difference(made, records):
    page = made(records)
    row, what, *cells = page.row("shallow", TEST)
    assert (row, what) == ("6.1", f"100 sigmoid neurons, softmax shallow {TEST}")
    assert cells == [
        "97.80%",
        "97.66% the repeat with the best validation",
        "-0.14",
        "too few repeats",
        "97.56% ± 0.15%",
        "97.66%",
        "2",
        "10",
    ]
    row, _, *cells = page.row("sigmoid_30")
    assert (row, cells[:2], cells[-2:]) == ("1.1", ["95.42%", "95.38% the best repeat"], ["2", "20"])


def test_a_measurement_has_a_row_for_each_number(made, records):
    page = made(records)
    assert page.row("gradients_2", "hidden layer 1, at the start")[2:4] == ["0.06574", "0.0651"]
    assert page.row("gradients_2", "hidden layer 2, after 500 epochs")[2:5] == ["0.00963", "0.0096", "-3e-05"]
    assert page.row("svm_100", "test accuracy")[2:5] == ["-", "26.12%", "-"]


def test_the_book_is_judged_by_the_range_of_ten_of_ours(made):
    page = made([shallow(seed, accuracy) for seed, accuracy in enumerate((0.978, 0.977, 0.9785))])
    assert page.row("shallow")[5].startswith("within 97.")
    assert page.rows[1][-1] == page.rows[2][-1] == "1 of 1"  # of the chapter and of all, in the summary
    page = made([shallow(seed, accuracy) for seed, accuracy in enumerate((0.958, 0.957, 0.9585))])
    assert page.row("shallow")[5].startswith("above by 1.")
    assert page.rows[1][-1] == "0 of 1"


def test_chapters_list_what_is_missing_and_those_without_records_are_left_out(made, records):
    page = made([shallow()])
    assert [text for text in page.texts if text.startswith("Chapter ") and ":" in text] == ["Chapter 6: Deep learning"]
    (missing,) = [text for text in page.texts if text.startswith("Not in these records: ")]
    names = missing.removeprefix("Not in these records: ").removesuffix(".").split(", ")
    assert "shallow" not in names
    assert len(names) == 13 + 8
    assert {"basic_conv", "ensemble", "regularized_dbl_conv-lmbda-0.1"} <= set(names)
    all_four = made(records)
    assert [text[:9] for text in all_four.texts if text.startswith("Chapter ") and ":" in text] == [
        f"Chapter {number}" for number in (1, 3, 5, 6)
    ]
    assert all_four.texts["Ch. 3"] == all_four.texts["Top"] == 1  # in the bar that stays at the top of the window
    assert {"#top", "#chapter3", "#method"} <= set(all_four.links)


def test_the_reason_of_an_early_end_is_shown_and_text_is_escaped(made):
    note = 'SGD: epoch 3: expected a finite cost; got <b>nan</b> & "inf". Hint.'
    page = made([shallow(0), shallow(1), record("shallow", 2, {TEST: None}, curve(3, 0.6), note)])
    assert "b" not in page.tags
    cells = page.row("shallow")
    assert cells[1].endswith(f"Diverges with seed 2: {note}")
    assert cells[-2] == "2"


def test_a_row_whose_repeats_all_diverge_has_that_as_its_result(made):
    page = made([record("shallow", seed, {TEST: None}, History(), "a cost of inf") for seed in (0, 1, 2)])
    assert page.row("shallow")[1].endswith("Diverges with seed 0, 1, 2: a cost of inf")
    assert page.row("shallow")[2:9] == ["97.80%", "diverges", "-", "diverges in all 3 repeats", "-", "-", "3"]
    assert "svg" not in page.tags


def test_each_training_has_its_curves_and_chapter_3_its_growth(made, records, tmp_path):
    page = made(records)
    assert page.tags.count("svg") == 3  # shallow, sigmoid_30, the growth with the images
    assert page.texts["training images"] == 1
    assert page.texts["network, the book"] == page.texts["support vector machine, the book"] == 1
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert made(list(reversed(records))).texts == page.texts
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == text  # the order of the records is no matter


def test_the_environment_is_reported(made, records):
    page = made(records)
    line = "7 by Linux x86_64, numba in float32, 2 threads each, 2026-01-02; python 3.12.0, numpy 2.1.0"
    assert page.texts[line] == 1
    assert any("in 7 repeats." in text for text in page.texts)
    assert any("in 1 repeat." in text for text in made([shallow()]).texts)
