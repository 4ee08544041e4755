"""The context of PyTensor's Numba back end: a reference for tests, and for graphs without a plan."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from network3.execution.blas import one_blas_thread
from network3.layers.checks import error_message
from network3.layers.compile_folder import check_folder


@contextmanager
def execution_context(dtype: str) -> Iterator[None]:
    """Limit BLAS to one thread."""
    with one_blas_thread():
        yield


@contextmanager
def compile_context(dtype: str) -> Iterator[None]:
    """Check that Numba can compile and store the code, and limit BLAS to one thread.

    Raises
    ------
    RuntimeError, PermissionError
        ``NUMBA_DISABLE_JIT`` is set, or no file can be written to PyTensor's folder.
    """
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        hint = 'Unset it, or write network3.use(backend="network3").'
        got = f"NUMBA_DISABLE_JIT={os.environ['NUMBA_DISABLE_JIT']}"
        raise RuntimeError(error_message("network3 on Numba", "expected a Numba that compiles", got, hint))
    check_folder()
    with execution_context(dtype):
        yield
