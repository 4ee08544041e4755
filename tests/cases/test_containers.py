"""The limits of a container, as Linux shows them, on threads and memory: entry S48."""

import os

import numpy as np
import pytest

from network3.layers.backends.cpu import cgroup, processor_count
from network3.layers.backends.cpu.threads import team, threads
from tests.cases.entries import case

pytestmark = pytest.mark.skipif(os.name != "posix", reason="control groups are of Linux")

MOUNTS = {
    "v1": "32 31 0:29 {root} /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 {root} /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
    "v2": "28 1 0:25 / / rw - ext4 /dev/sda rw\n41 31 0:38 {root} /sys/fs/cgroup rw shared:9 - cgroup2 none rw\n",
}
GROUPS = {"v1": "9:cpu,cpuacct:{path}\n4:memory:{path}\n1:name=systemd:/\n", "v2": "0::{path}\n"}


def container(folder, version, path="/", root="/", **files):
    """Write what Linux shows to a process of the group `path`; `files` are by folder below the mount, ``_`` for it."""
    proc = folder / "proc"
    proc.mkdir()
    mounts = MOUNTS[version].format(root=root).replace("/sys", f"{folder}/sys")
    (proc / "mountinfo").write_text(mounts, encoding="utf-8")
    (proc / "cgroup").write_text(GROUPS[version].format(path=path), encoding="utf-8")
    for name, entries in files.items():
        for file, content in entries.items():
            controller = ("memory" if file.startswith("memory") else "cpu") if version == "v1" else ""
            target = folder / "sys" / "fs" / "cgroup" / controller / name.strip("_").replace("_", "/") / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(f"{content}\n", encoding="utf-8")
    return proc


def quota_v1(quota, period=100_000):
    return {"cpu.cfs_quota_us": quota, "cpu.cfs_period_us": period}


@case("S48")
@pytest.mark.parametrize(
    ("version", "place", "files", "quota"),
    [
        ("v2", {}, {"_": {"cpu.max": "200000 100000"}}, 2.0),
        ("v2", {}, {"_": {"cpu.max": "max 100000"}}, None),
        ("v2", {"path": "/pod/box"}, {"pod": {"cpu.max": "150000 100000"}, "pod_box": {"cpu.max": "max 100000"}}, 1.5),
        ("v2", {"path": "/docker/1", "root": "/docker/1"}, {"_": {"cpu.max": "50000 100000"}}, 0.5),
        ("v2", {"path": "/docker/1", "root": "/other"}, {"_": {"cpu.max": "300000 100000"}}, 3.0),
        ("v2", {}, {"_": {"cpu.max": "of another kind"}}, None),
        ("v1", {}, {"_": quota_v1(400_000)}, 4.0),
        ("v1", {}, {"_": quota_v1(-1)}, None),
        ("v1", {"path": "/pod/box"}, {"pod": quota_v1(-1), "pod_box": quota_v1(25_000, 50_000)}, 0.5),
        ("v1", {"path": "/pod/box"}, {}, None),
    ],
)
def test_s48_the_quota_of_a_container(tmp_path, monkeypatch, version, place, files, quota):
    proc = container(tmp_path, version, **place, **files)
    assert cgroup.cpu_quota(proc) == quota
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(3)), raising=False)
    monkeypatch.setattr(processor_count, "_quota", processor_count._quota.__wrapped__)
    monkeypatch.setattr(processor_count, "cpu_quota", lambda: cgroup.cpu_quota(proc))
    monkeypatch.delenv("NETWORK3_THREADS", raising=False)
    assert threads() == min(3, int(np.ceil(quota or 3)))
    assert cgroup.cpu_quota(tmp_path / "nowhere") is None


@case("S48")
@pytest.mark.parametrize(
    ("version", "content", "limit"),
    [
        ("v2", {"memory.max": 2**30}, 2**30),
        ("v2", {"memory.max": "max"}, None),
        ("v1", {"memory.limit_in_bytes": 9}, 9),
    ],
)
def test_s48_the_memory_of_a_container(tmp_path, version, content, limit):
    assert cgroup.memory_limit(container(tmp_path, version, "/a", a=content)) == limit


@case("S48")
@pytest.mark.parametrize(("given", "available", "number"), [("200", 2, 2), ("3", 192, 3), ("200", 192, 64)])
def test_s48_more_threads_than_processors(monkeypatch, given, available, number):
    monkeypatch.setattr(team, "processors", lambda: available)
    monkeypatch.setattr(team, "_warned_of", set())
    monkeypatch.setenv("NETWORK3_THREADS", given)
    if int(given) > number:
        with pytest.warns(RuntimeWarning, match=rf"^NETWORK3_THREADS: expected at most the {number} .*; got 200\. "):
            assert threads() == number
    assert threads() == number  # a second warning would be an error
