"""The sizes of a convolution with max-pooling, and the planes that its kernels see an image as.

The convolved values of one place in the windows, say their upper left, are needed at every other row and column only.
So for each row r and column s that a tap reaches from there, the kernels keep the plane

    plane[r, s][py, px] = image[py * step + r, px * step + s]          (step = stride * size of the window)

of an image with its border. The value at place (a, b) of every window is then a sum over taps (i, j) of whole planes,
w[i, j] * plane[stride * a + i, stride * b + j]: contiguous vectors, whatever stride, padding and window are, and the
maximum is taken between vectors. A plane is filled up with zeros to whole vectors.
"""

from dataclasses import dataclass

import numpy as np

from network3.layers.backends.cpu.processor import lanes_of, vector_registers

MOST_PLACES = 9  # of a window: their sums must fit into the registers together


@dataclass(frozen=True)
class Geometry:
    """The sizes of a convolution with max-pooling; all but the batch. Kernels are kept under its repr.

    Attributes
    ----------
    maps, height, width : int
        Of an image.
    filters, kh, kw : int
        Number of filters, rows and columns of one.
    stride, pad, size : (int, int)
        Of the convolution, its border on each side, and the pooling window, in rows and columns.
    flip : bool
        Whether filters are turned by 180 degrees: true convolution.
    dtype : "float32" or "float64"
    """

    maps: int
    height: int
    width: int
    filters: int
    kh: int
    kw: int
    stride: tuple[int, int]
    pad: tuple[int, int]
    size: tuple[int, int]
    flip: bool
    dtype: str

    @property
    def pooled(self) -> tuple[int, int]:
        """Rows and columns of windows."""
        lengths = zip((self.height, self.width), self.pad, (self.kh, self.kw), self.stride, self.size, strict=True)
        rows, columns = (((n + 2 * pad - k) // stride + 1) // size for n, pad, k, stride, size in lengths)
        return rows, columns

    @property
    def windows(self) -> int:
        """Number of windows."""
        return self.pooled[0] * self.pooled[1]

    @property
    def padded(self) -> int:
        """Length of a plane: its windows, filled up to whole vectors."""
        return -(-self.windows // self.lanes) * self.lanes

    @property
    def lanes(self) -> int:
        """Numbers in a vector of this processor."""
        return lanes_of(self.dtype)

    @property
    def places(self) -> list[tuple[int, int]]:
        """The places (a, b) in a window."""
        return [(a, b) for a in range(self.size[0]) for b in range(self.size[1])]

    @property
    def taps(self) -> int:
        """Number of taps of a filter in all maps."""
        return self.maps * self.kh * self.kw

    @property
    def step(self) -> tuple[int, int]:
        """Pixels from a window to the next."""
        return self.stride[0] * self.size[0], self.stride[1] * self.size[1]

    @property
    def reach(self) -> tuple[int, int]:
        """Rows and columns of pixels that the taps of a window reach: planes of a map."""
        rows, columns = (
            s * (size - 1) + k for s, size, k in zip(self.stride, self.size, (self.kh, self.kw), strict=True)
        )
        return rows, columns

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns of an image with its border, as far as windows reach."""
        rows, columns = (
            step * (n - 1) + reach for step, n, reach in zip(self.step, self.pooled, self.reach, strict=True)
        )
        return rows, columns

    @property
    def planes(self) -> int:
        """Length of all planes of an image together."""
        return self.maps * self.reach[0] * self.reach[1] * self.padded

    def offset(self, a: int, b: int) -> int:
        """Return where the plane of tap (0, 0) for place (a, b) begins among those of a map."""
        return (self.stride[0] * a * self.reach[1] + self.stride[1] * b) * self.padded

    def share(self, count: int, registers_each: int, others: int) -> int:
        """Return how many of `count` are done at a time, each with its sums in registers beside `others`.

        Of the numbers that fit, the largest of those that leave the least over.
        """
        most = max(1, min(count, (vector_registers() - others) // registers_each))
        return min(range(1, most + 1), key=lambda share: (-(-count // share) * share, -share))


def planes_of(g: Geometry, x: np.ndarray) -> np.ndarray:
    """Return the planes of images x (n, maps, height, width), as (n, maps, rows, columns, padded).

    The reference implementation of what the kernel packs.
    """
    bordered = np.pad(x, ((0, 0), (0, 0), (g.pad[0], g.pad[0]), (g.pad[1], g.pad[1])))
    (rows, columns), (ph, pw), (down, right) = g.reach, g.pooled, g.step
    planes = np.zeros((len(x), g.maps, rows, columns, g.padded), x.dtype)
    for r in range(rows):
        for s in range(columns):
            part = bordered[:, :, r : r + down * (ph - 1) + 1 : down, s : s + right * (pw - 1) + 1 : right]
            planes[:, :, r, s, : g.windows] = part.reshape(len(x), g.maps, g.windows)
    return planes
