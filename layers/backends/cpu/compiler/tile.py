"""Tiles: blocks of sums in the processor's registers.

Simple loops become loops over vectors, see `vector_loop`, but nothing keeps a block of sums in registers. A tile is
`rows` x `columns` vectors of numbers, all sums that a kernel has under way; each operation on it is written out whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arithmetic import as_index, binary
from .constants import described, of_type
from .errors import KernelError
from .frame import Frame
from .operations import operation
from .types import FLOATS, MEMORY, ArrayValue, RunTime, itemsize
from .writer import Slot


@dataclass(slots=True, eq=False)
class TileValue(RunTime):
    """A tile at run time: a variable for each vector, row by row."""

    slots: list[Slot]
    rows: int


class Tile:
    """The operations on tiles of one kind; a tile is changed in place.

    Parameters
    ----------
    dtype : "float32" or "float64"
    lanes : int
        Numbers of a vector.
    left, right : tuple of int
        Where the factors of a row, and of a column, lie from the place on that `accumulate` is given.
    spread : bool, default True
        Whether a row's factor is one number for the whole vector, or a vector itself.
    onto : tuple of int, optional
        Where the columns of a row lie in the array that the tile is stored to; default `right`.
    """

    def __init__(
        self,
        dtype: str,
        lanes: int,
        left: tuple[int, ...],
        right: tuple[int, ...],
        *,
        spread: bool = True,
        onto: tuple[int, ...] | None = None,
    ):
        self.dtype, self.lanes, self.left, self.right, self.spread = dtype, lanes, tuple(left), tuple(right), spread
        self.onto = self.right if onto is None else tuple(onto)
        self.rows, self.columns = len(self.left), len(self.right)
        if dtype not in FLOATS or lanes < 1 or not self.left or not self.right or len(self.onto) != self.columns:
            got = f"{dtype}, {lanes} lanes, {self.rows} rows, {self.columns} columns onto {len(self.onto)} places"
            raise ValueError(
                f"Tile: expected float32 or float64, a lane, a row and a column or more; got {got}. Check it."
            )
        self._number, self._align = MEMORY[dtype], itemsize(dtype)
        self._vector = f"<{lanes} x {self._number}>"

    # --- what compiled code reads and writes

    def _places(self, frame: Frame, array: Any, index: Any, offsets: Sequence[int], lanes: int = 0) -> list[str]:
        """Return the addresses of the vectors, or of `lanes` numbers, from array[index + offset] on."""
        if not isinstance(array, ArrayValue) or array.dtype != self.dtype:
            got = array.dtype if isinstance(array, ArrayValue) else described(array)
            raise KernelError(f"an array of {self.dtype}, as the tile", got, "Use a tile of the array's type.")
        return frame.places(array, as_index(frame, index), offsets, lanes or self.lanes)

    def _rows_of(self, frame: Frame, tile: TileValue, array: Any, i: Any, stride: Any) -> list[str]:
        """Return the address of each vector of a tile in an array by rows."""
        places = []
        for r in range(tile.rows):
            row = binary(frame, "Add", i, binary(frame, "Mult", stride, r))
            places += self._places(frame, array, row, self.onto)
        return places

    def _mine(self, tile: Any, rows: int | None = None) -> TileValue:
        """Return `tile` if it is one of this kind, of `rows` rows if so many are expected."""
        if not isinstance(tile, TileValue):
            raise KernelError("a tile", described(tile), "Make it with zero() or load().")
        same = tile.slots[0].kind == self._vector and len(tile.slots) == tile.rows * self.columns
        if not same or (rows is not None and tile.rows != rows):
            expected = f"a tile of {rows or 'some'} x {self.columns} vectors {self._vector}"
            got = f"{tile.rows} x {len(tile.slots) // tile.rows} vectors {tile.slots[0].kind}"
            raise KernelError(expected, got, "Use the tile's own operations.")
        return tile

    def _load(self, frame: Frame, place: str) -> str:
        return frame.value(f"load {self._vector}, ptr {place}, align {self._align}")

    def _store(self, frame: Frame, value: str, place: str) -> None:
        frame.do(f"store {self._vector} {value}, ptr {place}, align {self._align}")

    def _spread(self, frame: Frame, number: str) -> str:
        """Return a number spread over a vector."""
        first = frame.pure(f"insertelement {self._vector} poison, {self._number} {number}, i32 0")
        mask = f"<{self.lanes} x i32> zeroinitializer"
        return frame.pure(f"shufflevector {self._vector} {first}, {self._vector} poison, {mask}")

    def _numbers(self, frame: Frame, array: Any, index: Any, offsets: Sequence[int]) -> list[str]:
        """Return each array[index + offset], spread over a vector."""
        places = self._places(frame, array, index, offsets, 1)
        return [self._spread(frame, frame.read(place, self.dtype).llvm) for place in places]

    def _vectors(self, frame: Frame, array: Any, index: Any, offsets: Sequence[int]) -> list[str]:
        return [self._load(frame, place) for place in self._places(frame, array, index, offsets)]

    def _multiplied_added(self, frame: Frame, total: str, factor: str, value: str) -> str:
        # A product goes into its sum unrounded, where the processor can: faster, and more exact.
        product = frame.value(f"fmul contract {self._vector} {factor}, {value}")
        return frame.value(f"fadd contract {self._vector} {total}, {product}")

    def _added(self, frame: Frame, x: str, y: str) -> str:
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
    def accumulate(self, tile, a, i, b, j) -> None:
        """Add to vector (r, c) the product of a[i + left[r]] and the vector at b[j + right[c]]."""
        for r, left in enumerate(self.left):
            factor = a[i + left] if self.spread else _vector(a, i + left, self.lanes)
            for c, right in enumerate(self.right):
                tile[r, c] += factor * _vector(b, j + right, self.lanes)

    @accumulate.emitter
    def _emit_accumulate(self, frame: Frame, tile: Any, a, i, b, j) -> None:
        slots = self._mine(tile, self.rows).slots
        vectors = self._vectors(frame, b, j, self.right)
        factors = (self._numbers if self.spread else self._vectors)(frame, a, i, self.left)
        for k, slot in enumerate(slots):
            r, c = divmod(k, self.columns)
            frame.set(slot, self._multiplied_added(frame, frame.get(slot), factors[r], vectors[c]))

    @operation
    def add(self, tile, other) -> None:
        """Add another tile."""
        assert tile.shape == other.shape, f"a tile of {tile.shape} plus one of {other.shape}"
        tile += other

    @add.emitter
    def _emit_add(self, frame: Frame, tile: Any, other: Any) -> None:
        mine = self._mine(tile)
        for slot, more in zip(mine.slots, self._mine(other, mine.rows).slots, strict=True):
            frame.set(slot, self._added(frame, frame.get(slot), frame.get(more)))

    @operation
    def load(self, a, i) -> np.ndarray:
        """Return a tile of one row: the vectors at a[i + right[c]]."""
        return np.stack([[_vector(a, i + right, self.lanes) for right in self.right]])

    @load.emitter
    def _emit_load(self, frame: Frame, a, i) -> TileValue:
        return self._new(frame, self._vectors(frame, a, i, self.right), 1)

    @operation
    def store(self, tile, a, i, stride) -> None:
        """Put vector (r, c) at a[i + r * stride + onto[c]]."""
        for r in range(len(tile)):
            for c, offset in enumerate(self.onto):
                _vector(a, i + r * stride + offset, self.lanes)[:] = tile[r, c]

    @store.emitter
    def _emit_store(self, frame: Frame, tile: Any, a, i, stride) -> None:
        mine = self._mine(tile)
        for slot, place in zip(mine.slots, self._rows_of(frame, mine, a, i, stride), strict=True):
            self._store(frame, frame.get(slot), place)

    @operation
    def blend(self, tile, a, i, stride, old, new) -> None:
        """Put at a[i + r * stride + onto[c]] `old` times what is there plus `new` times vector (r, c).

        Vectors may overlap: each then finds what was there before.
        """
        places = [i + r * stride + offset for r in range(len(tile)) for offset in self.onto]
        before = [_vector(a, place, self.lanes).copy() for place in places]
        for place, there, vector in zip(places, before, tile.reshape(-1, self.lanes), strict=True):
            _vector(a, place, self.lanes)[:] = old * there + new * vector

    @blend.emitter
    def _emit_blend(self, frame: Frame, tile: Any, a, i, stride, old, new) -> None:
        mine = self._mine(tile)
        kept, gained = (self._spread(frame, of_type(n, self.dtype, "the tile").llvm) for n in (old, new))
        places = self._rows_of(frame, mine, a, i, stride)
        # All are read before any is written: two vectors may have numbers in common.
        values = [frame.value(f"fmul {self._vector} {self._load(frame, place)}, {kept}") for place in places]
        for slot, place, value in zip(mine.slots, places, values, strict=True):
            self._store(frame, self._multiplied_added(frame, value, frame.get(slot), gained), place)

    @operation
    def add_to(self, tile, a, i) -> None:
        """Add the k-th vector to the one at a[i + k * lanes]."""
        for k, vector in enumerate(tile.reshape(-1, self.lanes)):
            _vector(a, i + k * self.lanes, self.lanes)[:] += vector

    @add_to.emitter
    def _emit_add_to(self, frame: Frame, tile: Any, a, i) -> None:
        slots = self._mine(tile).slots
        places = self._places(frame, a, i, range(0, len(slots) * self.lanes, self.lanes))
        for slot, place in zip(slots, places, strict=True):
            self._store(frame, self._added(frame, self._load(frame, place), frame.get(slot)), place)

    @operation
    def scatter(self, tile, a, i, b, j) -> None:
        """Add a[i] times vector c of the one row to the vector at b[j + right[c]]."""
        for c, right in enumerate(self.right):
            _vector(b, j + right, self.lanes)[:] += a[i] * tile[0, c]

    @scatter.emitter
    def _emit_scatter(self, frame: Frame, tile: Any, a, i, b, j) -> None:
        slots = self._mine(tile, 1).slots
        (factor,) = self._numbers(frame, a, i, (0,))
        for slot, place in zip(slots, self._places(frame, b, j, self.right), strict=True):
            there = self._load(frame, place)
            self._store(frame, self._multiplied_added(frame, there, factor, frame.get(slot)), place)

    @operation
    def largest(self, tile, out, bits, i, stride) -> None:
        """Put the largest vector of row r, number by number, at out[i + r * stride]; NaN is kept.

        Which columns have it are bits 1 << c of the same place of `bits`, int32.
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
    def _emit_largest(self, frame: Frame, tile: Any, out, bits, i, stride) -> None:
        mine = self._mine(tile, self.rows)
        if not isinstance(bits, ArrayValue) or bits.dtype != "int32" or self.columns > 32:
            got = f"{getattr(bits, 'dtype', described(bits))} for {self.columns} columns"
            raise KernelError("an array of int32 for up to 32 columns", got, "Pass an array of int32.")
        for r in range(self.rows):
            values = [frame.get(slot) for slot in mine.slots[r * self.columns : (r + 1) * self.columns]]
            here = binary(frame, "Add", i, binary(frame, "Mult", stride, r))
            best, won = self._largest_of(frame, values)
            self._store(frame, best, self._places(frame, out, here, (0,))[0])
            place = frame.place(bits, as_index(frame, here), self.lanes)
            frame.do(f"store <{self.lanes} x i32> {won}, ptr {place}, align {itemsize('int32')}")

    def _largest_of(self, frame: Frame, values: list[str]) -> tuple[str, str]:
        """Return the largest numbers of some vectors, and a bit for each vector that has it."""
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
    """Return a view of `lanes` numbers of an array, all of which must be there."""
    if not 0 <= index <= array.size - lanes:
        raise IndexError(f"{lanes} numbers from {index} on of an array of {array.size}")
    return array[index : index + lanes]
