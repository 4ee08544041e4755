"""The windows of pooling: their size, stride and padding, how many there are, and which positions they cover."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from network3.layers.checks import entries_of, error_message, flag, shown, sizes

Pair: TypeAlias = tuple[int, int]


def windows_along(
    length: Any,
    size: int,
    stride: int,
    before: int,
    after: int,
    ceil: bool,
    smaller: Callable[[Any, Any], Any] = min,
    larger: Callable[[Any, Any], Any] = max,
) -> Any:
    """Return the number of windows along an axis of `length` pixels, a number or symbolic.

    With `ceil`, the last window may be incomplete, but begins inside the image or before it; there is always one.
    """
    room = length + before + after - size
    if not ceil:
        return room // stride + 1
    return smaller(larger((room + stride - 1) // stride, 0), (length + before - 1) // stride) + 1


@dataclass(frozen=True)
class Windows:
    """Windows over an image.

    Attributes
    ----------
    size, stride : (rows, columns)
    padding : ((top, bottom), (left, right))
        Each is smaller than the window, so that every window contains a pixel.
    ceil : bool
        Whether incomplete windows at the bottom and right are kept.
    """

    size: Pair
    stride: Pair
    padding: tuple[Pair, Pair]
    ceil: bool

    @property
    def plain(self) -> bool:
        """Whether windows lie side by side, without padding; only the last rows and columns may be outside of them."""
        return self.stride == self.size and not self.ceil and not self.padded

    @property
    def padded(self) -> bool:
        """Whether there is padding."""
        return self.padding != ((0, 0), (0, 0))

    def output_size(self, image: Sequence[Any], smaller: Callable = min, larger: Callable = max) -> tuple[Any, ...]:
        """Return the number of windows along rows and columns; sizes are numbers, symbolic, or None if unknown."""
        axes = zip(image, self.size, self.stride, self.padding, strict=True)
        return tuple(
            None if length is None else windows_along(length, size, stride, *pads, self.ceil, smaller, larger)
            for length, size, stride, pads in axes
        )

    def least(self, axis: int) -> int:
        """Return the smallest number of rows (axis 0) or columns (axis 1) of an image into which a window fits."""
        return max(1, 0 if self.ceil else self.size[axis] - sum(self.padding[axis]))

    def check_image(self, image: Sequence[int | None]) -> None:
        """Check that a window fits into an image of (rows, columns), which may be unknown.

        Raises
        ------
        ValueError
            A window is larger than the padded image, or the image is empty.
        """
        for axis, length in enumerate(image):
            if length is not None and length < self.least(axis):
                expected = f"a window must fit into its image of {tuple(image)}"
                if self.padded:
                    expected += f" with padding {self.padding}"
                hint = "Use images with pixels." if length == 0 else "Use smaller windows."
                raise ValueError(error_message("pool2d", expected, f"windows of {self.size}", hint))

    def extent(self, out: Sequence[int]) -> tuple[int, ...]:
        """Return the rows and columns from the start of the first window to the end of the last one."""
        return tuple((n - 1) * s + k for n, s, k in zip(out, self.stride, self.size, strict=True))

    def beyond(self, image: Sequence[int], out: Sequence[int]) -> list[Pair]:
        """Return, for rows and columns, the positions to add before and after an image, so that it has `extent`.

        The number after it is negative if the last rows or columns are in no window.
        """
        axes = zip(image, self.extent(out), self.padding, strict=True)
        return [(before, extent - length - before) for length, extent, (before, _) in axes]

    def taps(self, out: Sequence[int]) -> Iterator[tuple[slice, slice]]:
        """Yield, for each position in a window, the rows and columns of all windows' elements there, in `extent`."""
        (down, right), (oh, ow) = self.stride, out
        for k in range(self.size[0]):
            for m in range(self.size[1]):
                yield slice(k, k + (oh - 1) * down + 1, down), slice(m, m + (ow - 1) * right + 1, right)

    def counts(self, image: Sequence[int], padding_counts: bool) -> np.ndarray:
        """Return the number of positions in each window that are pixels, or also padding, shape (rows, columns).

        What is beyond the padding is never counted.
        """
        along = []
        axes = zip(image, self.output_size(image), self.size, self.stride, self.padding, strict=True)
        for length, windows, size, stride, (before, after) in axes:
            starts = np.arange(windows) * stride - before
            first, end = (-before, length + after) if padding_counts else (0, length)
            along.append(np.minimum(starts + size, end) - np.maximum(starts, first))
        return np.multiply.outer(*along)


def canonical_windows(who: str, size: Any, stride: Any = None, padding: Any = 0, ceil: Any = False) -> Windows:
    """Return the windows that the arguments of `pool2d` describe.

    Raises
    ------
    TypeError, ValueError
        An argument of another kind, a negative number, or padding that is not smaller than the window.
    """
    rows, columns = sizes(f"{who}: size", size, 2)
    down, right = (rows, columns) if stride is None else sizes(f"{who}: stride", stride, 2)
    sides = entries_of(padding) if len(entries_of(padding)) == 2 else (padding, padding)
    (top, bottom), (left, right_side) = (sizes(f"{who}: padding", side, 2, least=0) for side in sides)
    if max(top, bottom) >= rows or max(left, right_side) >= columns:
        expected = f"must be smaller than the window of {(rows, columns)}, so that each window contains a pixel"
        raise ValueError(error_message(f"{who}: padding", expected, shown(padding), "Use less padding."))
    return Windows((rows, columns), (down, right), ((top, bottom), (left, right_side)), flag(f"{who}: ceil", ceil))
