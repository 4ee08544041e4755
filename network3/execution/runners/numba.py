"""PyTensor's own way on a CPU, Numba: a reference for tests, and for graphs that have no plan."""

from contextlib import contextmanager

from network3.execution.blas import one_blas_thread


@contextmanager
def calling(dtype):
    """Hold BLAS at one thread."""
    with one_blas_thread():
        yield


compiling = calling
