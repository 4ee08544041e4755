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
_graph_dtype: ContextVar[str | None] = ContextVar("_graph_dtype", default=None)
_graph_lock = threading.RLock()


def floatX() -> str:
    """Return the type of new parameters and expressions, ``"float32"`` or ``"float64"``.

    Inside `graph_flags`, in the same thread, it is the type of that block; otherwise the type set by `set_floatX`;
    otherwise the environment variable ``NETWORK3_FLOATX``; otherwise float32. PyTensor's process-wide
    ``config.floatX`` has no influence.
    """
    dtype = _graph_dtype.get()
    if dtype is not None:
        return dtype
    if _chosen is not None:
        return _chosen
    return one_of("NETWORK3_FLOATX", os.environ.get("NETWORK3_FLOATX", "float32"), FLOATS)


def set_floatX(dtype: str) -> None:
    """Set the type of networks built from now on; existing networks keep theirs.

    Raises
    ------
    ValueError
        `dtype` is neither ``"float32"`` nor ``"float64"``.
    """
    global _chosen
    _chosen = one_of("floatX", dtype, FLOATS)


@contextmanager
def graph_flags(dtype: str) -> Iterator[None]:
    """Set the flags under which a graph is built or compiled: `floatX` and PyTensor's own are `dtype`, no fast math.

    PyTensor's ``change_flags`` acts on the whole process, so the block holds a lock: threads that build networks take
    turns.
    """
    # Numba's fast math lets LLVM reorder sums wherever it inlines code: float32 results would then differ between
    # versions, and between a process that compiles and one that loads compiled code from disk.
    with _graph_lock, config.change_flags(floatX=dtype, numba__fastmath=False):
        token = _graph_dtype.set(dtype)
        try:
            yield
        finally:
            _graph_dtype.reset(token)
