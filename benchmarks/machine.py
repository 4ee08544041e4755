"""What a measurement was made on, which stands in every line of results; and the memory that a process took."""

import os
import platform
import sys
import time
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """Return processor, cores that this process may use, memory, system, load and time."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": _memory_gb(),
        "system": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _processor() -> str:
    """Return the processor's name with the widest vector instructions that it has."""
    listing = Path("/proc/cpuinfo")
    if not listing.exists():
        return platform.processor()
    text = listing.read_text(encoding="utf-8")
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    flags = fields.get("flags", "").split()
    widest = next((name for name in ("avx512f", "avx2", "avx") if name in flags), "")
    return " ".join(filter(None, (fields.get("model name", platform.processor()), widest)))


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None


def peak_mb() -> float | None:
    """Return the most memory this process has held, in MB; None where the system does not say."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux counts the parent's peak into its child's `ru_maxrss`
        lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
        return round(int(lines["VmHWM"].split()[0]) / 1024, 1)
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 1024), 1)
