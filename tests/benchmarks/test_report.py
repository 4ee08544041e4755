"""The command, the table and the chart, on made-up results or with no peer at all."""

import io
import json

import pytest
from rich.console import Console
from typer.testing import CliRunner

from benchmarks import chart, environments
from benchmarks.peers.__main__ import interpreters
from benchmarks.table import against_best, show


def side(unit, middle):
    first = [{"first_step_cpu_s": 2.0, "cache": "cold"}, {"first_step_cpu_s": 0.5, "cache": "warm"}]
    return {f"{unit}_median": middle, "threads": 2, "first_step": first, "peak_mb": 300.0}


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
    (line,) = (line for line in written.getvalue().splitlines() if "batch 10" in line)
    cells = [cell.strip() for cell in line.strip("│").split("│")]
    assert cells == ["fc", "batch 10", "0.40", "1,234 us x2", "0.25", "0.40"]
    assert "skipped: Third: not [here]" in written.getvalue()


def test_the_best_peer_is_the_one_beside_which_we_look_worst(records):
    assert against_best([records[0], records[2]])["peer"] == "second"


def test_the_chart_is_the_same_file_for_the_same_results(records, tmp_path):
    results = tmp_path / "results.jsonl"
    results.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    for name in ("a.svg", "b.svg"):
        chart.draw(chart.read(results), tmp_path / name)
    drawn = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert drawn == (tmp_path / "b.svg").read_text(encoding="utf-8")
    assert all(word in drawn for word in ("<svg", "First", "Second", "fc"))


def test_a_chart_of_nothing_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="wanted measured records"):
        chart.draw([], tmp_path / "a.svg")


def test_a_peer_without_an_environment_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(environments.python_of, "__defaults__", (tmp_path,))
    pythons, missing = interpreters(["jax_jit", "keras_peer"], ["keras_peer=python"])
    assert list(pythons) == ["keras_peer"]
    assert [r["peer"] for r in missing] == ["jax_jit"]
    assert "Run python -m benchmarks.environments" in missing[0]["reason"]


def test_an_unknown_peer_is_an_error():
    with pytest.raises(ValueError, match='Perhaps you meant "jax_jit"'):
        interpreters(["jax"], [])
    with pytest.raises(ValueError, match="wanted PEER=PYTHON"):
        interpreters([], ["jax_jit"])


def test_the_commands_explain_themselves():
    import typer

    app = typer.Typer()
    app.command()(chart.main)
    assert CliRunner().invoke(app, ["--help"]).exit_code == 0
