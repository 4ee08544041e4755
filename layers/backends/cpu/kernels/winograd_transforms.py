"""Winograd's convolutions F(4 x 4, 3 x 3) and F(2 x 2, 5 x 5): the linear transforms of images, filters and results.

A tile of t x t values of a convolution depends on 6 x 6 pixels; t is 4 for filters of 3 x 3 taps, and 2 for 5 x 5:

    tile = A' [sum over maps of (G w G') * (B' pixels B)] A        (* elementwise, ' transposed)

36 products per map instead of 144 or 100. The matrices evaluate and interpolate polynomials at 0, -3/4, 3/4, -3/2, 3/2
and infinity; with these points, results of float32 are several times as accurate as with the usual 0, -1, 1, -2, 2.

Sources: A. Lavin and S. Gray, Fast algorithms for convolutional neural networks, CVPR 2016; B. Barabasz, A. Anderson,
K. M. Soodhalter and D. Gregg, Error analysis and improving the accuracy of Winograd convolution for deep neural
networks, ACM TOMS 46, 2020.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from network3.layers.backends.cpu.compiler import operation
from network3.layers.backends.cpu.compiler.arithmetic import as_index, binary
from network3.layers.backends.cpu.compiler.constants import describe
from network3.layers.backends.cpu.compiler.errors import KernelError
from network3.layers.backends.cpu.compiler.frame import Frame
from network3.layers.backends.cpu.compiler.types import MEMORY, ArrayValue, itemsize

POINTS = 6  # rows (or columns) of the pixels of a tile
A, B = 0.75, 1.5
_A2, _B2 = A * A, B * B
_OF_0 = 1 / (_A2 * _B2)
_OF_A, _OF_B = 1 / (2 * _A2 * (_A2 - _B2)), 1 / (2 * _B2 * (_B2 - _A2))


def tile_of(taps: int) -> int:
    """Return the rows of a tile, for filters of 3 or 5 rows of taps."""
    return POINTS + 1 - taps


def of_pixels(d: Sequence[Any]) -> list[Any]:
    """Return B' d, for six numbers or vectors."""
    even_a, odd_a = d[4] - d[2] * _B2, d[3] - d[1] * _B2
    even_b, odd_b = d[4] - d[2] * _A2, d[3] - d[1] * _A2
    return [
        d[4] - d[2] * (_A2 + _B2) + d[0] * (_A2 * _B2),
        even_a - odd_a * A,
        even_a + odd_a * A,
        even_b - odd_b * B,
        even_b + odd_b * B,
        d[5] - d[3] * (_A2 + _B2) + d[1] * (_A2 * _B2),
    ]


def of_taps(w: Sequence[Any]) -> list[Any]:
    """Return G w, for a row of taps that are numbers or vectors."""
    (even_a, odd_a), (even_b, odd_b) = _parts(w, A, _OF_A), _parts(w, B, _OF_B)
    return [w[0] * _OF_0, even_a - odd_a, even_a + odd_a, even_b - odd_b, even_b + odd_b, w[-1]]


def of_gradients(y: Sequence[Any]) -> list[Any]:
    """Return A y, for a row of a tile: the transposed transform of `of_sums`."""
    (even_a, odd_a), (even_b, odd_b) = _parts(y, A), _parts(y, B)
    return [y[0], even_a - odd_a, even_a + odd_a, even_b - odd_b, even_b + odd_b, y[-1]]


def of_sums(tile: int) -> Callable[[Sequence[Any]], list[Any]]:
    """Return the function A' m, for six numbers or vectors; its result is a row of `tile` of them."""

    def of(m: Sequence[Any]) -> list[Any]:
        sum_a, difference_a = m[1] + m[2], m[2] - m[1]
        sum_b, difference_b = m[3] + m[4], m[4] - m[3]
        terms_a, terms_b = (sum_a, difference_a), (sum_b, difference_b)
        row = [terms_a[k % 2] * A**k + terms_b[k % 2] * B**k for k in range(1, tile)]
        return [m[0] + sum_a + sum_b, *row[:-1], m[5] + row[-1]]

    return of


