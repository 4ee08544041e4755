"""The memory of this machine, or of the container."""

import os
import sys
from functools import cache

from .cgroup import memory_limit


@cache
def total_memory() -> int | None:
    """Return the bytes of this machine's memory, or its container's if fewer; None if the system reports neither."""
    return min((size for size in (_of_machine(), memory_limit()) if size), default=None)


def _of_machine() -> int | None:
    if sys.platform == "win32":
        return _windows()
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _windows() -> int | None:
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "page_total", "page_free", "virtual", "rest")),
            ("extended", ctypes.c_ulonglong),
        )

    status = Status()
    status.length = ctypes.sizeof(status)
    found = ctypes.windll.kernel32.GlobalMemoryStatusEx(  # type: ignore[attr-defined]  # missing on other systems
        ctypes.byref(status)
    )
    return status.total if found else None
