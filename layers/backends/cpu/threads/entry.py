"""How Python calls a kernel directly, without its own lock: other threads of Python run on meanwhile."""

from collections.abc import Callable
from functools import cache
from typing import Any

from network3.layers.backends.cpu import store

from .atomics import CALLABLE


@cache
def compiled(make: Callable[[], Any]) -> Callable[[int, int, int], None]:
    """Return the compiled kernel of a factory without arguments, compiled when it is first asked for.

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