def of_products(taps: int) -> Callable[[Sequence[Any]], list[Any]]:
    """Return the function G' u, the transposed transform of `of_taps`; its result is a row of `taps`."""
    of = of_sums(taps)

    def scaled(u: Sequence[Any]) -> list[Any]:
        return of([u[0] * _OF_0, u[1] * _OF_A, u[2] * _OF_A, u[3] * _OF_B, u[4] * _OF_B, u[5]])

    return scaled


def _parts(row: Sequence[Any], point: float, factor: float = 1.0) -> tuple[Any, Any]:
    """Return the terms of even and of odd powers of the polynomial with these coefficients, times `factor`."""
    factors = [point**k * factor for k in range(len(row))]
    terms = [value if by == 1 else value * by for value, by in zip(row, factors, strict=True)]
    return reduce(add, terms[::2]), reduce(add, terms[1::2])


class Transform:
    """A transform of both axes of a square of vectors.

    Parameters
    ----------
    of : callable
        The transform of one axis: a function of this module such as `of_pixels`, or returned by one such as `of_sums`.
    size : int
        The rows and columns that it takes.
    dtype : "float32" or "float64"
    lanes : int
        Elements of a vector.
    """

    def __init__(self, of: Callable[[Sequence[Any]], list[Any]], size: int, dtype: str, lanes: int):
        self.of, self.size, self.dtype, self.lanes = of, size, dtype, lanes
        self.out = len(of([0.0] * size))

    def both(self, square: list[Any]) -> list[Any]:
        """Return the transform of a square, in row-major order."""
        columns = [self.of(square[c :: self.size]) for c in range(self.size)]
        return [value for r in range(self.out) for value in self.of([column[r] for column in columns])]

    @operation
    def apply(
        self, to: np.ndarray, i: int, down: int, right: int, source: np.ndarray, j: int, rows: int, columns: int
    ) -> None:
        """Set the vector at to[i + r * down + c * right] for each r and c, from source[j + r * rows + c * columns]."""
        square = self._square(source, j, rows, columns)
        for k, vector in enumerate(self.both(square)):
            _vector(to, i + k // self.out * down + k % self.out * right, self.lanes)[:] = vector

    @apply.emitter
    def _emit_apply(self, frame: Frame, *arguments: Any) -> None:
        self._transform(frame, *arguments)

    @operation
    def apply_and_measure(
        self, to: np.ndarray, i: int, down: int, right: int, source: np.ndarray, j: int, rows: int, columns: int, m: int
    ) -> None:
        """Do as `apply`, and set the vector at to[m] to the sum of the absolute values that are read."""
        square = self._square(source, j, rows, columns)
        magnitudes = [_sum([abs(value) for value in square[c :: self.size]]) for c in range(self.size)]
        self.apply(to, i, down, right, source, j, rows, columns)
        _vector(to, m, self.lanes)[:] = _sum(magnitudes)

    @apply_and_measure.emitter
    def _emit_apply_and_measure(self, frame: Frame, to: Any, *arguments: Any) -> None:
        *others, m = arguments
        magnitudes: list[_Vector] = []
        self._transform(frame, to, *others, magnitudes=magnitudes)
        address = frame.address(to, as_index(frame, m), self.lanes)
        frame.do(f"store {self._kind(to)} {_sum(magnitudes).name}, ptr {address}, align {itemsize(self.dtype)}")

    def _transform(
        self, frame: Frame, to: Any, i: Any, down: Any, right: Any, source: Any, j: Any, rows: Any, columns: Any,
        magnitudes: "list[_Vector] | None" = None,
    ) -> None:  # fmt: skip
        """Emit `apply`; append the sum of the absolute values of each column to `magnitudes`."""
        kind = self._kind(to, source)
        places = self._places(frame, source, j, rows, columns, self.size)
        targets = self._places(frame, to, i, down, right, self.out)
        for group in self._groups():
            square = [_loaded(frame, kind, place, self.dtype) for place in places]
            rows_of: list[list[_Vector]] = [[] for _ in range(self.out)]
            for c in range(self.size):
                column = self.of(square[c :: self.size])
                for r in group:
                    rows_of[r].append(column[r].computed())
                if magnitudes is not None:
                    absolute = [self._absolute(value) for value in square[c :: self.size]]
                    magnitudes.append(_sum(absolute).computed())
            for r in group:
                for value, place in zip(self.of(rows_of[r]), targets[r * self.out :], strict=False):
                    frame.do(f"store {kind} {value.name}, ptr {place}, align {itemsize(self.dtype)}")

    def _groups(self) -> tuple[tuple[int, ...], ...]:
        """Return the rows of results that are computed together, from values that are loaded for each group.

        Two rows share most of their terms. All values between the transforms of both axes would not fit into registers,
        and storing them takes longer than loading values again.
        """
        if self.out < POINTS:
            return (tuple(range(self.out)),)
        return (1, 2), (3, 4), (0,), (5,)

    def _square(self, source: np.ndarray, j: int, rows: int, columns: int) -> list[Any]:
        indices = [j + r * rows + c * columns for r in range(self.size) for c in range(self.size)]
        return [_vector(source, index, self.lanes).copy() for index in indices]

    def _absolute(self, vector: "_Vector") -> "_Vector":
        frame, kind, function = vector.frame, vector.kind, f"llvm.fabs.v{self.lanes}f{8 * itemsize(self.dtype)}"
        return _Vector(frame, kind, lambda: frame.call(kind, function, (kind, vector.name), pure=True))

    def _kind(self, *arrays: Any) -> str:
        """Return the type of a vector; raise an error unless all arrays are of its elements' type."""
        for array in arrays:
            if not isinstance(array, ArrayValue) or array.dtype != self.dtype:
                raise KernelError(f"an array of {self.dtype}", describe(array), "Use a transform of the array's type.")
        return f"<{self.lanes} x {MEMORY[self.dtype]}>"

    def _places(self, frame: Frame, array: ArrayValue, i: Any, down: Any, right: Any, size: int) -> list[str]:
        """Return the addresses of the vectors of a square."""
        indices = []
        for r in range(size):
            row = binary(frame, "Add", i, binary(frame, "Mult", down, r))
            indices += [binary(frame, "Add", row, binary(frame, "Mult", right, c)) for c in range(size)]
        return [frame.address(array, as_index(frame, index), self.lanes) for index in indices]


class _Vector:
    """A vector in a function that is being built; sums of products are rounded once where the processor can.

    Its lines are added when `name` is first needed, so that values are computed shortly before they are used.
    """

    def __init__(self, frame: Frame, kind: str, compute: Callable[[], str]):
        self.frame, self.kind, self._compute, self._name = frame, kind, compute, ""

    @property
    def name(self) -> str:
        """The name of the value."""
        self._name = self._name or self._compute()
        return self._name

    def computed(self) -> "_Vector":
        """Return the vector, with the lines that compute it added."""
        self._name = self.name
        return self

    def _value(self, line: Callable[[], str]) -> "_Vector":
        return _Vector(self.frame, self.kind, lambda: self.frame.pure(line()))

    def __add__(self, other: "_Vector") -> "_Vector":
        return self._value(lambda: f"fadd contract {self.kind} {self.name}, {other.name}")

    def __sub__(self, other: "_Vector") -> "_Vector":
        return self._value(lambda: f"fsub contract {self.kind} {self.name}, {other.name}")

    def __mul__(self, factor: float) -> "_Vector":
        lanes, number = self.kind[1:-1].split(" x ")
        bits = np.array(np.dtype({"float": "f4", "double": "f8"}[number]).type(factor), "f8").view("u8")
        constant = f"<{', '.join([f'{number} 0x{int(bits):016X}'] * int(lanes))}>"
        return self._value(lambda: f"fmul contract {self.kind} {self.name}, {constant}")


def _loaded(frame: Frame, kind: str, place: str, dtype: str) -> _Vector:
    """Return the vector at an address."""
    return _Vector(frame, kind, lambda: frame.value(f"load {kind}, ptr {place}, align {itemsize(dtype)}"))


def _sum(values: list[Any]) -> Any:
    """Return the sum of some numbers or vectors, pair by pair."""
    while len(values) > 1:
        values = [sum(values[k + 1 : k + 2], values[k]) for k in range(0, len(values), 2)]
    return values[0]


def _vector(array: np.ndarray, index: int, lanes: int) -> np.ndarray:
    """Return a view of `lanes` elements of an array, all of which must exist."""
    if not 0 <= index <= array.size - lanes:
        raise IndexError(f"{lanes} elements from {index} on of an array of {array.size}")
    return array[index : index + lanes]
