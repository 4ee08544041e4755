"""``network3 report``: the page, skipped records, and what is refused."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from network3.cli.progress import Terminal
from network3.experiments.reproduction import Record
from network3.experiments.reproduction.records import append

FOLDER = Path("network3-results")
ENVIRONMENT = {"date": "2026-01-02", "backend": "numba", "threads": 1, "machine": "Linux x86_64", "versions": {}}


def recorded(folder=FOLDER, accuracies=(0.0956, 0.1002)):
    """Write records of guesses, one per line."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, accuracy in enumerate(accuracies):
        values = {"test accuracy": accuracy}
        append(folder / "reproduction.jsonl", Record("random_guess", "1.6", seed, values, 1.0, {}, None, ENVIRONMENT))
    return folder / "reproduction.jsonl"


def test_the_page_is_beside_the_records(run):
    recorded()
    result = run("report")
    assert (result.exit_code, result.stderr) == (0, "")
    drawing, written = result.stdout.splitlines()
    assert drawing == "Drawing the charts ..."  # it takes seconds
    assert written == f"{FOLDER / 'report.html'} compares 2 repeats with the book."
    page = (FOLDER / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    for text in ("random_guess", "10.00%", "9.79% ± 0.33%"):  # the mean of 9.56 and 10.02, half their distance by 1/√2
        assert text in page


def test_a_terminal_shows_how_many_rows_are_drawn(run, monkeypatch):
    recorded()
    screen = Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)
    monkeypatch.setattr("network3.cli.report.choose_output", lambda: Terminal(screen))
    assert run("report").exit_code == 0
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.file.getvalue())
    assert re.search(r"drawing the charts .* 1/1 ", text)


def test_the_folder_and_the_file_can_be_chosen(run):
    recorded(Path("here"))
    Path("there").mkdir()
    result = run("report", "--results", "here", "--out", "there/page.html")
    assert result.exit_code == 0
    assert str(Path("there/page.html")) in result.stdout
    assert [path.name for path in Path("there").iterdir()] == ["page.html"]
    assert not Path("here/report.html").exists()


def test_a_name_in_md_is_the_table_alone(run):
    recorded()
    assert run("report", "--out", "table.md").exit_code == 0
    heading, _, row = Path("table.md").read_text(encoding="utf-8").splitlines()
    assert heading.startswith("| row | what | book | ours |")
    assert row.startswith("| 1.6 | a guess, each digit as likely (`random_guess`), test accuracy | 10.00% | 9.79% | ")
    assert row.endswith("| -0.21 | too few repeats | 9.79% ± 0.33% | 2 |")


def test_an_older_page_is_replaced(run):
    recorded()
    assert "compares 2 repeats" in run("report").stdout
    page = (FOLDER / "report.html").read_text(encoding="utf-8")
    assert ("9.79% ±" in page, "51.00% ±" in page) == (True, False)
    recorded(accuracies=(0.5, 0.51, 0.52))
    assert "compares 3 repeats" in run("report").stdout
    page = (FOLDER / "report.html").read_text(encoding="utf-8")
    assert ("9.79% ±" in page, "51.00% ±" in page) == (False, True)


def test_skipped_records_are_reported_and_the_others_are_compared(run):
    path = recorded(accuracies=(0.0955, 0.1002, 0.1011))
    first, second, third = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([first.replace("0.0955", "0.9955"), second, third[:-30]]), encoding="utf-8")
    result = run("report")
    assert result.exit_code == 0
    assert "compares 1 repeat" in result.stdout
    expected = "expected a record as it was written; got"
    assert result.stderr.splitlines() == [
        f"network3: {path}, line 1: {expected} random_guess seed 0, changed since it was written. Skipped.",
        f"network3: {path}, line 3: {expected} an incomplete line. Skipped.",
    ]
    page = (FOLDER / "report.html").read_text(encoding="utf-8")
    assert "10.02%" in page
    assert "99.55%" not in page


def test_without_records_the_error_names_the_command_that_makes_some(run):
    result = run("report")
    assert (result.exit_code, result.stdout) == (1, "")
    expected = f"network3: network3 report: --results: expected records in {FOLDER / 'reproduction.jsonl'}; got "
    hint = " Make some: network3 reproduce shallow.\n"
    assert result.stderr == f"{expected}no such folder.{hint}"
    FOLDER.mkdir()
    assert run("report").stderr == f"{expected}none.{hint}"
    assert list(FOLDER.iterdir()) == []


def test_without_intact_records_there_is_no_page(run):
    path = recorded(accuracies=(0.0955,))
    path.write_text(path.read_text(encoding="utf-8")[:-30], encoding="utf-8")
    result = run("report")
    assert result.exit_code == 1
    skipped, end = result.stderr.splitlines()
    assert skipped.endswith("line 1: expected a record as it was written; got an incomplete line. Skipped.")
    assert "expected records in" in end
    assert not (FOLDER / "report.html").exists()


@pytest.mark.parametrize("out", ["nowhere/page.html", "file/page.html", "folder"])
def test_a_page_that_cannot_be_written_is_refused(run, out):
    recorded()
    Path("file").write_text("in the way", encoding="utf-8")
    Path("folder").mkdir()
    result = run("report", "--out", out)
    assert (result.exit_code, result.stdout) == (1, "")  # before anything is drawn
    expected = (
        rf"network3: network3 report: --out: expected a file that can be written; got {out} \(.+\)\. Choose another"
    )
    assert re.match(expected, result.stderr.replace("\\", "/"))
    assert result.stderr.count("\n") == 1
    left = {path.name for path in Path().rglob("*")} - {"reproduction.jsonl.lock"}
    assert left == {"file", "folder", FOLDER.name, "reproduction.jsonl"}


def test_the_help_describes_the_page(run):
    text = " ".join(re.sub("[│╭╮╰╯─]", " ", run("report", "--help").stdout).split())
    for phrase in ("learning curves with the book's points", "needs no network", "--results", "--out", "report.html"):
        assert phrase in text
