"""The context of PyTensor's Numba back end: a reference for tests, and for graphs without a plan."""

from collections.abc import Iterator
from contextlib import contextmanager

from network3.execution.blas import one_blas_thread


@contextmanager
def execution_context(dtype: str) -> Iterator[None]:
    """Limit BLAS to one thread."""
    with one_blas_thread():
        yield


compile_context = execution_context
