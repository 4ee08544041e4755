"""The sizes of a layer's products, and how the columns of its weights are divided.

Activations x are (batch, n_in), weights w (n_in, n_out), deltas d (batch, n_out). The columns of w are taken a panel of
some whole vectors at a time, whose sums stay in registers together. What whole vectors leave over is one narrow vector
if it fills one, and otherwise a whole vector that begins early and has some columns of the one before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from network3.layers.backends.cpu.processor import lanes_of, vector_registers

TERMS = 128  # added up one by one, twice as many at most: the fewer terms a sum has, the fewer digits it loses
PART = 1 << 15  # products of a part, at least: another thread is not there sooner


@dataclass(frozen=True)
class Sizes:
    """What the kernels are laid out for.

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
        """Numbers in a vector: no more than a row of w has."""
        return fitting_lanes(self.dtype, self.n_out)

    @property
    def panels(self) -> "Iterator[Panels]":
        """All ways to divide the columns that registers have room for."""
        return ways_to_divide(self.n_out, self.lanes)


@dataclass(frozen=True)
class Panels:
    """How columns are divided, as far as kernels must know when they are compiled.

    Attributes
    ----------
    lanes : int
        Numbers in a vector.
    wide : int
        Vectors of a regular panel.
    last : tuple of int
        Where the vectors of the panel after the regular ones begin, from its first column on; empty if there is none.
    tail : int
        Numbers in the narrow vector after all panels; 0 if there is none.
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
        """Where the vectors of a regular panel begin."""
        return tuple(range(0, self.span, self.lanes))

    @property
    def widest(self) -> int:
        """Vectors of the widest panel."""
        return max(self.wide, len(self.last))

    @property
    def overlap(self) -> bool:
        """Whether the last vector has columns of the one before."""
        return any(offset % self.lanes for offset in self.last)

    def count(self, n_out: int) -> int:
        """Return how many regular panels `n_out` columns have."""
        return (n_out // self.lanes + self.overlap - len(self.last)) // self.wide

    def parts(self, n_out: int) -> int:
        """Return how many panels `n_out` columns have, the narrow vector as one."""
        return self.count(n_out) + bool(self.last) + bool(self.tail)

    def each(self, make: Callable[[int, tuple[int, ...]], Callable]) -> list[Callable | None]:
        """Return what `make` makes of the lanes and offsets of a regular panel, the last one and the narrow vector.

        None stands for what is not there.
        """
        return [
            make(self.lanes, self.regular),
            make(self.lanes, self.last) if self.last else None,
            make(self.tail, (0,)) if self.tail else None,
        ]

    def cycles(self, n_out: int, high: int, of_vector: float) -> float:
        """Estimate what a processor needs for one product of each of `high` rows with each column."""
        last = _cycles(len(self.last), high, of_vector) if self.last else 0.0
        tail = _cycles(1, high, 0.0) if self.tail else 0.0
        return self.count(n_out) * _cycles(self.wide, high, of_vector) + last + tail


def ways_to_divide(n_out: int, lanes: int) -> Iterator[Panels]:
    """Yield the ways to divide `n_out` columns whose panels have room in the registers, the narrowest panels first."""
    vectors, rest = divmod(n_out, lanes)
    overlap = rest & (rest - 1) != 0  # no power of two: it would need several narrow vectors
    vectors += overlap
    for wide in range(1, min(vectors, (vector_registers() - 2) // 2) + 1):
        left = vectors % wide
        while overlap and left < 2:  # two vectors with columns in common are in one panel
            left += wide
        last = [v * lanes for v in range(left)]
        if overlap:
            last[-1] -= lanes - rest
        yield Panels(lanes, wide, tuple(last), 0 if overlap else rest)


def fitting_lanes(dtype: str, most: int) -> int:
    """Return how many numbers a vector of this processor has, or half as many and so on, until there are `most`."""
    lanes = lanes_of(dtype)
    while lanes > most:
        lanes //= 2
    return lanes


def rows_in_registers(vectors: int) -> int:
    """Return how many rows of so many vectors have their sums in registers together."""
    registers = vector_registers()
    # A number that is multiplied by one vector only is read by the multiplication; others take registers, and where
    # there are many, LLVM has several under way. If it finds too few, it puts sums into memory in every round.
    spare = {1: 2, 2: 8}.get(vectors, 4) if registers >= 32 else 2
    return max(1, (registers - spare - vectors) // vectors)


def even_share(count: int, most: int) -> int:
    """Return how many of `count` to take at a time, `most` at most, so that there is little left for the last time."""
    return -(-count // -(-count // most))


def _cycles(wide: int, high: int, of_vector: float) -> float:
    """Estimate what a processor needs for high x wide sums: two products a cycle, or reading what they are made of.

    It reads two numbers a cycle, each to be spread over a vector; `of_vector` is the cycles that a vector takes.
    """
    return max(wide * high / 2, of_vector * wide + high / 2)
