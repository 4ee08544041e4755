"""The README: short, with the book's listings as printed, and with the numbers that were measured."""

import re

import pytest

from tests.pages import README, ROOT, blocks, read

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


def rows(text):
    """Return the cells of each row of the tables in a text."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_it_is_short():
    assert len(read(README).splitlines()) <= 150


def test_it_shows_a_listing_as_printed():
    assert LISTINGS["two conv-pool"].strip() in blocks(README, "python")[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTINGS)
def test_the_books_listings_run_as_printed(monkeypatch, tmp_path, capsys, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NETWORK3_MAX_EPOCHS", "1")
    exec(compile(IMPORTS + LISTINGS[name], name, "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Training mini-batch number 0"
    assert lines[-3] == "Finished training network."


def test_its_rows_of_the_book_are_those_of_the_records():
    recorded = {
        re.search(r"`(.+?)`", what)[1]: (row, book, ours, mean)
        for row, what, book, ours, _, _, mean, _ in rows(read(ROOT / "benchmarks/results/reproduction.md"))[2:]
    }
    shown = [cells for cells in rows(read(README)) if re.fullmatch(r"\d\.\d+", cells[0])]
    assert len(shown) == 8
    for row, what, book, ours, mean in shown:
        assert (row, book, ours, mean) == recorded[re.search(r"`(.+?)`", what)[1]]


def test_its_times_are_those_that_were_measured():
    measured = [re.sub(r" \(\d epochs\)", "", " | ".join(cells)) for cells in rows(read(ROOT / "docs/performance.md"))]
    shown = [cells[1:] for cells in rows(read(README)) if cells[-1].endswith(" s")]
    assert len(shown) == 4
    for times in shown:
        assert any(" | ".join(times) in line for line in measured), times


def test_its_times_of_the_race_are_those_that_were_measured():
    sentence = re.search(r"`make race`.*?suit it best", read(README))[0]
    ours, same, best = re.findall(r"\d+\.\d+ s", sentence)
    measured = {cells[0]: cells[2] for cells in rows(read(ROOT / "benchmarks/results/race.md"))}
    assert ours == measured["network3"]
    assert same == min((measured[f"PyTorch, eager, {k} thread{'s' * (k > 1)}"] for k in (1, 2)), key=seconds)
    other = [measured[f"PyTorch, eager, mini-batches of 64, {k} thread{'s' * (k > 1)}"] for k in (1, 2)]
    assert best == min(other, key=seconds)


def seconds(text):
    """Return the number of a time such as "3.68 s"."""
    return float(text.removesuffix(" s"))
