"""How many processors this process may use."""

import math
import os
from functools import cache

from .cgroup import cpu_quota


def processors() -> int:
    """Return the smaller of the processors that this process may run on, and of its container's quota, rounded up."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(affinity, _quota() or affinity)


@cache
def _quota() -> int | None:
    quota = cpu_quota()
    return None if quota is None else math.ceil(quota)
