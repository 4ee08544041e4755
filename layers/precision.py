"""The floating-point type in which networks are built, and the lock under which PyTensor builds them."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pytensor.configdefaults import config

from .checks import one_of

FLOATS = ("float32", "float64")

_chosen: str | None = None
_held: ContextVar[str | None] = ContextVar("_held", default=None)
_building = threading.RLock()


def floatX() -> str:
    """Return the type of new parameters and expressions, ``"float32"`` or ``"float64"``.

    It is what `set_floatX` was given, else the environment's ``NETWORK3_FLOATX``, else float32; inside
    `graph_flags`, in the same thread, that one's type. PyTensor's process-wide ``config.floatX`` is not asked.
    """
    held = _held.get()
    if held is not None:
        return held
    if _chosen is not None:
        return _chosen
    return one_of("NETWORK3_FLOATX", os.environ.get("NETWORK3_FLOATX", "float32"), FLOATS)


def set_floatX(dtype: str) -> None:
    """Choose the type of what is built from now on; networks that exist keep theirs."""
    global _chosen
    _chosen = one_of("floatX", dtype, FLOATS)


@contextmanager
def graph_flags(dtype: str) -> Iterator[None]:
    """Hold the lock, `floatX` and PyTensor's own at `dtype`, and arithmetic exact, while a graph is built or compiled.

    ``change_flags`` acts on the whole process, so two threads that build networks of different
    types must take turns.
    """
    # Numba's fast mathematics would let LLVM sum in another order wherever it inlines anew: float32 results then
    # differ between versions, and between a process that compiles and one that finds the code on disk.
    with _building, config.change_flags(floatX=dtype, numba__fastmath=False):
        token = _held.set(dtype)
        try:
            yield
        finally:
            _held.reset(token)
