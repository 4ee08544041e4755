"""The limits that Linux sets on a container: the lowest of its control group and of those that contain it.

Both versions of control groups are read, as any user may: ``/proc/self/cgroup`` names the group of this process, and
``/proc/self/mountinfo`` the folder in which groups are found. Elsewhere, and where nothing can be read, there is none.
"""

import math
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc/self")


def cpu_quota(proc: Path = PROC) -> float | None:
    """Return how many processors this process may use on average, such as 1.5; None if it may use all of them.

    Parameters
    ----------
    proc : Path
        The folder that describes the process.
    """
    quotas = []
    for folder in _groups("cpu", proc):
        quota, period = _numbers(folder / "cpu.max", 2) or (  # version 2: "200000 100000", or "max 100000"
            *(_numbers(folder / "cpu.cfs_quota_us", 1) or [-1]),  # version 1: -1 without a limit
            *(_numbers(folder / "cpu.cfs_period_us", 1) or [0]),
        )
        if quota > 0 and period > 0:
            quotas.append(quota / period)
    return min(quotas, default=None)


def memory_limit(proc: Path = PROC) -> int | None:
    """Return the bytes of memory that this process and the others of its group may use; None without a limit."""
    limits = []
    for folder in _groups("memory", proc):
        for name in ("memory.max", "memory.limit_in_bytes"):
            limits += [limit for limit in _numbers(folder / name, 1) or [] if limit > 0]
    return int(min(limits)) if limits else None


def _numbers(path: Path, count: int) -> list[float] | None:
    """Return the numbers in a file, 0 for "max"; None if there are not `count` of them."""
    try:
        found = [0.0 if word == "max" else float(word) for word in path.read_text(encoding="ascii").split()]
    except (OSError, ValueError):
        return None
    return found if len(found) == count and all(map(math.isfinite, found)) else None


def _groups(controller: str, proc: Path) -> Iterator[Path]:
    """Yield the folders of the process's group and of those around it, in each hierarchy with `controller`."""
    try:
        mounts = [line.split() for line in (proc / "mountinfo").read_text(encoding="utf-8").splitlines()]
        groups = [line.split(":", 2) for line in (proc / "cgroup").read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError):
        return
    paths = {name: path for _, names, path in (g for g in groups if len(g) == 3) for name in names.split(",")}
    for fields in mounts:
        # ID, parent, device, root, mount point, options, tags ..., "-", type, source, options of the file system
        kind, *_, options = fields[fields.index("-") + 1 :] if "-" in fields else [""]
        if kind == "cgroup2" and "" in paths:
            yield from _upwards(paths[""], fields[3], fields[4])
        elif kind == "cgroup" and controller in options.split(",") and controller in paths:
            yield from _upwards(paths[controller], fields[3], fields[4])


def _upwards(path: str, root: str, mount: str) -> Iterator[Path]:
    """Yield the folder of the group `path` and those above it, where the group `root` is mounted at `mount`."""
    # In a container, the group is often outside of what is mounted: then the mount is its own group.
    inside = Path(path).relative_to(root) if Path(path).is_relative_to(root) else Path()
    yield from (Path(mount) / part for part in (inside, *inside.parents))
