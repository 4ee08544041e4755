"""One BLAS thread while compiled code runs.

The matrices of these networks are small: with a second BLAS thread and a busy core, a step of a fully connected
network was measured to take 80 times as long. The user's setting is restored afterwards.
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
    """Limit every BLAS of this process to one thread."""
    with _controller().limit(limits=1, user_api="blas"):
        yield
