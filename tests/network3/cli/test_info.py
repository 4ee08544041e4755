"""``network3 info``: versions, devices, threads and caches."""

import json
import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

import pytensor
import pytest

from network3.layers.backends.cpu import cache_folder


def test_json_has_versions_devices_threads_and_caches(run):
    result = run("info", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["versions"]["python"] == platform.python_version()
    assert found["versions"]["numba"] == version("numba")
    assert found["running on"]["backend"] == "network3"
    assert found["running on"]["gpu"] is False
    assert found["threads"]["processors"] == os.cpu_count()
    cache = found["cache of compiled code"]
    assert cache["folder"] == str(Path(pytensor.config.base_compiledir))
    assert cache["MB"] >= 0
    assert re.fullmatch(
        re.escape(str(Path(cache["folder"]) / "network3")) + r": \d+ files, \d+\.\d MB", cache["kernels"]
    )


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_kernels_that_are_not_stored_are_reported(run, monkeypatch, tmp_path):
    tmp_path.chmod(0o777)
    monkeypatch.setattr(cache_folder, "current", lambda: cache_folder.CacheFolder(tmp_path))
    assert "  kernels  in memory only" in run("info").stdout.splitlines()


def test_text_has_the_same_groups(run):
    lines = run("info").stdout.splitlines()
    assert lines[0] == "versions"
    assert [line for line in lines if not line.startswith(" ")] == [
        "versions",
        "running on",
        "threads",
        "cache of compiled code",
    ]
    assert any(line.split()[:2] == ["pytensor", version("pytensor")] for line in lines)
