"""PyTensor's own way on a CPU, Numba: a reference for tests, and for graphs that have no plan."""

from contextlib import contextmanager

from network3.execution.blas import one_blas_thread


@contextmanager
def execution_context(dtype):
    """Hold BLAS at one thread."""
    with one_blas_thread():
        yield


compile_context = execution_context
