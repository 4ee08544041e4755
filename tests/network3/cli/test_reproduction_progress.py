"""The lines and bars of ``network3 reproduce``."""

import io
import re

from rich.console import Console

from network3 import History
from network3.cli.progress import Json, Output, Terminal
from network3.cli.reproduction_progress import ReproductionBars, ReproductionReporter, finished_line
from network3.experiments.catalogue import RUNS
from network3.experiments.reproduction import Finished, Record, Task


def guess(seed, note=""):
    return Record("random_guess", "1.6", seed, {"test accuracy": 0.1}, 61.4, {}, None, {}, note)


def test_a_line_has_the_number_the_note_or_the_error():
    failed = Finished(Task("random_guess", 3), None, "it broke.")
    assert finished_line(failed) == "  1.6  random_guess seed 3: it broke."
    ended = Finished(Task("random_guess", 0), guess(0, note="too fast"))
    assert finished_line(ended) == "  1.6  random_guess seed 0: too fast"


def test_a_line_has_no_number_of_the_book_if_there_is_none():
    label, training = "test accuracy at the best validation epoch", RUNS["omit_FC"].training
    done = Record("omit_FC", "6.3", 0, {label: 0.98765}, 0.4, training, History([0.1] * 60), {})
    assert finished_line(Finished(done.task, done)) == f"  6.3  omit_FC seed 0: {label} 98.77%, 0 s"


def test_a_line_reports_that_a_training_was_cut():
    label, training = "test accuracy at the best validation epoch", RUNS["omit_FC"].training
    cut = Record("omit_FC", "6.3", 0, {label: 0.9}, 0.4, training, History([0.1]), {})
    expected = "cut to 1 epoch by NETWORK3_MAX_EPOCHS, and so not recorded"
    assert expected in finished_line(Finished(cut.task, cut))


def test_a_file_has_a_line_for_every_ten_epochs(capsys):
    reporter, task = ReproductionReporter(Output()), Task("double_fc_dropout", 2)
    for epochs in (0, 9, 10, 11, 19, 20):
        reporter.watch({task: epochs, Task("random_guess", 0): 0})
    reporter.watch({Task("shallow", 0): 37})  # continued from a checkpoint
    assert capsys.readouterr().out.splitlines() == [
        " 6.14  double_fc_dropout seed 2: begun, compiling first",
        " 6.14  double_fc_dropout seed 2: 10 of 40 epochs",
        " 6.14  double_fc_dropout seed 2: 20 of 40 epochs",
        "  6.1  shallow seed 0: begun, compiling first",
        "  6.1  shallow seed 0: 37 of 60 epochs",
    ]


def test_a_bar_without_an_epoch_shows_that_it_compiles():
    screen = Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)
    reporter, task = ReproductionBars(Terminal(screen), 1), Task("shallow", 0)
    with reporter:
        reporter.watch({task: 0, Task("random_guess", 0): 0})
        bars = {bar.description: (bar.completed, bar.total) for bar in reporter.bars.tasks}
        assert bars["shallow seed 0, compiling and first epoch"] == (0, None)  # a bar that moves
        assert bars["random_guess seed 0"] == (0, None)  # no training
        reporter.watch({task: 1})
        assert [(bar.description, bar.total) for bar in reporter.bars.tasks][1:] == [("shallow seed 0, epochs", 60)]


def test_json_has_no_line_for_epochs(capsys):
    ReproductionReporter(Json()).watch({Task("shallow", 0): 10})
    assert capsys.readouterr().out == ""


def test_a_terminal_has_bars_until_a_training_is_finished():
    screen = Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)
    reporter, task = ReproductionBars(Terminal(screen), 2), Task("shallow", 1)
    with reporter:
        reporter.watch({task: 7, Task("random_guess", 0): 0})
        reporter.bars.refresh()
        reporter.watch({task: 8})
        reporter.finish(Finished(Task("random_guess", 0), guess(0)))
        shown = reporter.bars.tasks
        assert [bar.description for bar in shown] == ["all", "shallow seed 1, epochs"]
        assert [(bar.completed, bar.total) for bar in shown] == [(1, 2), (8, 60)]
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.file.getvalue())
    assert re.search(r"shallow seed 1, epochs .* 7/60 ", text)
    assert "  1.6  random_guess seed 0: test accuracy 10.00% (book 10.00%), 61 s" in text
