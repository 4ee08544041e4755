"""Transposition of square blocks in registers: a vector's elements become elements of different vectors."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from network3.layers.backends.cpu.compiler import operation
from network3.layers.backends.cpu.compiler.arithmetic import as_index, binary
from network3.layers.backends.cpu.compiler.constants import describe
from network3.layers.backends.cpu.compiler.errors import KernelError
from network3.layers.backends.cpu.compiler.frame import Frame
from network3.layers.backends.cpu.compiler.types import MEMORY, ArrayValue, itemsize


class Block:
    """The operation on blocks of `lanes` vectors of `lanes` elements.

    Parameters
    ----------
    dtype : "float32", "float64" or "int32"
    lanes : int
        A power of two.
    """

    def __init__(self, dtype: str, lanes: int):
        if lanes < 1 or lanes & (lanes - 1):
            raise ValueError(f"Block: expected a power of two; got {lanes} lanes. Use the lanes of a vector.")
        self.dtype, self.lanes = dtype, lanes
        self._vector, self._align = f"<{lanes} x {MEMORY[dtype]}>", itemsize(dtype)

    @operation
    def transpose(self, to: np.ndarray, i: int, to_stride: int, source: np.ndarray, j: int, stride: int) -> None:
        """Set to[i + c * to_stride + r] to source[j + r * stride + c], for all r and c below `lanes`."""
        lanes = self.lanes
        for k in range(lanes):
            if not (0 <= i + k * to_stride <= to.size - lanes and 0 <= j + k * stride <= source.size - lanes):
                raise IndexError(f"a block of {lanes} from {j} of {source.size} to {i} of {to.size}")
        block = np.stack([source[j + r * stride : j + r * stride + lanes] for r in range(lanes)])
        for c in range(lanes):
            to[i + c * to_stride : i + c * to_stride + lanes] = block[:, c]

    @transpose.emitter
    def _emit_transpose(self, frame: Frame, to: Any, i: Any, to_stride: Any, source: Any, j: Any, stride: Any) -> None:
        for array in (to, source):
            if not isinstance(array, ArrayValue) or array.dtype != self.dtype:
                raise KernelError(f"an array of {self.dtype}", describe(array), "Use a block of the array's type.")
        load, align = f"load {self._vector}, ptr", f"align {self._align}"
        rows = [frame.value(f"{load} {place}, {align}") for place in self._places(frame, source, j, stride)]
        step = 1
        while step < self.lanes:
            rows = self._swapped(frame, rows, step)
            step *= 2
        for row, place in zip(rows, self._places(frame, to, i, to_stride), strict=True):
            frame.do(f"store {self._vector} {row}, ptr {place}, {align}")

    def _places(self, frame: Frame, array: ArrayValue, i: Any, stride: Any) -> list[str]:
        """Return the addresses of the vectors of a block."""
        indices = [binary(frame, "Add", i, binary(frame, "Mult", stride, k)) for k in range(self.lanes)]
        return [frame.address(array, as_index(frame, index), self.lanes) for index in indices]

    def _swapped(self, frame: Frame, rows: list[str], step: int) -> list[str]:
        """Swap, in each square of 2 x 2 squares of `step` elements, the two that are off the diagonal."""
        lanes, result = range(self.lanes), list(rows)
        upper = [k - step + self.lanes if k & step else k for k in lanes]
        lower = [k + self.lanes if k & step else k + step for k in lanes]
        for r in lanes:
            if not r & step:
                pair = f"{self._vector} {rows[r]}, {self._vector} {rows[r + step]}"
                result[r], result[r + step] = (frame.pure(f"shufflevector {pair}, {_mask(m)}") for m in (upper, lower))
        return result


def _mask(indices: Sequence[int]) -> str:
    return f"<{len(indices)} x i32> <{', '.join(f'i32 {k}' for k in indices)}>"
