"""``network3 reproduce``: the line of each repeat, how it is continued, and what is refused."""

import json
import re
from pathlib import Path

import pytest

from network3.cli import reproduce
from network3.experiments.catalogue import ENTRIES
from network3.experiments.reproduction import Finished, Record, choose, read_records
from network3.experiments.reproduction.records import append

RECORDS = Path("network3-results/reproduction.jsonl")
DARKNESS = r"  1\.7  average_darkness seed 0: test accuracy 22\.25% \(book 22\.25%\), \d+ s"
NOW = f"In {RECORDS}. Now: network3 report"


def guess(seed, accuracy=0.1, note=""):
    return Record("random_guess", "1.6", seed, {"test accuracy": accuracy}, 61.4, {}, None, {}, note)


def recorded(*records):
    RECORDS.parent.mkdir(exist_ok=True)
    for record in records:
        append(RECORDS, record)


def test_each_repeat_has_a_line_and_is_done_once(run):
    result = run("reproduce", "average_darkness", "random_guess", "--repeats", 1)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    *lines, end = result.stdout.splitlines()
    assert len(lines) == 2
    assert sum(bool(re.fullmatch(DARKNESS, line)) for line in lines) == 1
    assert end == NOW
    values = {record.name: record.values for record in read_records(RECORDS)}
    assert values["average_darkness"] == {"test accuracy": 0.2225}
    again = run("reproduce", "average_darkness", "random_guess", "--repeats", 1)
    assert sorted(again.stdout.splitlines()) == sorted([*(f"{line} (done before)" for line in lines), NOW])


def test_earlier_records_are_reported_and_the_rest_is_done(run):
    recorded(guess(0, 0.0955), guess(5))
    result = run("reproduce", "random_guess", "--repeats", 2, "--processes", 1)
    first, second, _ = result.stdout.splitlines()
    assert first == "  1.6  random_guess seed 0: test accuracy 9.55% (book 10.00%), 61 s (done before)"
    assert second.startswith("  1.6  random_guess seed 1: test accuracy ")
    assert "(done before)" not in second


def test_json_is_a_line_for_each(run):
    recorded(guess(0, 0.0955))
    result = run("reproduce", "random_guess", "average_darkness", "--repeats", 1, "--json", "--processes", 1)
    before, now = (json.loads(line) for line in result.stdout.splitlines())
    assert before == {
        "name": "random_guess",
        "seed": 0,
        "row": "1.6",
        "values": {"test accuracy": 0.0955},
        "published": {"test accuracy": 0.1},
        "seconds": 61.4,
    }
    assert (now["name"], now["row"], now["values"]) == ("average_darkness", "1.7", {"test accuracy": 0.2225})
    assert result.stderr == ""


