"""The tables, the chart and the command of the benchmark from the start of Python."""

import io
import json
import sys
from dataclasses import replace

import numpy as np
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from benchmarks.peers import OURS, PEERS
from benchmarks.start import __main__ as command
from benchmarks.start import chart, tables
from benchmarks.start.process import Library

FAKE = "tests.benchmarks.fake_peer"
MACHINE = {"processor": "A processor", "cores": 2, "time": "2026-01-02T03:04:05Z"}


def record(kind, peer, seconds, **more):
    title = "network3" if peer == "ours" else peer.title()
    about = {"kind": kind, "configuration": "two_conv", "peer": peer, "title": title, "seconds": seconds}
    return about | {"peak_mb_by_round": [100.0 * seconds], "versions": {"python": "3.0", peer: "1.0"}} | more


@pytest.fixture
def records():
    return [
        record("first_epoch", "ours", 1.0, state="empty cache"),
        record("first_epoch", "first", 2.0, state="empty cache"),
        record("first_epoch", "second", 4.0, state="empty cache"),
        record("first_epoch", "ours", 0.5, state="warm"),
        record("goal", "ours", 9.0, goal=0.985, epochs=3),
        record("goal", "second", 30.0, goal=0.985, epochs=2),
        {"kind": "skipped", "peer": "third", "title": "Third", "configuration": "fc", "reason": "not [here]"},
    ]


def test_the_table_of_the_readme(records):
    heading, _, cold, memory, warm, goal, _, about = tables.markdown(records, MACHINE).splitlines()
    name = "two convolutions, 100, ReLU"
    assert heading == "| network |  | network3 / best peer | network3 | First | Second |"
    assert cold == f"| {name} | first epoch, empty cache | **0.50** (First) | 1.00 s | 2.00 s | 4.00 s |"
    assert memory == f"| {name} | its peak memory | **0.50** (First) | 100 MB | 200 MB | 400 MB |"
    assert warm == f"| {name} | first epoch, warm | - | 0.50 s | - | - |"
    measure = "98.5% on the test images, empty cache"
    assert goal == f"| {name} | {measure} | **0.30** (Second) | 9.00 s (3 epochs) | - | 30.0 s (2 epochs) |"
    assert about == "Measured on A processor, 2 cores, 2026-01-02; first 1.0, ours 1.0, second 1.0."


def test_the_table_on_the_terminal_is_followed_by_the_skipped_libraries(records):
    written = io.StringIO()
    tables.show(records, Console(file=written, width=160))
    text = written.getvalue()
    assert "0.50 (First)" in text
    assert "skipped: Third, fc: not [here]" in text


def test_without_memory_there_is_no_row_of_it(records):
    without_memory = [record | {"peak_mb_by_round": [None]} for record in records[:3]]
    assert "memory" not in tables.markdown(without_memory, MACHINE)


def test_each_record_has_a_line(records):
    assert tables.line(records[1]) == "  First, two_conv, empty cache: 2.00 s"
    assert tables.line(records[4]) == "  network3, two_conv, to 98.5%: 9.00 s (3 epochs)"
    assert tables.line(records[-1]) == "skipped: Third, fc: not [here]"


def test_the_chart_is_the_same_file_for_the_same_results(records, tmp_path):
    for name in ("a.svg", "b.svg"):
        chart.draw(records, tmp_path / name)
    drawn = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert drawn == (tmp_path / "b.svg").read_text(encoding="utf-8")
    assert all(word in drawn for word in ("<svg", "First", "network3", "two convolutions", "seconds"))


def test_a_chart_of_nothing_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="expected measured records"):
        chart.draw([], tmp_path / "a.svg")


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run the command on the smallest network, beside fake peers in this environment."""
    rng = np.random.default_rng(0)
    labels = np.tile(np.arange(10), 10)
    images = rng.random((10, 784))[labels]
    monkeypatch.setattr(command, "load_mnist", lambda: [(images, labels)] * 3)

    def invoke(module):
        peers = replace(OURS, module=FAKE), replace(PEERS["jax_jit"], module=module)
        compared = [Library(peer, sys.executable, 1) for peer in peers]
        monkeypatch.setattr(command, "libraries", lambda pythons, threads: compared)
        app = typer.Typer()
        app.command()(command.main)
        options = {"--network": "fc", "--rounds": 1, "--peer": "jax_jit", "--python": f"jax_jit={sys.executable}"}
        options |= {"--results": tmp_path / "new" / "start.jsonl"}
        return CliRunner().invoke(app, [str(word) for pair in options.items() for word in pair])

    return invoke


def test_the_command_writes_results_chart_and_table(run, tmp_path):
    result = run(FAKE)
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"start.jsonl", "start.md", "start.svg"}
    lines = (tmp_path / "new" / "start.jsonl").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    assert [record["kind"] for record in found] == ["first_epoch"] * 6
    assert {"processor", "cores", "time"} <= set(found[0]["machine"])


def test_the_command_fails_on_a_peer_that_is_wrong_and_not_on_one_that_is_skipped(run):
    assert run("tests.benchmarks.frozen_peer").exit_code == 1
    skipped = run("tests.benchmarks.missing_peer")
    assert (skipped.exit_code, "skipped: JAX, jit, fc" in skipped.output) == (0, True)


def test_ours_comes_first_and_each_peer_runs_in_its_environment():
    ours, jax = command.libraries({PEERS["jax_jit"]: "python-of-jax"}, 2)
    assert (ours.peer.name, ours.python, ours.peer.module) == ("ours", sys.executable, "benchmarks.start.ours")
    assert (jax.peer, jax.python, jax.threads) == (PEERS["jax_jit"], "python-of-jax", 2)
