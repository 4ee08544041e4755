"""Where commands write: plain lines, a terminal, JSON, or nothing."""

import io
import json

import pytest
from rich.console import Console

from network3.cli.progress import Json, Output, Quiet, Terminal, choose_output

RECORD, TEXT = {"accuracy": 0.5}, "accuracy [50%]"


@pytest.mark.parametrize(
    ("kind", "lines"),
    [(Output, ["a line", TEXT]), (Quiet, []), (Json, [json.dumps({"epoch": 0}), json.dumps(RECORD)])],
)
def test_each_output_has_its_form(kind, lines, capsys):
    output = kind()
    output.line("a line")
    output.epoch({"epoch": 0})
    output.result(RECORD, TEXT)
    assert capsys.readouterr() == ("".join(f"{line}\n" for line in lines), "")
    assert output.shows_prints == (kind is Output)


def test_a_terminal_writes_lines_above_its_bars():
    screen = Console(file=io.StringIO(), force_terminal=True, width=40, color_system=None)
    terminal = Terminal(screen)
    with terminal.counting_bars() as bars:
        task = bars.add_task("trials", total=3)
        terminal.line("x" * 50, remark="  best")  # longer than a row: the terminal breaks it
        bars.advance(task)
        terminal.result(RECORD, TEXT)
    text = screen.file.getvalue()
    assert "x" * 50 + "  best\n" in text
    assert f"{TEXT}\n" in text
    assert "1/3" in text


@pytest.mark.parametrize(
    ("options", "terminal", "kind"),
    [
        ({}, False, Output),
        ({}, True, Terminal),
        ({"quiet": True}, True, Quiet),
        ({"as_json": True}, True, Json),
        ({"as_json": True, "quiet": True}, False, Json),
    ],
)
def test_the_options_and_the_terminal_choose_the_output(monkeypatch, options, terminal, kind):
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal, raising=False)
    assert type(choose_output(**options)) is kind