def test_failures_are_reported_and_set_the_exit_code(run):
    folder = Path("network3-results/work/shallow-seed0")
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{", encoding="utf-8")
    result = run("reproduce", "shallow", "average_darkness", "--repeats", 1)
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    lines = result.stdout.splitlines()
    assert len([line for line in lines if not line.endswith(": begun, compiling first")]) == 2
    (failed,) = [line for line in lines if line.startswith("  6.1  shallow seed 0: network3 reproduce: expected a run")]
    assert "run.json, which is damaged" in failed
    assert failed.endswith("Delete that folder to start again.")
    assert result.stderr == "network3: 1 of 2 failed, see above.\n"
    assert [record.name for record in read_records(RECORDS)] == ["average_darkness"]
    (line,) = run("reproduce", "shallow", "--repeats", 1, "--json").stdout.splitlines()
    content = json.loads(line)
    assert set(content) == {"name", "seed", "row", "error"}
    assert "which is damaged" in content["error"]


def test_a_skipped_record_is_reported_and_made_anew(run):
    recorded(Record("average_darkness", "1.7", 0, {"test accuracy": 0.2225}, 1.0, {}, None, {}))
    RECORDS.write_text(RECORDS.read_text(encoding="utf-8").replace("0.2225", "0.9225"), encoding="utf-8")
    result = run("reproduce", "average_darkness")
    assert result.stderr == (
        f"network3: {RECORDS}, line 1: expected a record as it was written; "
        "got average_darkness seed 0, changed since it was written. Skipped.\n"
    )
    assert re.fullmatch(DARKNESS, result.stdout.splitlines()[0])


@pytest.mark.parametrize(("folder", "option"), [("other", "other"), ("with space", '"with space"')])
def test_the_last_line_names_the_next_command(run, monkeypatch, folder, option):
    monkeypatch.setattr(reproduce, "reproduce", lambda *arguments: iter(()))
    result = run("reproduce", "random_guess", "--results", folder)
    assert result.stdout == f"In {Path(folder) / RECORDS.name}. Now: network3 report --results {option}\n"


def test_a_part_without_repeats_is_reported(run):
    result = run("reproduce", "average_darkness", "--part", "2/2")
    assert (result.exit_code, result.stdout) == (0, "Part 2/2 has no repeats: there are fewer than parts.\n")
    assert list(Path().iterdir()) == []


def test_ctrl_c_reports_how_to_go_on(run, monkeypatch):
    def interrupted(tasks, results, processes, watch, part):
        yield Finished(tasks[0], guess(0))
        raise KeyboardInterrupt

    monkeypatch.setattr(reproduce, "reproduce", interrupted)
    result = run("reproduce", "random_guess")
    assert result.exit_code == 130
    assert result.stdout.startswith("  1.6  random_guess seed 0: ")
    expected = "network3: stopped; everything so far is in network3-results. Give the same command to go on.\n"
    assert result.stderr == expected


REFUSED = {
    "neither": (
        (),
        "expected names of the list or --chapter; got neither. Write e.g. network3 repro",
    ),
    "both": (
        ("svm", "--chapter", 1),
        "expected names of the list or --chapter; got both. Write e.g.",
    ),
    "a name": (("shalow",), "expected a name that network3 list shows; got 'shalow'. Perhaps you meant \"shallow\"."),
    "a chapter": (
        ("--chapter", 2),
        "--chapter: expected one of 1, 3, 5, 6, 7, with which the rows of network3 list begin; g",
    ),
    "no repeats": (
        ("svm", "--repeats", 0),
        "--repeats: expected a whole number, 1 or more; got 0. W",
    ),
    "no process": (("svm", "--processes", 0), "--processes: expected a whole number, 1 or more; got"),
    "a part": (("svm", "--part", "4/3"), "--part: expected a part and the number of parts; got 4/3. Write e.g. --part"),
    "a file": (
        ("svm", "--results", "file"),
        "--results: expected a folder that can be made; got file",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_one_clear_line_and_leaves_nothing(run, case):
    Path("file").write_text("in the way", encoding="utf-8")
    arguments, message = REFUSED[case]
    result = run("reproduce", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"network3: network3 reproduce: {message}")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output
    assert [path.name for path in Path().iterdir()] == ["file"]


def test_a_measurement_cannot_be_trained_but_reproduced(run):
    result = run("train", "average_darkness")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("network3: ")
    assert "expected a network to train; got average_darkness, which is none." in result.stderr
    assert result.stderr.endswith(" Write network3 reproduce average_darkness.\n")
    assert list(Path().iterdir()) == []


def test_all_that_is_listed_can_be_reproduced(run):
    names = [line.split()[1] for line in run("list").stdout.splitlines()[1:]]
    assert names == list(ENTRIES)
    assert {task.entry.row for task in choose(names)} == {entry.row for entry in ENTRIES.values()}
    listed = {entry["name"]: entry["published"] for entry in json.loads(run("list", "--json").stdout)}
    assert list(listed) == names
    assert listed["svm"] == {"test accuracy": 0.9435, "validation accuracy": 0.9448}


def test_the_help_explains_how_to_go_on(run):
    text = " ".join(re.sub("[│╭╮╰╯─]", " ", run("reproduce", "--help").stdout).split())
    for phrase in (
        "--chapter",
        "1, 3, 5 or 6; 7 is beyond the book",
        "seeds from 0 on",
        "network3-results",
        "--json",
        "`network3 list`",
    ):
        assert phrase in text
    assert "interrupted trainings are continued from their checkpoints: to go on, give the same command" in text
