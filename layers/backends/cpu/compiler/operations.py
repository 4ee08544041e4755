"""Operations: functions of the kernel language that emit LLVM code themselves, with a version in plain Python."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .arithmetic import as_index
from .constants import constant_integer, describe
from .errors import KernelError
from .frame import Frame
from .types import MEMORY, ArrayValue, itemsize
from .violations import OVERLAP


class Operation:
    """A function with a plain Python version, and an emitter of its LLVM code.

    Used as a decorator of the plain version; ``@name.emitter`` marks the emitter. Its arguments are the `Frame`, then
    those of the call: values at run time, or constants. Both may be methods of one class.
    """

    def __init__(self, plain: Callable):
        self.plain = plain
        self.emit: Callable | None = None
        self.__name__, self.__doc__ = plain.__name__, plain.__doc__

    def emitter(self, emit: Callable) -> "Operation":
        """Set the function that emits the operation's code."""
        self.emit = emit
        return self

    def __call__(self, *arguments: Any) -> Any:
        return self.plain(*arguments)

    def __get__(self, owner: Any, kind: Any = None) -> "Operation":
        if owner is None:
            return self
        bound = Operation.__new__(Operation)
        bound.__name__, bound.__doc__ = self.__name__, self.__doc__
        bound.plain = partial(self.plain, owner)
        bound.emit = None if self.emit is None else _after_frame(self.emit, owner)
        return bound


def _after_frame(emit: Callable, owner: Any) -> Callable:
    def bound(frame: Frame, *arguments: Any) -> Any:
        return emit(owner, frame, *arguments)

    return bound


def operation(plain: Callable) -> Operation:
    """Mark a function as an operation; see `Operation`."""
    return Operation(plain)


class FlatArray(np.ndarray):
    """A flat array that rejects indices that compiled kernels must not use: negative ones, and bools."""

    def __getitem__(self, index: Any) -> Any:
        self._reject(index)
        return super().__getitem__(index)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._reject(index)
        super().__setitem__(index, value)

    def _reject(self, index: Any) -> None:
        if isinstance(index, bool | np.bool_) or (isinstance(index, int | np.integer) and index < 0):
            raise IndexError(f"index {index} of an array of {self.size} elements")


@operation
def scratch(count: int, dtype: str) -> np.ndarray:
    """Return a flat array of constant size in the thread's own memory; its content is undefined."""
    garbage = np.nan if np.dtype(dtype).kind == "f" else 77
    return np.full(count, garbage, dtype).view(FlatArray)


@scratch.emitter
def _emit_scratch(frame: Frame, count: Any, dtype: Any) -> ArrayValue:
    size = constant_integer(count)
    if size is None or size < 0 or dtype not in MEMORY:
        got = f"scratch({describe(count)}, {describe(dtype)})"
        raise KernelError("scratch(a constant count, a type)", got, "Both are constants.")
    return frame.new_scratch(size, dtype)


@operation
def copy(to: np.ndarray, i: int, source: np.ndarray, j: int, count: int) -> None:
    """Copy a constant number of elements from source[j] on to to[i] on; the two must not overlap."""
    if not (0 <= i <= to.size - count and 0 <= j <= source.size - count):
        raise IndexError(f"{count} elements from {j} of {source.size} to {i} of {to.size}")
    assert not np.shares_memory(to[i : i + count], source[j : j + count]), "the source and the target of a copy overlap"
    to[i : i + count] = source[j : j + count]


@copy.emitter
def _emit_copy(frame: Frame, to: Any, i: Any, source: Any, j: Any, count: Any) -> None:
    if not isinstance(to, ArrayValue) or not isinstance(source, ArrayValue):
        raise KernelError("two arrays", f"{describe(to)} and {describe(source)}", "copy(to, i, source, j, count).")
    size = constant_integer(count)
    if size is None or size < 0 or to.dtype != source.dtype:
        got = f"{describe(count)} elements of {source.dtype} to {to.dtype}"
        raise KernelError("a constant count of elements of one type", got, "Make the count a constant of the factory.")
    if to.pointer.startswith("@"):
        raise KernelError("an array of the kernel to copy to", "a table of constants", "Pass it as an Array.")
    if size == 0:
        return
    here, there = as_index(frame, i), as_index(frame, j)
    target, origin = frame.address(to, here, size), frame.address(source, there, size)
    if frame.checking and to.pointer == source.pointer:
        apart = frame.pure(f"sub i64 {here}, {there}")
        before = frame.pure(f"icmp sle i64 {apart}, {-size}")
        after = frame.pure(f"icmp sge i64 {apart}, {size}")
        frame.check(frame.pure(f"or i1 {before}, {after}"), OVERLAP, apart)
    bytes_each = itemsize(to.dtype)
    frame.module.declare("void", "llvm.memcpy.p0.p0.i64", ["ptr", "ptr", "i64", "i1"])
    pointers = f"ptr align {bytes_each} {target}, ptr align {bytes_each} {origin}"
    frame.do(f"call void @llvm.memcpy.p0.p0.i64({pointers}, i64 {size * bytes_each}, i1 false)")


@operation
def prefetch(array: np.ndarray, index: int) -> None:
    """Let the processor begin to read array[index] into its cache; the index may be outside of the array."""


@prefetch.emitter
def _emit_prefetch(frame: Frame, array: Any, index: Any) -> None:
    if not isinstance(array, ArrayValue):
        raise KernelError("an array", describe(array), "prefetch(array, index).")
    # Not `frame.address`, which checks the index, and is `inbounds`.
    address = frame.pure(f"getelementptr {MEMORY[array.dtype]}, ptr {array.pointer}, i64 {as_index(frame, index)}")
    frame.module.declare("void", "llvm.prefetch.p0", ["ptr", "i32", "i32", "i32"])
    frame.do(f"call void @llvm.prefetch.p0(ptr {address}, i32 0, i32 3, i32 1)")  # to read data, into all caches
