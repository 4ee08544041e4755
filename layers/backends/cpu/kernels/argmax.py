"""The index of the largest element along an axis."""

from collections.abc import Callable

from network3.layers.backends.cpu.compiler import Array, Int, kernel


@kernel
def argmax(dtype: str) -> Callable[..., None]:
    """The first index of the largest element along an axis; NaN counts as the largest.

    x : (outer, n, inner), y, int64 : (outer, inner). One part.
    """

    def argmax(part, x: Array(dtype), y: Array("int64"), outer: Int, n: Int, inner: Int):
        for o in range(outer):
            for i in range(inner):
                first = o * n * inner + i
                # The value first, then its index: so each iteration depends on one short operation only.
                largest = x[first]
                some_nan = largest != largest
                for j in range(1, n):
                    value = x[first + j * inner]
                    largest = max(largest, value)
                    some_nan = some_nan | (value != value)
                place = 0
                for j in range(n):
                    k = n - 1 - j
                    value = x[first + k * inner]
                    is_it = value != value if some_nan else value == largest
                    place = k if is_it else place
                y[o * inner + i] = place

    return argmax
