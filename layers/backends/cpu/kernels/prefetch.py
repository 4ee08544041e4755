"""Memory asked for some time before it is read."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..compiler import operation
from ..compiler.arithmetic import as_index
from ..compiler.constants import described
from ..compiler.errors import KernelError
from ..compiler.frame import Frame
from ..compiler.types import MEMORY, ArrayValue


@operation
def prefetch(a: np.ndarray, i: int, offsets: Sequence[int]) -> None:
    """Ask for the lines of the cache with a[i + offset], for each of the constant offsets.

    They may lie beyond the array's end: nothing is read.
    """


@prefetch.emitter
def prefetch(frame: Frame, a: Any, i: Any, offsets: Any) -> None:
    if not isinstance(a, ArrayValue) or not isinstance(offsets, tuple):
        got = f"{described(a)}, {described(offsets)}"
        raise KernelError("an array and a tuple of constants", got, "prefetch(a, i, offsets).")
    kind = MEMORY[a.dtype]
    first = frame.pure(f"getelementptr {kind}, ptr {a.pointer}, i64 {as_index(frame, i)}")
    read, often, data = ("i32", "0"), ("i32", "3"), ("i32", "1")
    for offset in offsets:
        place = frame.pure(f"getelementptr {kind}, ptr {first}, i64 {offset}")
        frame.call("void", "llvm.prefetch.p0", ("ptr", place), read, often, data)
