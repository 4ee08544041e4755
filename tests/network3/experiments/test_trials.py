"""Trials in several processes: each has settings of its own, all are stored, and none outlives the command."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from network3.experiments.catalogue import RUNS
from network3.experiments.search import Search
from network3.experiments.study import open_study

ROOT = Path(__file__).parents[3]
posix = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")


def started(folder, *arguments):
    command = [sys.executable, "-m", "network3", "search", "no_hidden", "--images", "300", "--epochs", "1", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NETWORK3_THREADS": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True, **pipes)


def trials_in(folder):
    path = folder / "network3-search" / "no_hidden.log"
    return open_study(Search(RUNS["no_hidden"], images=300, epochs=1), path).trials


def test_two_searches_at_the_same_time_try_no_settings_twice(tmp_path):
    searches = [started(tmp_path, "--trials", "20"), started(tmp_path, "--trials", "20", "--processes", "2")]
    outputs = [search.communicate() for search in searches]
    assert [(search.returncode, errors) for search, (_, errors) in zip(searches, outputs, strict=True)] == [(0, "")] * 2
    trials = trials_in(tmp_path)
    assert 20 <= len(trials) <= 22  # one search may finish those that it has begun
    assert {trial.state.name for trial in trials} <= {"COMPLETE", "PRUNED"}
    assert len({(trial.params["eta"], trial.params["lmbda"]) for trial in trials}) == len(trials)
    lines = [line for output, _ in outputs for line in output.splitlines() if line.startswith("trial ")]
    assert sorted(int(line[6:9]) for line in lines) == list(range(len(trials)))
    assert [path.name for path in (tmp_path / "network3-search").iterdir()] == ["no_hidden.log"]


def test_no_more_processes_are_started_than_trials_are_left(tmp_path):
    (output, errors), search = started(tmp_path, "--trials", "1", "--processes", "3").communicate(), trials_in(tmp_path)
    assert (errors, len(search), output.count("\ntrial ")) == ("", 1, 1)


@posix
@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_all_processes(tmp_path, number, code):
    search = started(tmp_path, "--trials", "500", "--processes", "2")
    try:
        for line in search.stdout:
            if line.startswith("trial "):
                break
        search.send_signal(number)
        _, errors = search.communicate(timeout=120)
        assert search.returncode == code
        assert (errors.startswith("network3: stopped after "), errors.count("\n")) == (True, 1)
        late = time.monotonic() + 60
        while of_session(search.pid):
            assert time.monotonic() < late
            time.sleep(0.1)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(search.pid, signal.SIGKILL)


def of_session(leader):
    """Return the running processes of the session that `leader` leads."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,sid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = (line.split() for line in listed.splitlines())
    return [pid for pid, session, state in rows if int(session) == leader and not state.startswith("Z")]
