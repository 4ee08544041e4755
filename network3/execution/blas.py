"""One BLAS thread while compiled code runs.

The matrices of these networks are small, and a second BLAS thread beside a busy core was measured to make a
step of a fully connected network 80 times slower. The user's setting comes back afterwards.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401  (loads the BLAS that compiled code calls, so that the controller sees it)

    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold every BLAS of this process at one thread."""
    with _controller().limit(limits=1, user_api="blas"):
        yield
