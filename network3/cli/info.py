"""``network3 info``: versions, devices, threads and caches, for example for a bug report."""

import json
import os
import platform
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import pytensor
import typer

from network3.execution.device import chosen_backend, floatX, gpu_in_use
from network3.layers.backends.cpu.cache_folder import cache_size
from network3.layers.backends.cpu.processor_count import processors
from network3.storage.versions import versions

from .border import border


def info(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Show the versions, devices, threads and caches in use."""
    with border():
        found = collect()
        if as_json:
            typer.echo(json.dumps(found, indent=2))
            return
        for heading, entries in found.items():
            typer.echo(heading)
            width = max(len(name) for name in entries)
            for name, value in entries.items():
                typer.echo(f"  {name:<{width}}  {value}")


def collect() -> dict[str, dict[str, Any]]:
    """Return what `info` shows, as plain values."""
    cache = Path(pytensor.config.base_compiledir)
    return {
        "versions": versions(),
        "running on": {
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "backend": chosen_backend(),
            "gpu": gpu_in_use(),
            "jax installed": find_spec("jax") is not None,
            "floatX": floatX(),
        },
        "threads": {
            "processors": os.cpu_count(),
            "usable by this process": processors(),
            "of BLAS while training": 1,
        },
        "cache of compiled code": {"folder": str(cache), "MB": round(_size(cache) / 1e6, 1), "kernels": _kernels()},
    }


def _kernels() -> str:
    """Return the folder of compiled kernels, their number and size."""
    files, size, folder = cache_size()
    return "in memory only" if folder is None else f"{folder}: {files} files, {size / 1e6:.1f} MB"


def _size(folder: Path) -> int:
    """Return the total size in bytes of all files in `folder`."""
    sizes = 0
    for parent, _, names in os.walk(folder):  # leaves out folders that this user may not read
        for name in names:
            with suppress(OSError):  # removed meanwhile
                sizes += (Path(parent) / name).stat().st_size
    return sizes
