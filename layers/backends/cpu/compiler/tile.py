"""Tiles: blocks of sums in the processor's registers.

Simple loops are converted to loops over vectors, see `vector_loop`, but that keeps no block of sums in registers. A
tile is `rows` x `columns` vectors, all the sums in progress in a kernel; each operation on it is fully unrolled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arithmetic import as_index, binary
from .constants import describe, require_dtype
from .errors import KernelError
from .frame import Frame
from .operations import operation
from .types import FLOATS, MEMORY, ArrayValue, RunTime, itemsize
from .writer import Slot


@dataclass(slots=True, eq=False)
class TileValue(RunTime):
    """A tile at run time: one variable per vector, in row-major order."""

    slots: list[Slot]
    rows: int


class Tile:
    """The operations on tiles of one kind; they change tiles in place.

    Parameters
    ----------
    dtype : "float32" or "float64"
    lanes : int
        Elements of a vector.
    left, right : tuple of int
        Offsets of the factors of each row, and of each column, from the index that `accumulate` is given.
    broadcast : bool, default True
        Whether a row's factor is a scalar that is broadcast, or a vector.
    onto : tuple of int, optional
        Offsets of the columns of a row in the array to which the tile is stored; default `right`.
    """

    def __init__(
        self,
        dtype: str,
        lanes: int,
        left: tuple[int, ...],
        right: tuple[int, ...],
        *,
        broadcast: bool = True,
        onto: tuple[int, ...] | None = None,
    ):
        self.dtype, self.lanes, self.left, self.right, self.broadcast = (
            dtype,
            lanes,
            tuple(left),
            tuple(right),
            broadcast,
        )
        self.onto = self.right if onto is None else tuple(onto)
        self.rows, self.columns = len(self.left), len(self.right)
        if dtype not in FLOATS or lanes < 1 or not self.left or not self.right or len(self.onto) != self.columns:
            got = f"{dtype}, {lanes} lanes, {self.rows} rows, {self.columns} columns onto {len(self.onto)} offsets"
            raise ValueError(
                f"Tile: expected float32 or float64, a lane, a row and a column or more; got {got}. Check it."
            )
        self._number, self._align = MEMORY[dtype], itemsize(dtype)
        self._vector = f"<{lanes} x {self._number}>"

    # --- loads and stores of compiled code

    def _addresses(self, frame: Frame, array: Any, index: Any, offsets: Sequence[int], lanes: int = 0) -> list[str]:
        """Return the addresses of the vectors, or of `lanes` elements, from array[index + offset] on."""
        if not isinstance(array, ArrayValue) or array.dtype != self.dtype:
            got = array.dtype if isinstance(array, ArrayValue) else describe(array)
            raise KernelError(f"an array of {self.dtype}, as the tile", got, "Use a tile of the array's type.")
        return frame.addresses(array, as_index(frame, index), offsets, lanes or self.lanes)

    def _rows_of(self, frame: Frame, tile: TileValue, array: Any, i: Any, stride: Any) -> list[str]:
        """Return the address of each vector of a tile in a row-major array."""
        addresses = []
        for r in range(tile.rows):
            row = binary(frame, "Add", i, binary(frame, "Mult", stride, r))
            addresses += self._addresses(frame, array, row, self.onto)
        return addresses

    def _checked(self, tile: Any, rows: int | None = None) -> TileValue:
        """Return `tile` if it is of this kind and, if `rows` is given, has that many rows."""
        if not isinstance(tile, TileValue):
            raise KernelError("a tile", describe(tile), "Make it with zero() or load().")
        same = tile.slots[0].kind == self._vector and len(tile.slots) == tile.rows * self.columns
        if not same or (rows is not None and tile.rows != rows):
            expected = f"a tile of {rows or 'some'} x {self.columns} vectors {self._vector}"
            got = f"{tile.rows} x {len(tile.slots) // tile.rows} vectors {tile.slots[0].kind}"
            raise KernelError(expected, got, "Use the tile's own operations.")
        return tile

    def _load(self, frame: Frame, address: str) -> str:
        return frame.value(f"load {self._vector}, ptr {address}, align {self._align}")

    def _store(self, frame: Frame, value: str, address: str) -> None:
        frame.do(f"store {self._vector} {value}, ptr {address}, align {self._align}")

    def _broadcast(self, frame: Frame, number: str) -> str:
        """Return a scalar broadcast to a vector."""
        first = frame.pure(f"insertelement {self._vector} poison, {self._number} {number}, i32 0")
        mask = f"<{self.lanes} x i32> zeroinitializer"
        return frame.pure(f"shufflevector {self._vector} {first}, {self._vector} poison, {mask}")

    def _broadcasts(self, frame: Frame, array: Any, index: Any, offsets: Sequence[int]) -> list[str]:
        """Return each array[index + offset], broadcast to a vector."""
        addresses = self._addresses(frame, array, index, offsets, 1)
        return [self._broadcast(frame, frame.read(address, self.dtype).llvm) for address in addresses]

    def _vectors(self, frame: Frame, array: Any, index: Any, offsets: Sequence[int]) -> list[str]:
        return [self._load(frame, address) for address in self._addresses(frame, array, index, offsets)]

    def _multiply_add(self, frame: Frame, total: str, factor: str, value: str) -> str:
        # Fused multiply-add if the processor supports it: faster, and more accurate.
        product = frame.value(f"fmul contract {self._vector} {factor}, {value}")
        return frame.value(f"fadd contract {self._vector} {total}, {product}")

    def _plus(self, frame: Frame, x: str, y: str) -> str:
        return frame.value(f"fadd {self._vector} {x}, {y}")

    def _new(self, frame: Frame, values: list[str], rows: int) -> TileValue:
        tile = TileValue([frame.slot(self._vector) for _ in values], rows)
        for slot, value in zip(tile.slots, values, strict=True):
            frame.set(slot, value)
        return tile

    # --- the operations

    @operation
    def zero(self) -> np.ndarray:
        """Return a tile of zeros."""
        return np.zeros((self.rows, self.columns, self.lanes), self.dtype)

    @zero.emitter
    def _emit_zero(self, frame: Frame) -> TileValue:
        return self._new(frame, ["zeroinitializer"] * (self.rows * self.columns), self.rows)

    @operation
    def accumulate(self, tile: np.ndarray, a: np.ndarray, i: int, b: np.ndarray, j: int) -> None:
        """Add to vector (r, c) the product of a[i + left[r]] and the vector at b[j + right[c]]."""
        for r, left in enumerate(self.left):
            factor = a[i + left] if self.broadcast else _vector(a, i + left, self.lanes)
            for c, right in enumerate(self.right):
                tile[r, c] += factor * _vector(b, j + right, self.lanes)

    @accumulate.emitter
    def _emit_accumulate(self, frame: Frame, tile: Any, a: Any, i: Any, b: Any, j: Any) -> None:
        slots = self._checked(tile, self.rows).slots
        vectors = self._vectors(frame, b, j, self.right)
        factors = (self._broadcasts if self.broadcast else self._vectors)(frame, a, i, self.left)
        for k, slot in enumerate(slots):
            r, c = divmod(k, self.columns)
            frame.set(slot, self._multiply_add(frame, frame.get(slot), factors[r], vectors[c]))

    @operation
    def add(self, tile: np.ndarray, other: np.ndarray) -> None:
        """Add another tile."""
        assert tile.shape == other.shape, f"a tile of {tile.shape} plus one of {other.shape}"
        tile += other

    @add.emitter
    def _emit_add(self, frame: Frame, tile: Any, other: Any) -> None:
        checked = self._checked(tile)
        for slot, more in zip(checked.slots, self._checked(other, checked.rows).slots, strict=True):
            frame.set(slot, self._plus(frame, frame.get(slot), frame.get(more)))

    @operation
    def load(self, a: np.ndarray, i: int) -> np.ndarray:
        """Return a tile of one row: the vectors at a[i + right[c]]."""
        return np.stack([[_vector(a, i + right, self.lanes) for right in self.right]])

    @load.emitter
    def _emit_load(self, frame: Frame, a: Any, i: Any) -> TileValue:
        return self._new(frame, self._vectors(frame, a, i, self.right), 1)

    @operation
    def store(self, tile: np.ndarray, a: np.ndarray, i: int, stride: int) -> None:
        """Store vector (r, c) at a[i + r * stride + onto[c]]."""
        for r in range(len(tile)):
            for c, offset in enumerate(self.onto):
                _vector(a, i + r * stride + offset, self.lanes)[:] = tile[r, c]

    @store.emitter
    def _emit_store(self, frame: Frame, tile: Any, a: Any, i: Any, stride: Any) -> None:
        checked = self._checked(tile)
        for slot, address in zip(checked.slots, self._rows_of(frame, checked, a, i, stride), strict=True):
            self._store(frame, frame.get(slot), address)

    @operation
    def blend(self, tile: np.ndarray, a: np.ndarray, i: int, stride: int, old: float, new: float) -> None:
        """Store at a[i + r * stride + onto[c]] `old` times the previous vector there plus `new` times vector (r, c).

        Vectors may overlap: for each, the previous vector is the one before the operation.
        """
        indices = [i + r * stride + offset for r in range(len(tile)) for offset in self.onto]
        before = [_vector(a, index, self.lanes).copy() for index in indices]
        for index, there, vector in zip(indices, before, tile.reshape(-1, self.lanes), strict=True):
            _vector(a, index, self.lanes)[:] = old * there + new * vector

    @blend.emitter
    def _emit_blend(self, frame: Frame, tile: Any, a: Any, i: Any, stride: Any, old: Any, new: Any) -> None:
        checked = self._checked(tile)
        kept, gained = (self._broadcast(frame, require_dtype(n, self.dtype, "the tile").llvm) for n in (old, new))
        addresses = self._rows_of(frame, checked, a, i, stride)
        # All are read before any is written, since two vectors may overlap.
        values = [frame.value(f"fmul {self._vector} {self._load(frame, address)}, {kept}") for address in addresses]
        for slot, address, value in zip(checked.slots, addresses, values, strict=True):
            self._store(frame, self._multiply_add(frame, value, frame.get(slot), gained), address)

    @operation
    def add_to(self, tile: np.ndarray, a: np.ndarray, i: int) -> None:
        """Add the k-th vector to the one at a[i + k * lanes]."""
        for k, vector in enumerate(tile.reshape(-1, self.lanes)):
            _vector(a, i + k * self.lanes, self.lanes)[:] += vector

    @add_to.emitter
    def _emit_add_to(self, frame: Frame, tile: Any, a: Any, i: Any) -> None:
        slots = self._checked(tile).slots
        addresses = self._addresses(frame, a, i, range(0, len(slots) * self.lanes, self.lanes))
        for slot, address in zip(slots, addresses, strict=True):
            self._store(frame, self._plus(frame, self._load(frame, address), frame.get(slot)), address)

    @operation
    def scatter(self, tile: np.ndarray, a: np.ndarray, i: int, b: np.ndarray, j: int) -> None:
        """Add a[i] times vector c of the one row to the vector at b[j + right[c]]."""
        for c, right in enumerate(self.right):
            _vector(b, j + right, self.lanes)[:] += a[i] * tile[0, c]

    @scatter.emitter
    def _emit_scatter(self, frame: Frame, tile: Any, a: Any, i: Any, b: Any, j: Any) -> None:
        slots = self._checked(tile, 1).slots
        (factor,) = self._broadcasts(frame, a, i, (0,))
        for slot, address in zip(slots, self._addresses(frame, b, j, self.right), strict=True):
            there = self._load(frame, address)
            self._store(frame, self._multiply_add(frame, there, factor, frame.get(slot)), address)

    @operation
    def largest(self, tile: np.ndarray, out: np.ndarray, bits: np.ndarray, i: int, stride: int) -> None:
        """Store the elementwise maximum of row r at out[i + r * stride]; NaN propagates.

        The columns that attain it are bits 1 << c at the same index of `bits`, int32.
        """
        for r in range(self.rows):
            best = tile[r, 0].copy()
            for c in range(1, self.columns):
                value = tile[r, c]
                best = np.where((value > best) | np.isnan(value), value, best)
            won = sum((tile[r, c] == best).astype(np.int32) << c for c in range(self.columns))
            _vector(out, i + r * stride, self.lanes)[:] = best
            _vector(bits, i + r * stride, self.lanes)[:] = won

    @largest.emitter
    def _emit_largest(self, frame: Frame, tile: Any, out: Any, bits: Any, i: Any, stride: Any) -> None:
        checked = self._checked(tile, self.rows)
        if not isinstance(bits, ArrayValue) or bits.dtype != "int32" or self.columns > 32:
            got = f"{getattr(bits, 'dtype', describe(bits))} for {self.columns} columns"
            raise KernelError("an array of int32 for up to 32 columns", got, "Pass an array of int32.")
        for r in range(self.rows):
            values = [frame.get(slot) for slot in checked.slots[r * self.columns : (r + 1) * self.columns]]
            here = binary(frame, "Add", i, binary(frame, "Mult", stride, r))
            best, won = self._largest_of(frame, values)
            self._store(frame, best, self._addresses(frame, out, here, (0,))[0])
            address = frame.address(bits, as_index(frame, here), self.lanes)
            frame.do(f"store <{self.lanes} x i32> {won}, ptr {address}, align {itemsize('int32')}")

    def _largest_of(self, frame: Frame, values: list[str]) -> tuple[str, str]:
        """Return the elementwise maximum of some vectors, and a bit for each vector that attains it."""
        vector, flags, integers = self._vector, f"<{self.lanes} x i1>", f"<{self.lanes} x i32>"
        best, won = values[0], "zeroinitializer"
        for value in values[1:]:
            nan = frame.value(f"fcmp uno {vector} {value}, {value}")
            larger = frame.value(f"fcmp ogt {vector} {value}, {best}")
            replaces = frame.value(f"or {flags} {larger}, {nan}")
            best = frame.value(f"select {flags} {replaces}, {vector} {value}, {vector} {best}")
        for c, value in enumerate(values):
            same = frame.value(f"fcmp oeq {vector} {value}, {best}")
            bit = f"{integers} <{', '.join([f'i32 {1 << c}'] * self.lanes)}>"
            has = frame.value(f"select {flags} {same}, {bit}, {integers} zeroinitializer")
            won = frame.value(f"or {integers} {won}, {has}")
        return best, won


def _vector(array: np.ndarray, index: int, lanes: int) -> np.ndarray:
    """Return a view of `lanes` elements of an array, all of which must exist."""
    if not 0 <= index <= array.size - lanes:
        raise IndexError(f"{lanes} elements from {index} on of an array of {array.size}")
    return array[index : index + lanes]
