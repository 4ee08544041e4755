"""The processor that kernels are compiled for: its name, its features, and its vectors.

It is the host's, unless the environment variables NETWORK3_CPU_NAME and NETWORK3_CPU_FEATURES select another, in
LLVM's notation: NETWORK3_CPU_NAME=haswell NETWORK3_CPU_FEATURES=+avx2,+fma. A name without features means the
baseline features of the architecture; features without a name mean the host processor with these features.
"""

import os
from functools import cache

import numpy as np
from llvmlite import binding

LINE = 64  # bytes of a cache line


@cache
def target() -> tuple[str, str]:
    """Return the name of the processor and its features, in LLVM's notation."""
    name = os.environ.get("NETWORK3_CPU_NAME") or "host"
    features = os.environ.get("NETWORK3_CPU_FEATURES")
    if features is None:
        features = _host_features() if name == "host" else ""
    return binding.get_host_cpu_name() if name == "host" else name, features


@cache
def vector_bytes() -> int:
    """Return the bytes of a vector."""
    features = _present()
    if "avx512f" in features:
        return 64
    return 32 if "avx" in features else 16


@cache
def vector_registers() -> int:
    """Return the number of vector registers."""
    arm = binding.get_process_triple().startswith(("aarch64", "arm64"))
    return 32 if arm or "avx512f" in _present() else 16


def lanes_of(dtype: str) -> int:
    """Return the number of elements of `dtype` in a vector."""
    return vector_bytes() // np.dtype(dtype).itemsize


def offsets(length: int, lanes: int) -> tuple[int, ...]:
    """Return the offsets of vectors that cover `length` elements; the last may overlap the one before."""
    return tuple(min(v, length - lanes) for v in range(0, length, lanes))


def _present() -> set[str]:
    """Return the names of the features that the processor has."""
    return {name[1:] for name in target()[1].split(",") if name.startswith("+")}


def _host_features() -> str:
    try:
        return binding.get_host_cpu_features().flatten()
    except RuntimeError:  # LLVM cannot detect them on every system
        return ""
