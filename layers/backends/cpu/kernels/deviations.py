"""Sums of squared deviations from a mean, and of products with them, in a vector of independent partial sums."""

from typing import Any

import numpy as np

from network3.layers.backends.cpu.compiler.arithmetic import as_index
from network3.layers.backends.cpu.compiler.constants import require_dtype
from network3.layers.backends.cpu.compiler.frame import Frame
from network3.layers.backends.cpu.compiler.operations import operation
from network3.layers.backends.cpu.compiler.types import MEMORY, itemsize

from .wide_sum import WideSum


class DeviationSum(WideSum):
    """Sums of float64 of terms with x[i + k] - mean, which is computed in the type of x; see `WideSum`."""

    def __init__(self, source: str, lanes: int):
        super().__init__(source, "float64", lanes, False)

    def _deviations(self, x: np.ndarray, i: int, mean: np.floating) -> np.ndarray:
        if not 0 <= i <= x.size - self.lanes:
            raise IndexError(f"{self.lanes} elements from {i} on of an array of {x.size}")
        return (x[i : i + self.lanes] - mean).astype(self.dtype)

    @operation
    def add_squares(self, sums: np.ndarray, x: np.ndarray, i: int, mean: np.floating) -> None:
        """Add to the k-th sum the square of x[i + k] - mean."""
        sums += self._deviations(x, i, mean) ** 2

    @add_squares.emitter
    def _emit_add_squares(self, frame: Frame, sums: Any, x: Any, i: Any, mean: Any) -> None:
        deviations = self._emit_deviations(frame, x, i, mean)
        self._emit_product(frame, sums, deviations, deviations)

    @operation
    def add_products(self, sums: np.ndarray, x: np.ndarray, i: int, mean: np.floating, g: np.ndarray, j: int) -> None:
        """Add to the k-th sum g[j + k] times x[i + k] - mean."""
        sums += self._deviations(x, i, mean) * g[j : j + self.lanes].astype(self.dtype)

    @add_products.emitter
    def _emit_add_products(self, frame: Frame, sums: Any, x: Any, i: Any, mean: Any, g: Any, j: Any) -> None:
        factors = self._widened(frame, self._loaded(frame, g, j))
        self._emit_product(frame, sums, self._emit_deviations(frame, x, i, mean), factors)

    def _loaded(self, frame: Frame, x: Any, i: Any) -> str:
        address = frame.address(x, as_index(frame, i), self.lanes)
        return frame.value(f"load {self._narrow}, ptr {address}, align {itemsize(self.source)}")

    def _widened(self, frame: Frame, numbers: str) -> str:
        if self.source == self.dtype:
            return numbers
        return frame.value(f"fpext {self._narrow} {numbers} to {self._vector}")

    def _emit_deviations(self, frame: Frame, x: Any, i: Any, mean: Any) -> str:
        number = require_dtype(mean, self.source, "the sums").llvm
        first = frame.pure(f"insertelement {self._narrow} poison, {MEMORY[self.source]} {number}, i32 0")
        mask = f"<{self.lanes} x i32> zeroinitializer"
        means = frame.pure(f"shufflevector {self._narrow} {first}, {self._narrow} poison, {mask}")
        return self._widened(frame, frame.value(f"fsub {self._narrow} {self._loaded(frame, x, i)}, {means}"))

    def _emit_product(self, frame: Frame, sums: Any, x: str, y: str) -> None:
        product = frame.value(f"fmul contract {self._vector} {x}, {y}")
        frame.set(sums.slot, frame.value(f"fadd contract {self._vector} {frame.get(sums.slot)}, {product}"))
