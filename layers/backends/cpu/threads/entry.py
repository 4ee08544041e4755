"""Direct calls of kernels from Python, with the GIL released: other Python threads continue meanwhile."""

from collections.abc import Callable
from functools import cache
from typing import Any

from network3.layers.backends.cpu import store

from .atomics import CALLABLE


@cache
def compiled(make: Callable[[], Any]) -> Callable[[int, int, int], None]:
    """Return the compiled kernel of a factory without arguments; it is compiled at the first request.

    Parameters
    ----------
    make : callable
        Returns a `compiler.Kernel`.

    Returns
    -------
    callable
        Takes the address of the arguments, the number of the part, and the address of scratch memory.
    """
    return CALLABLE(store.request(make()).result().address)
