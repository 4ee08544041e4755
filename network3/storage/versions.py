"""Versions of Python and of installed packages, for records and reports."""

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("network3", "pytensor", "numba", "numpy", "scipy", "safetensors", "matplotlib", "pillow", "jax", "torch")


def versions() -> dict[str, str]:
    """Return the version of Python and of each installed package, without importing them."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
