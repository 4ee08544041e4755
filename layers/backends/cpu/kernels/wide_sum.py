"""Sums of adjacent elements in a vector of independent partial sums, to hide the latency of additions."""

from typing import Any

import numpy as np

from network3.layers.backends.cpu.compiler import operation
from network3.layers.backends.cpu.compiler.arithmetic import as_index
from network3.layers.backends.cpu.compiler.constants import describe
from network3.layers.backends.cpu.compiler.errors import KernelError
from network3.layers.backends.cpu.compiler.frame import Frame
from network3.layers.backends.cpu.compiler.types import FLOATS, MEMORY, ArrayValue, RunTime, Value, itemsize
from network3.layers.backends.cpu.compiler.writer import Slot


class WideSum:
    """The operations on `lanes` partial sums, which are changed in place.

    Parameters
    ----------
    source : "float32" or "float64"
        Type of the elements.
    dtype : "float32" or "float64"
        Type of the sums, of at least the same precision.
    lanes : int
        A power of two.
    squared : bool
        Whether squares are summed.
    """

    def __init__(self, source: str, dtype: str, lanes: int, squared: bool):
        if source not in FLOATS or dtype not in FLOATS or itemsize(source) > itemsize(dtype) or lanes & (lanes - 1):
            expected = "float32 or float64, sums of at least this precision, and a power of two"
            got = f"{source} as {dtype}, {lanes} lanes"
            raise ValueError(f"WideSum: expected {expected}; got {got}. Check them.")
        self.source, self.dtype, self.lanes, self.squared = source, dtype, lanes, squared
        self._narrow, self._vector = (f"<{lanes} x {MEMORY[kind]}>" for kind in (source, dtype))

    @operation
    def zero(self) -> np.ndarray:
        """Return partial sums of 0."""
        return np.zeros(self.lanes, self.dtype)

    @zero.emitter
    def _emit_zero(self, frame: Frame) -> "Sums":
        sums = Sums(frame.slot(self._vector))
        frame.set(sums.slot, "zeroinitializer")
        return sums

    @operation
    def add(self, sums: np.ndarray, x: np.ndarray, i: int) -> None:
        """Add x[i + k] or its square to the k-th sum."""
        if not 0 <= i <= x.size - self.lanes:
            raise IndexError(f"{self.lanes} elements from {i} on of an array of {x.size}")
        numbers = x[i : i + self.lanes].astype(self.dtype)
        sums += numbers * numbers if self.squared else numbers

    @add.emitter
    def _emit_add(self, frame: Frame, sums: Any, x: Any, i: Any) -> None:
        if not isinstance(x, ArrayValue) or x.dtype != self.source or not isinstance(sums, Sums):
            raise KernelError(f"sums, and an array of {self.source}", describe(x), "Make the sums with zero().")
        address = frame.address(x, as_index(frame, i), self.lanes)
        numbers = frame.value(f"load {self._narrow}, ptr {address}, align {itemsize(self.source)}")
        if self.source != self.dtype:
            numbers = frame.value(f"fpext {self._narrow} {numbers} to {self._vector}")
        if self.squared:
            numbers = frame.value(f"fmul contract {self._vector} {numbers}, {numbers}")
        frame.set(sums.slot, frame.value(f"fadd contract {self._vector} {frame.get(sums.slot)}, {numbers}"))

    @operation
    def total(self, sums: np.ndarray) -> np.floating:
        """Return the total, added pairwise."""
        parts = list(sums)
        while len(parts) > 1:
            parts = [a + b for a, b in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    @total.emitter
    def _emit_total(self, frame: Frame, sums: Any) -> Value:
        if not isinstance(sums, Sums):
            raise KernelError("sums", describe(sums), "Make them with zero().")
        kind, vector = MEMORY[self.dtype], frame.get(sums.slot)
        parts = [frame.value(f"extractelement {self._vector} {vector}, i32 {k}") for k in range(self.lanes)]
        while len(parts) > 1:
            parts = [frame.value(f"fadd {kind} {a}, {b}") for a, b in zip(parts[::2], parts[1::2], strict=True)]
        return Value(parts[0], self.dtype)


class Sums(RunTime):
    """Partial sums at run time."""

    __slots__ = ("slot",)

    def __init__(self, slot: Slot):
        self.slot = slot
