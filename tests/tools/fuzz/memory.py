"""A limit on the memory of this process, so that a file that asks for gigabytes is rejected."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAX_MEMORY = 2 << 30  # bytes, in addition to the memory at the start


@contextmanager
def limited_memory() -> Iterator[None]:
    """Limit the block to `MAX_MEMORY` more than is in use now; only on Linux."""
    if not sys.platform.startswith("linux"):
        yield
        return
    import resource

    used = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + MAX_MEMORY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
