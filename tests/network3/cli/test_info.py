"""``network3 info``: what is at work here."""

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

import pytensor


def test_it_tells_versions_devices_threads_and_caches(run):
    result = run("info", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["versions"]["python"] == platform.python_version()
    assert found["versions"]["numba"] == version("numba")
    assert found["running on"]["backend"] == "numba"
    assert found["running on"]["gpu"] is False
    assert found["threads"]["processors"] == os.cpu_count()
    cache = found["cache of compiled code"]
    assert cache["folder"] == str(Path(pytensor.config.base_compiledir))
    assert cache["MB"] >= 0


def test_a_person_reads_the_same(run):
    lines = run("info").stdout.splitlines()
    assert lines[0] == "versions"
    assert [line for line in lines if not line.startswith(" ")] == [
        "versions",
        "running on",
        "threads",
        "cache of compiled code",
    ]
    assert any(line.split()[:2] == ["pytensor", version("pytensor")] for line in lines)
