"""The command, the tables and the chart of the step comparison, on invented results or with fake peers."""

import io
import json
import sys
from dataclasses import replace
from functools import partial

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from benchmarks import chart, readme
from benchmarks.comparison import StepComparison
from benchmarks.peers import OURS, PEERS
from benchmarks.peers import __main__ as command
from benchmarks.table import line, show


def side(unit, median):
    first = [{"first_step_cpu_s": 2.0, "cache": "cold"}, {"first_step_cpu_s": 0.5, "cache": "warm"}]
    return {f"{unit}_median": median, "threads": 2, "first_step": first, "peak_mb": [900.0, 300.0]}


def record(kind, peer, ratio, **more):
    unit = "us" if kind == "training" else "ms"
    return {
        "kind": kind,
        "configuration": "fc",
        "peer": peer,
        "title": peer.title(),
        "ratio": ratio,
        "ratio_min": ratio * 0.9,
        "ratio_max": ratio * 1.1,
        "ours": side(unit, 1234.0),
        "theirs": side(unit, 1234.0 / ratio),
        "versions": {"python": "3.0", peer: "1.0", "ours: numba": "2.0"},
        "import": {"ours": {"import_cpu_s": 0.3}, "theirs": {"import_cpu_s": 1.0}},
        **more,
    }


@pytest.fixture
def records():
    return [
        record("training", "first", 0.25, batch=10),
        record("inference", "first", 0.5, images=10_000),
        record("training", "second", 0.4, batch=10),
        {"kind": "skipped", "peer": "third", "title": "Third", "reason": "not [here]"},
    ]


def test_the_table_has_the_ratio_to_the_best_peer_first(records):
    written = io.StringIO()
    show(records, Console(file=written, width=120))
    lines = [[cell.strip() for cell in text.strip("│").split("│")] for text in written.getvalue().splitlines()]
    index = next(i for i, cells in enumerate(lines) if "batch 10" in cells)
    assert lines[index] == ["fc", "batch 10", "0.40", "1,234 us x2", "0.25", "0.40"]
    assert lines[index + 1][2] == "Second"
    one_time_costs = next(cells for cells in lines if cells[0] == "network3" and len(cells) == 6)
    assert one_time_costs == ["network3", "0.30", "2.00", "0.50", "900", "300"]
    assert "skipped: Third: not [here]" in written.getvalue()


def test_each_record_has_a_line(records):
    assert line(records[0]) == "  First, fc, batch 10: ours 1,234 us x2 / peer 4,936 us x2 = 0.25"
    assert line(records[1]) == "  First, fc, inference: ours 1,234 ms x2 / peer 2,468 ms x2 = 0.50"
    assert line(records[3]) == "skipped: Third: not [here]"


def test_the_table_of_the_readme(records):
    machine = {"processor": "A processor", "cores": 2, "time": "2026-01-02T03:04:05Z"}
    heading, _, row, inference, *_, about = readme.table(records, machine).splitlines()
    assert heading == "| network |  | network3 / best peer | network3 | / First | / Second |"
    assert row == "| one hidden layer of 100 | batch 10 | **0.40** (Second) | 1,234 us a step | 0.25 | 0.40 |"
    assert inference == "| one hidden layer of 100 | 10,000 images | **0.50** (First) | 1,234 ms | 0.50 | - |"
    assert about == "Measured on A processor, 2 cores, 2026-01-02; first 1.0, numba 2.0, second 1.0."


def test_the_chart_is_the_same_file_for_the_same_results(records, tmp_path):
    for name in ("a.svg", "b.svg"):
        chart.draw(records, tmp_path / name)
    drawn = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert drawn == (tmp_path / "b.svg").read_text(encoding="utf-8")
    assert all(word in drawn for word in ("<svg", "First", "Second", "one hidden layer"))


def test_a_chart_of_nothing_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="expected measured records"):
        chart.draw([], tmp_path / "a.svg")


def run(monkeypatch, tmp_path, module):
    """Run the command on the smallest network, beside a fake peer in this environment."""
    fake = replace(PEERS["jax_jit"], name="fake", title="Fake", module=f"tests.benchmarks.{module}")
    ours = replace(OURS, module="tests.benchmarks.fake_peer")
    monkeypatch.setitem(command.PEERS, "fake", fake)
    monkeypatch.setattr(command, "StepComparison", partial(StepComparison, ours=ours))
    app = typer.Typer()
    app.command()(command.main)
    options = {"--network": "fc", "--batch": 10, "--rounds": 2, "--seconds": 0.01, "--threads": 1, "--peer": "fake"}
    options |= {"--python": f"fake={sys.executable}", "--results": tmp_path / "new" / "speed.jsonl"}
    return CliRunner().invoke(app, [str(word) for pair in options.items() for word in pair])


def test_the_command_writes_results_chart_and_table(monkeypatch, tmp_path):
    result = run(monkeypatch, tmp_path, "fake_peer")
    assert result.exit_code == 0, result.output
    assert "Fake, fc, batch 10: ours" in result.output
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"speed.jsonl", "speed.md", "speed.svg"}
    lines = (tmp_path / "new" / "speed.jsonl").read_text(encoding="utf-8").splitlines()
    first, second = map(json.loads, lines)
    assert (first["kind"], second["kind"]) == ("training", "inference")
    assert {"processor", "cores", "time"} <= set(first["machine"])


def test_the_command_fails_on_a_peer_that_is_wrong_and_not_on_one_that_is_skipped(monkeypatch, tmp_path):
    assert run(monkeypatch, tmp_path, "wrong_peer").exit_code == 1
    skipped = run(monkeypatch, tmp_path, "missing_peer")
    assert (skipped.exit_code, "skipped: Fake, fc" in skipped.output) == (0, True)
