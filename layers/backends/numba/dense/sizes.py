"""The sizes of a layer's products: activations x (batch, n_in), weights w (n_in, n_out), deltas d (batch, n_out)."""

from dataclasses import dataclass

from ..simd import lanes_of, processor

TERMS = 128  # added up one by one, twice as many at most: the fewer terms a sum has, the fewer digits it loses


@dataclass(frozen=True)
class Sizes:
    """What the kernels are made for.

    Attributes
    ----------
    batch, n_in, n_out : int
    dtype : "float32" or "float64"
    """

    batch: int
    n_in: int
    n_out: int
    dtype: str

    @property
    def lanes(self) -> int:
        """Numbers in a vector."""
        return lanes_of(self.dtype)

    def rows(self, vectors: int) -> int:
        """Return how many rows of so many vectors have their sums in registers together."""
        return max(1, (processor()[1] - 2 - vectors) // vectors)


def cycles(wide: int, high: int) -> float:
    """Estimate what a processor needs for high x wide sums: two products a cycle, or reading what they are made of.

    A vector counts thrice as much as a number that is spread, since most lie across two lines of the cache.
    """
    return max(wide * high / 2, 1.5 * wide + high / 2)
