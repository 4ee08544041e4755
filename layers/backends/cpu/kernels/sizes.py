"""The sizes of a layer's products, and the division of the columns of its weights.

Activations x are (batch, n_in), weights w (n_in, n_out), deltas d (batch, n_out). The columns of w are processed in
panels of some full vectors, whose sums stay in registers together. The remaining columns are one narrow vector if their
number is a power of two, and otherwise a full vector that overlaps the one before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from network3.layers.backends.cpu.processor import lanes_of, vector_registers

TERMS = 128  # terms of a partial sum, at most twice as many: short sums lose less precision
PART = 1 << 15  # minimum of products per part: with fewer, another thread would come too late


@dataclass(frozen=True)
class Sizes:
    """The sizes that determine the layout of the kernels.

    Attributes
    ----------
    batch, n_in, n_out : int
        At least 1.
    dtype : "float32" or "float64"
    """

    batch: int
    n_in: int
    n_out: int
    dtype: str

    @property
    def lanes(self) -> int:
        """Elements in a vector: no more than in a row of w."""
        return fitting_lanes(self.dtype, self.n_out)

    @property
    def panels(self) -> "Iterator[Panels]":
        """All divisions of the columns into panels that fit into the registers."""
        return ways_to_divide(self.n_out, self.lanes)


@dataclass(frozen=True)
class Panels:
    """The division of columns, as far as it is a compile-time parameter of kernels.

    Attributes
    ----------
    lanes : int
        Elements in a vector.
    wide : int
        Vectors of a regular panel.
    last : tuple of int
        Offsets of the vectors of the panel after the regular ones, from its first column; empty if there is none.
    tail : int
        Elements in the narrow vector after all panels; 0 if there is none.
    """

    lanes: int
    wide: int
    last: tuple[int, ...]
    tail: int

    @property
    def span(self) -> int:
        """Columns of a regular panel."""
        return self.wide * self.lanes

    @property
    def regular(self) -> tuple[int, ...]:
        """Offsets of the vectors of a regular panel."""
        return tuple(range(0, self.span, self.lanes))

    @property
    def widest(self) -> int:
        """Vectors of the widest panel."""
        return max(self.wide, len(self.last))

    @property
    def overlap(self) -> bool:
        """Whether the last vector overlaps the one before."""
        return any(offset % self.lanes for offset in self.last)

    def count(self, n_out: int) -> int:
        """Return the number of regular panels of `n_out` columns."""
        return (n_out // self.lanes + self.overlap - len(self.last)) // self.wide

    def parts(self, n_out: int) -> int:
        """Return the number of panels of `n_out` columns, including the narrow vector."""
        return self.count(n_out) + bool(self.last) + bool(self.tail)

    def each(self, make: Callable[[int, tuple[int, ...]], Callable]) -> list[Callable | None]:
        """Return `make` of the lanes and offsets of a regular panel, of the last one and of the narrow vector.

        A missing one is None.
        """
        return [
            make(self.lanes, self.regular),
            make(self.lanes, self.last) if self.last else None,
            make(self.tail, (0,)) if self.tail else None,
        ]

    def cycles(self, n_out: int, high: int, of_vector: float) -> float:
        """Estimate the cycles for one product of each of `high` rows with each column."""
        last = cycles(len(self.last), high, of_vector) if self.last else 0.0
        tail = cycles(1, high, 0.0) if self.tail else 0.0
        return self.count(n_out) * cycles(self.wide, high, of_vector) + last + tail


def ways_to_divide(n_out: int, lanes: int) -> Iterator[Panels]:
    """Yield the divisions of `n_out` columns into panels that fit into the registers, the narrowest panels first."""
    vectors, rest = divmod(n_out, lanes)
    overlap = rest & (rest - 1) != 0  # not a power of two: it would need several narrow vectors
    vectors += overlap
    for wide in range(1, min(vectors, (vector_registers() - 2) // 2) + 1):
        left = vectors % wide
        while overlap and left < 2:  # overlapping vectors must be in one panel
            left += wide
        last = [v * lanes for v in range(left)]
        if overlap:
            last[-1] -= lanes - rest
        yield Panels(lanes, wide, tuple(last), 0 if overlap else rest)


def fitting_lanes(dtype: str, most: int) -> int:
    """Return the elements in a vector of this processor, halved until there are at most `most`."""
    lanes = lanes_of(dtype)
    while lanes > most:
        lanes //= 2
    return lanes


def rows_in_registers(vectors: int) -> int:
    """Return how many rows of this number of vectors can have their sums in registers together."""
    registers = vector_registers()
    # A scalar that is multiplied by one vector only is a memory operand of the multiplication; others take registers,
    # and if there are many, LLVM keeps several at a time. With too few registers, it spills sums to memory in every
    # iteration.
    spare = {1: 2, 2: 8}.get(vectors, 4) if registers >= 32 else 2
    return max(1, (registers - spare - vectors) // vectors)


def even_share(count: int, most: int) -> int:
    """Return how many of `count` items to process at a time, at most `most`, with a small remainder."""
    return -(-count // -(-count // most))


def cycles(wide: int, high: int, of_vector: float) -> float:
    """Estimate the cycles for high x wide sums: two products per cycle, or the time to read the operands, if larger.

    The processor reads and broadcasts two scalars per cycle; `of_vector` is the cycles per vector.
    """
    return max(wide * high / 2, of_vector * wide + high / 2)
