"""The processor that kernels are compiled for: its name, its features, and the vectors it computes with.

It is the one that this runs on, unless the environment variables NETWORK3_CPU_NAME and NETWORK3_CPU_FEATURES name
another, in LLVM's words: NETWORK3_CPU_NAME=haswell NETWORK3_CPU_FEATURES=+avx2,+fma. A name without features stands for
the features that every processor of this architecture has, a list of features without a name for this processor.
"""

import os
from functools import cache

import numpy as np
from llvmlite import binding


@cache
def target() -> tuple[str, str]:
    """Return the name of the processor and its features, as LLVM takes them."""
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
    """Return how many numbers of `dtype` a vector holds."""
    return vector_bytes() // np.dtype(dtype).itemsize


def offsets(length: int, lanes: int) -> tuple[int, ...]:
    """Return where vectors begin that cover `length` numbers: the last ends with them, and may begin early."""
    return tuple(min(v, length - lanes) for v in range(0, length, lanes))


def _present() -> set[str]:
    """Return the names of the features that the processor has."""
    return {name[1:] for name in target()[1].split(",") if name.startswith("+")}


def _host_features() -> str:
    try:
        return binding.get_host_cpu_features().flatten()
    except RuntimeError:  # LLVM does not know them on every system
        return ""
