"""Processes that share the tasks: each is recorded once; a kill or Ctrl-C loses no epoch and leaves no process."""

import json
import multiprocessing
import multiprocessing.util
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

from network3 import datasets
from network3.experiments.reproduction import Task, choose, read_records, reproduce

ROOT = Path(__file__).parents[4]
COMMAND = [sys.executable, "-m", "network3", "reproduce", "shallow", "--repeats", "1", "--results", "results"]
STOPPED = "network3: stopped; everything so far is in results. Give the same command to go on.\n"
posix = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")


def guesses(seed):
    """Return the accuracy of guesses, computed independently."""
    labels = datasets.load_mnist()[2][1]
    return np.count_nonzero(np.random.default_rng(seed).integers(0, 10, size=labels.size) == labels) / labels.size


def test_all_tasks_are_recorded_and_none_is_done_twice(tmp_path):
    tasks = choose(["average_darkness", "random_guess"])
    seen = []
    finished = list(reproduce(tasks, tmp_path, processes=2, watch=lambda running: seen.append(set(running))))
    assert [one.error for one in finished] == [""] * 4
    assert {one.task for one in finished} == set(tasks)
    assert all(1 <= len(running) <= 2 for running in seen if running)
    records = read_records(tmp_path / "reproduction.jsonl")
    expected = {Task("random_guess", seed): guesses(seed) for seed in range(3)} | {Task("average_darkness", 0): 0.2225}
    assert {record.task: record.values["test accuracy"] for record in records} == expected
    assert {one.task: one.record.values for one in finished} == {record.task: record.values for record in records}
    written = (tmp_path / "reproduction.jsonl").read_bytes()
    assert list(reproduce(tasks, tmp_path)) == []
    assert (tmp_path / "reproduction.jsonl").read_bytes() == written


def test_only_missing_tasks_are_done(tmp_path):
    list(reproduce(choose(["random_guess"], repeats=1), tmp_path))
    finished = list(reproduce(choose(["random_guess"], repeats=2), tmp_path))
    assert [one.task for one in finished] == [Task("random_guess", 1)]


def test_failures_are_reported_and_the_rest_is_done(tmp_path):
    (tmp_path / "work" / "shallow-seed0").mkdir(parents=True)
    (tmp_path / "work" / "shallow-seed0" / "run.json").write_text("{", encoding="utf-8")
    tasks = [Task("shallow", 0), Task("random_guess", 0)]
    failed, done = sorted(reproduce(tasks, tmp_path, processes=1), key=lambda one: one.task != tasks[0])
    assert (failed.task, failed.record) == (tasks[0], None)
    assert "expected a folder that network3 train has begun a run in; got " in failed.error
    assert (done.error, done.record.task) == ("", tasks[1])
    assert [record.task for record in read_records(tmp_path / "reproduction.jsonl")] == [tasks[1]]


@pytest.mark.parametrize("inside", [(), ("deeper",)])
def test_a_folder_that_cannot_be_made_is_reported_before_anything_is_done(tmp_path, inside):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    results = tmp_path.joinpath("file", *inside)
    expected = (
        r"^network3 reproduce: --results: expected a folder that can be made; got .*file.*\)\. Choose another path, or"
    )
    with pytest.raises(OSError, match=expected):
        next(reproduce(choose(["random_guess"]), results))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text(encoding="utf-8") == "in the way"


def test_records_that_cannot_be_written_are_reported_before_anything_is_done(tmp_path):
    (tmp_path / "reproduction.jsonl").mkdir()
    expected = r"^network3 reproduce: --results: expected a file that can be written; got .*reproduction\.jsonl \(.*\)"
    with pytest.raises(OSError, match=expected):
        next(reproduce(choose(["random_guess"]), tmp_path))
    assert list((tmp_path / "work").iterdir()) == []


