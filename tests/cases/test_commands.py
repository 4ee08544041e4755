"""The first ten minutes on the command line, and the page of the report: N03, N10 and N11."""

import io
import platform
import re
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import network3
from network3 import FullyConnectedLayer, History, Network, SoftmaxLayer
from network3.cli import app
from network3.cli.progress import Terminal, time_left_column
from network3.experiments.catalogue import ENTRIES
from network3.experiments.report import write_report
from network3.experiments.reproduction import Record
from network3.plotting import draw_learning_curve, draw_repeats
from network3.plotting.repeats import draw_repeats_apart
from network3.training.trainer import Trainer
from tests.cases.entries import case
from tests.network3.cli.conftest import run as run
from tests.network3.experiments.report.parsed_page import Page

IMAGES, LABELS = np.random.default_rng(3).random((40, 6)).astype("float32"), np.arange(40) % 3
TEST = "test accuracy at the best validation epoch"
ENVIRONMENT = {"date": "2026-01-02", "backend": "numba", "threads": 1, "machine": "Linux x86_64", "versions": {}}


@case("N11")
@pytest.mark.parametrize("arguments", [("--version",), ("--version", "list")])
def test_n11_the_versions_are_one_line(run, arguments):
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    python, pytensor = platform.python_version(), version("pytensor")
    assert result.stdout == f"network3 {version('network3')} (Python {python}, PyTensor {pytensor})\n"


@case("N11")
def test_n11_the_help_lists_it_and_after_a_command_it_is_wrong_usage(run):
    assert "--version" in run("--help").stdout
    assert run("list", "--version").exit_code == 2
    assert app.registered_callback is not None


@case("N11")
@pytest.mark.parametrize("hidden", [7, 11])
@pytest.mark.parametrize("backend", ["network3", "jax"])
def test_n11_the_clock_of_an_epoch_starts_when_the_step_is_compiled(monkeypatch, hidden, backend):
    """Compiling is a call of no step; the weights are those of before, and the first epoch's clock starts after it."""
    network3.use(backend=backend)
    try:
        net = Network([FullyConnectedLayer(6, hidden), SoftmaxLayer(hidden, 3)], 4)
        events, before = [], net.get_weights()
        take, run_epoch = Trainer._take_steps, Trainer._run_epoch

        def take_steps(self, runner, rows, *rates):
            events.append(rows.shape[1])
            return take(self, runner, rows, *rates)

        def start(self, runner, rates):
            if not self.states[0].epoch:
                assert all(np.array_equal(a, b) for a, b in zip(net.get_weights(), before, strict=True))
            events.append("epoch")
            run_epoch(self, runner, rates)

        monkeypatch.setattr(Trainer, "_take_steps", take_steps)
        monkeypatch.setattr(Trainer, "_run_epoch", start)
        net.SGD((IMAGES, LABELS), 2, 4, 0.1, verbose=False)
        assert events[:2] == [0, "epoch"]
        assert 0 not in events[2:]
        assert sum(event for event in events if event != "epoch") == 20
    finally:
        network3.use("cpu", backend="network3")


@case("N11")
@pytest.mark.parametrize("accuracies", [[0.2, 1.0], [1.0, 1.0], [0.0, 1.0]])
def test_n11_axes_of_accuracies_end_at_100(accuracies):
    history = History([0.1, 0.2], accuracies, accuracies, {"training_accuracy": accuracies}, [0.1] * 2, [1.0] * 2, 10)
    figures = [draw_learning_curve(history, published=1.0), draw_repeats([history]), *draw_repeats_apart([history])]
    for figure in figures:
        ax = figure.axes[-1]
        low, high = ax.get_ylim()
        assert 0 <= low < high == 100
        assert not any(line.get_clip_on() for line in ax.lines)  # a curve along 100 has its full width


@case("N11")
@pytest.mark.parametrize(("total", "shown"), [(None, ""), (10, "left")])
def test_n11_no_time_is_left_while_no_end_is_known(total, shown):
    screen = Console(file=io.StringIO(), force_terminal=True, width=60, color_system=None)
    bars = Terminal(screen).bars(time_left_column(), "{task.fields[news]}")
    with bars:
        bars.add_task("compiling", total=total, news="")
    assert re.findall(r"left|once", screen.file.getvalue()) == ([shown] * screen.file.getvalue().count("left"))
    assert ("left" in screen.file.getvalue()) == bool(shown)


@case("N03")
@pytest.mark.parametrize(
    "change",
    [
        {"eta": 0.2},
        {"lmbda": 0.3},
        {"epochs": 2},
    ],
)
def test_n03_another_number_compiles_nothing(change):
    """eta and lmbda are inputs of the compiled step; other sizes and constants compile a handful of kernels."""
    net = Network([FullyConnectedLayer(6, 5), SoftmaxLayer(5, 3)], 4)
    settings = {"epochs": 1, "mini_batch_size": 4, "eta": 0.1, "lmbda": 0.1}
    net.SGD((IMAGES, LABELS), **settings, verbose=False)
    compiled = set(net.compiled)
    net.SGD((IMAGES, LABELS), **settings | change, verbose=False)
    assert set(net.compiled) == compiled


def repeat(name, seed, errors=None):
    run = ENTRIES[name]
    history = History([0.5] * 60, [0.98] * 60, [0.98] * 60, seconds=[1.0] * 60, batches=5000)
    return Record(name, run.row, seed, {TEST: 0.98}, 1.0, run.training, history, ENVIRONMENT, errors=errors)


@pytest.fixture
def page(tmp_path):
    """Return a function that writes a page of records and parses it, with the steps of its progress."""

    def make(*records):
        steps = []
        write_report(tmp_path, records, tmp_path / "page.html", lambda done, total: steps.append((done, total)))
        text = (tmp_path / "page.html").read_text(encoding="utf-8")
        parsed = Page(text)
        parsed.source, parsed.steps = text, steps
        return parsed

    return make


@case("N10")
def test_n10_the_page_has_a_summary_first_and_a_way_back_up(page):
    found = page(repeat("shallow", 0), repeat("dbl_conv", 0))
    assert found.texts["1 of 2 results are as in the book"] == 1  # 6.4 is 99.06 %
    assert found.links[1] == "#top"  # the first link is the book's
    assert "top" in found.ids
    assert re.search(r"nav \{ position: sticky; top: 0;", found.source)
    assert found.steps == [(1, 2), (2, 2)]


@case("N10")
@pytest.mark.parametrize("names", [["shallow"], ["shallow", "basic_conv", "omit_FC"]])
def test_n10_charts_are_beside_each_other_and_small_on_paper(page, names):
    found = page(*(repeat(name, 0) for name in names))
    assert found.source.count('<section class="run n1">') == len(names)
    screen, paper = found.source.split("@media print")
    assert ".charts, .figures { display: grid; grid-template-columns: repeat(2," in screen
    assert ".charts { grid-template-columns: repeat(3," in paper
    narrow = screen.split("@media (max-width: 44rem)")[1]
    assert ".charts, .figures { grid-template-columns: minmax(0, 1fr); }" in narrow


@case("N10")
@pytest.mark.parametrize("wrong", [[[3, 4]], [[k, 1] for k in range(41)]])
def test_n10_labels_of_misclassified_digits_are_text(page, wrong):
    found = page(repeat("shallow", 0, wrong))
    assert found.tags.count("img") == found.tags.count("em") == min(len(wrong), 40)
    assert not Path("page.html").exists()
