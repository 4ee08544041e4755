"""The maximum of some vectors, where values that differ by no more than their rounding errors are equal."""

from typing import Any

import numpy as np

from network3.layers.backends.cpu.compiler import operation
from network3.layers.backends.cpu.compiler.arithmetic import as_index
from network3.layers.backends.cpu.compiler.constants import describe
from network3.layers.backends.cpu.compiler.errors import KernelError
from network3.layers.backends.cpu.compiler.frame import Frame
from network3.layers.backends.cpu.compiler.types import MEMORY, ArrayValue, itemsize


class RoundedMaxima:
    """The operation on vectors at `offsets` from an index.

    Parameters
    ----------
    dtype : "float32" or "float64"
    lanes : int
        Elements of a vector.
    offsets : tuple of int
        At most 32.
    error : float
        Rounding errors are at most this share of the sum of the absolute values of the terms of a value.
    """

    def __init__(self, dtype: str, lanes: int, offsets: tuple[int, ...], error: float):
        self.dtype, self.lanes, self.offsets = dtype, lanes, offsets
        self.error = np.dtype(dtype).type(error)
        self._vector = f"<{lanes} x {MEMORY[dtype]}>"

    @operation
    def find(self, out: np.ndarray, bits: np.ndarray, i: int, source: np.ndarray, j: int, terms: int) -> None:
        """Store the elementwise maximum of the vectors at source[j + offset] at out[i]; NaN propagates.

        Bit k of bits[i + m], int32, is set if element m of vector k equals the maximum, up to `error` times
        source[terms + m].
        """
        values = [source[j + offset : j + offset + self.lanes] for offset in self.offsets]
        best = values[0]
        for value in values[1:]:
            best = np.where((value > best) | np.isnan(value), value, best)
        least = best - source[terms : terms + self.lanes] * self.error
        out[i : i + self.lanes] = best
        bits[i : i + self.lanes] = sum((value >= least).astype(np.int32) << k for k, value in enumerate(values))

    @find.emitter
    def _emit_find(self, frame: Frame, out: Any, bits: Any, i: Any, source: Any, j: Any, terms: Any) -> None:
        for array, dtype in ((out, self.dtype), (source, self.dtype), (bits, "int32")):
            if not isinstance(array, ArrayValue) or array.dtype != dtype:
                raise KernelError(f"an array of {dtype}", describe(array), "Pass arrays of the maxima's types.")
        vector, align, lanes = self._vector, f"align {itemsize(self.dtype)}", self.lanes
        places = frame.addresses(source, as_index(frame, j), self.offsets, lanes)
        values = [frame.value(f"load {vector}, ptr {place}, {align}") for place in places]
        best = values[0]
        for value in values[1:]:
            nan = frame.value(f"fcmp uno {vector} {value}, {value}")
            larger = frame.value(f"fcmp ogt {vector} {value}, {best}")
            replaces = frame.value(f"or <{lanes} x i1> {larger}, {nan}")
            best = frame.value(f"select <{lanes} x i1> {replaces}, {vector} {value}, {vector} {best}")
        size = frame.value(f"load {vector}, ptr {frame.address(source, as_index(frame, terms), lanes)}, {align}")
        least = frame.value(f"fsub {vector} {best}, {frame.value(f'fmul {vector} {size}, {self._constant()}')}")
        won, integers = "zeroinitializer", f"<{lanes} x i32>"
        for k, value in enumerate(values):
            same = frame.value(f"fcmp oge {vector} {value}, {least}")
            bit = f"{integers} <{', '.join([f'i32 {1 << k}'] * lanes)}>"
            has = frame.value(f"select <{lanes} x i1> {same}, {bit}, {integers} zeroinitializer")
            won = frame.value(f"or {integers} {won}, {has}")
        index = as_index(frame, i)
        frame.do(f"store {vector} {best}, ptr {frame.address(out, index, lanes)}, {align}")
        frame.do(f"store {integers} {won}, ptr {frame.address(bits, index, lanes)}, align {itemsize('int32')}")

    def _constant(self) -> str:
        """Return a vector of `error`."""
        number = int(np.array(self.error, "f8").view("u8"))
        return f"<{', '.join([f'{MEMORY[self.dtype]} 0x{number:016X}'] * self.lanes)}>"