def of_session(leader):
    """Return the running processes of the session that `leader` leads."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    pids = [int(pid) for pid, state in (line.split() for line in listed.splitlines()) if not state.startswith("Z")]
    found = []
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            if os.getsid(pid) == leader:
                found.append(pid)
    return found


@contextmanager
def started(folder):
    """Start the command; at the end kill all its processes."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(COMMAND, cwd=folder, env=environment, start_new_session=True, **pipes)
    try:
        yield process
    finally:
        for pid in of_session(process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate()


def epochs_of(folder):
    path = folder / "results" / "work" / "shallow-seed0" / "history.jsonl"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def wait_until(true, seconds):
    late = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < late, f"not within {seconds} s"
        time.sleep(0.1)


def finish(folder, before):
    """Continue to the end, and check that the earlier epochs are still the same."""
    with started(folder) as process:
        output, errors = process.communicate(timeout=1800)
    assert (process.returncode, errors) == (0, "")
    begun, *epochs, done, _ = output.splitlines()
    assert begun == "  6.1  shallow seed 0: begun, compiling first"
    assert done.startswith("  6.1  shallow seed 0: test accuracy at the best validation epoch 97.")
    assert all(re.fullmatch(r"  6\.1  shallow seed 0: \d\d of 60 epochs", line) for line in epochs)
    assert len(epochs_of(folder)) == 60
    assert epochs_of(folder)[: len(before)] == before
    (line,) = (folder / "results" / "reproduction.jsonl").read_text(encoding="utf-8").splitlines()
    record = json.loads(line)
    assert len(record["history"]["cost"]) == len(record["history"]["validation_accuracy"]) == 60
    rows = [json.loads(row) for row in epochs_of(folder)]
    assert record["history"]["validation_accuracy"] == [row["validation_accuracy"] for row in rows]


@posix
@pytest.mark.slow
def test_a_killed_command_is_continued_from_its_last_epoch(tmp_path):
    with started(tmp_path) as process:
        wait_until(lambda: len(epochs_of(tmp_path)) >= 3, 600)
        process.kill()
    before = epochs_of(tmp_path)
    assert 3 <= len(before) < 60
    assert not (tmp_path / "results" / "reproduction.jsonl").exists()
    finish(tmp_path, before)


@posix
@pytest.mark.slow
def test_a_killed_command_leaves_no_process(tmp_path):
    with started(tmp_path) as process:
        wait_until(lambda: epochs_of(tmp_path), 600)
        process.kill()
        process.wait(300)
        wait_until(lambda: of_session(process.pid) == [], 60)


@posix
@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_is_one_line_and_leaves_no_process(tmp_path, number, code):
    with started(tmp_path) as process:
        wait_until(lambda: len(epochs_of(tmp_path)) >= 3, 600)
        process.send_signal(number)
        output, errors = process.communicate(timeout=300)
        wait_until(lambda: of_session(process.pid) == [], 60)
    assert (process.returncode, "accuracy" in output, errors) == (code, False, STOPPED)
    before = epochs_of(tmp_path)
    assert 3 <= len(before) < 60
    finish(tmp_path, before)


@posix
def test_ctrl_c_while_the_processes_start_is_one_line_too(tmp_path):
    with started(tmp_path) as process:
        wait_until(lambda: len(of_session(process.pid)) >= 3, 300)  # itself, what tracks its resources, a worker
        os.killpg(process.pid, signal.SIGINT)  # to all of them, as a terminal does
        output, errors = process.communicate(timeout=300)
        wait_until(lambda: of_session(process.pid) == [], 60)
    assert (process.returncode, output, errors) == (130, "", STOPPED)


@posix
def test_ctrl_c_in_the_middle_of_a_start_waits_for_its_end(tmp_path, monkeypatch, capfd):
    start, pressed = multiprocessing.util.spawnv_passfds, []

    def receive():  # in another thread, whatever the main thread blocks
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.raise_signal(signal.SIGINT)

    def press(*arguments):
        child = start(*arguments)
        if any("spawn_main" in str(argument) for argument in arguments[1]):  # it waits to be sent its task
            thread = threading.Thread(target=receive)
            thread.start()
            thread.join()
            pressed.append(child)
        return child

    monkeypatch.setattr(multiprocessing.util, "spawnv_passfds", press)
    with pytest.raises(KeyboardInterrupt):
        list(reproduce(choose(["random_guess"]), tmp_path, processes=1))
    assert len(pressed) == 1
    assert (multiprocessing.active_children(), capfd.readouterr()) == ([], ("", ""))
    assert not (tmp_path / "reproduction.jsonl").exists()


@posix
@pytest.mark.slow
def test_a_killed_process_is_reported(tmp_path):
    with started(tmp_path) as process:
        wait_until(lambda: epochs_of(tmp_path), 600)
        (worker,) = [pid for pid in of_session(process.pid) if os.getpgid(pid) == pid != process.pid]
        os.kill(worker, signal.SIGKILL)
        output, errors = process.communicate(timeout=300)
        wait_until(lambda: of_session(process.pid) == [], 60)
    assert (process.returncode, "accuracy" in output) == (1, False)
    expected = (
        "network3: network3 reproduce: expected its processes to continue; got one that was killed. Give the same "
    )
    assert (errors.startswith(expected), errors.count("\n")) == (True, 1)
