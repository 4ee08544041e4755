"""Parts of a reproduction: each task is in one, and together they have the records of the whole."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from network3.experiments.reproduction import choose, parse_part, read_all, reproduce
from network3.experiments.reproduction.parts import WHOLE, Part, record_files
from network3.experiments.reproduction.records import Record, append

ROOT = Path(__file__).parents[4]
SCRIPT = ROOT / "examples" / "reproduce.slurm"
NAMES = ["strategy_1000", "random_guess", "average_darkness"]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 40])
def test_each_task_is_in_one_part(count):
    tasks = choose(chapter=6, repeats=2)
    parts = [Part(number, count).of(tasks) for number in range(1, count + 1)]
    assert sorted(tasks.index(task) for part in parts for task in part) == list(range(len(tasks)))
    assert all(part == sorted(part, key=tasks.index) for part in parts)
    sizes = sorted(map(len, parts))
    assert sizes[-1] - sizes[0] <= 1 or sizes[-1] == 6  # the vote of five networks is one piece of work


def test_a_vote_is_in_the_part_of_its_voters():
    tasks = choose(["random_guess", "double_fc_dropout", "ensemble"], repeats=7)
    for number in (1, 2, 3):
        part = Part(number, 3).of(tasks)
        votes = [task for task in part if task.members]
        assert all(member in part for vote in votes for member in vote.members)
    assert sum(len(Part(number, 3).of(tasks)) for number in (1, 2, 3)) == len(tasks)


@pytest.mark.parametrize(
    ("text", "part"), [(None, WHOLE), ("1/1", WHOLE), ("2/3", Part(2, 3)), (" 10/10 ", Part(10, 10))]
)
def test_a_part_is_read(text, part):
    assert parse_part(text) == part


@pytest.mark.parametrize("text", ["", "0/3", "4/3", "1/0", "1", "1/2/3", "-1/3", "a/b", "1.5/3"])
def test_other_texts_are_refused(text):
    with pytest.raises(
        ValueError, match=r"--part: expected a part and the number of parts; got .*\. Write e\.g\. --part"
    ):
        parse_part(text)


def guess(seed, accuracy=0.1):
    return Record("random_guess", "1.6", seed, {"test accuracy": accuracy}, 1.0, {}, None, {})


def test_the_records_of_all_files_count(tmp_path):
    for seed, name in enumerate(["reproduction.jsonl", "reproduction-1-of-2.jsonl", "reproduction-10-of-12.jsonl"]):
        append(tmp_path / name, guess(seed))
    for name in ("reproduction-old.jsonl", "reproduction.jsonl.part", "my-reproduction.jsonl"):
        append(tmp_path / name, guess(9))
    assert sorted(record.seed for record in read_all(tmp_path)) == [0, 1, 2]
    assert len(record_files(tmp_path)) == 3
    assert read_all(tmp_path / "nowhere") == []


def started(folder, *arguments, names=NAMES):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NETWORK3_THREADS": "1"}
    command = [sys.executable, "-m", "network3", "reproduce", *names, "--repeats", "2", "--processes", "1", *arguments]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)


def results(folder):
    """Return all of each record that does not depend on when and where it was made."""
    records = sorted(read_all(folder), key=lambda record: (record.name, record.seed))
    histories = [record.history and replace(record.history, seconds=[]) for record in records]
    return [(r.task, r.values, r.training, r.errors, r.note, h) for r, h in zip(records, histories, strict=True)]


def test_three_parts_in_three_processes_have_the_records_of_one(tmp_path):
    tasks, shared, one = choose(NAMES, repeats=2), tmp_path / "shared", tmp_path / "one"
    parts = [started(tmp_path, "--part", f"{k}/3", "--results", "shared") for k in (1, 2, 3)]
    for number, part in enumerate(parts, start=1):
        end = part.communicate()[0].splitlines()[-1]
        assert end.startswith(f"In {Path('shared', f'reproduction-{number}-of-3.jsonl')}. Now: ")
    assert [part.returncode for part in parts] == [0] * 3
    assert all(finished.record for finished in reproduce(tasks, one, processes=1))
    assert len(results(one)) == len(tasks) == 5
    assert results(shared) == results(one)
    assert [len(path.read_text(encoding="utf-8").splitlines()) for path in record_files(shared)] == [2, 2, 1]
    assert [list(reproduce(Part(k, 2).of(tasks), shared)) for k in (1, 2)] == [[], []]  # nothing is done again
    shutil.copy(shared / "reproduction-2-of-3.jsonl", one)  # as of another machine
    assert results(one) == results(shared)


@pytest.mark.slow
def test_a_killed_part_goes_on_with_the_same_command(tmp_path):
    (tmp_path / "parts").mkdir()
    history = tmp_path / "parts" / "work" / "strategy_full-seed0" / "history.jsonl"
    command = ["strategy_full", "--part", "1/2", "--results", "parts"]
    part = started(tmp_path, *command, names=[])
    while not history.exists() or history.read_bytes().count(b"\n") < 2:
        assert part.poll() is None
        time.sleep(0.05)
    part.kill()
    part.communicate()
    before = history.read_bytes()
    assert record_files(tmp_path / "parts") == []
    again = started(tmp_path, *command, names=[])
    again.communicate()
    assert again.returncode == 0
    assert history.read_bytes().startswith(before[: before.rindex(b"\n")])
    (record,) = read_all(tmp_path / "parts")
    assert (record.seed, record.history.epochs) == (0, 30)


@pytest.mark.skipif(os.name == "nt", reason="needs bash")
def test_the_jobs_of_an_array_are_the_parts(tmp_path):
    program = tmp_path / "network3"
    program.write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    found = []
    for job in (5, 6, 7):
        variables = {"SLURM_ARRAY_TASK_ID": str(job), "SLURM_ARRAY_TASK_MIN": "5", "SLURM_ARRAY_TASK_COUNT": "3"}
        environment = os.environ | variables | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
        command = ["bash", str(SCRIPT), "--chapter", "6"]
        found.append(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert found == [f"reproduce --part {k}/3 --chapter 6\n" for k in (1, 2, 3)]
