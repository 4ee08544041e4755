"""A limit on this process's memory: a file that asks for gigabytes is then refused, instead of filling the machine."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MOST_MEMORY = 2 << 30  # bytes, beyond what the process begins with


@contextmanager
def limited_memory() -> Iterator[None]:
    """Let the block have `MOST_MEMORY` more than there is now, where the system can tell and limit it: on Linux."""
    if not sys.platform.startswith("linux"):
        yield
        return
    import resource

    used = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST_MEMORY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
