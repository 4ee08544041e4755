"""The sizes of a convolution with max-pooling, and the planes into which its kernels rearrange an image.

The convolved values at one position in the windows, e.g. the upper left, need only every n-th row and column. So for
each row r and column s that a tap reads from there, the kernels store the plane

    plane[r, s][py, px] = image[py * step + r, px * step + s]          (step = stride * size of the window)

of an image with its border. The value at position (a, b) of every window is then a sum over taps (i, j) of entire
planes, w[i, j] * plane[stride * a + i, stride * b + j]: contiguous vectors for any stride, padding and window, and the
maximum is taken elementwise between vectors. A plane is padded with zeros to full vectors.
"""

from dataclasses import dataclass

import numpy as np

from network3.layers.backends.cpu.processor import lanes_of, vector_registers

MAX_PLACES = 9  # in a window: their sums must fit into the registers together


@dataclass(frozen=True)
class Geometry:
    """The sizes of a convolution with max-pooling, except the batch; its repr is part of the kernels' keys.

    Attributes
    ----------
    maps, height, width : int
        Sizes of an image.
    filters, kh, kw : int
        Number of filters, and rows and columns of a filter.
    stride, pad, size : (int, int)
        Stride of the convolution, border on each side, and pooling window, in rows and columns.
    flip : bool
        Whether filters are rotated by 180 degrees: true convolution.
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
        """Length of a plane: its windows, padded to full vectors."""
        return -(-self.windows // self.lanes) * self.lanes

    @property
    def lanes(self) -> int:
        """Elements in a vector of this processor."""
        return lanes_of(self.dtype)

    @property
    def places(self) -> list[tuple[int, int]]:
        """The positions (a, b) in a window."""
        return [(a, b) for a in range(self.size[0]) for b in range(self.size[1])]

    @property
    def taps(self) -> int:
        """Number of taps of a filter over all maps."""
        return self.maps * self.kh * self.kw

    @property
    def step(self) -> tuple[int, int]:
        """Pixels from one window to the next."""
        return self.stride[0] * self.size[0], self.stride[1] * self.size[1]

    @property
    def reach(self) -> tuple[int, int]:
        """Rows and columns of pixels that the taps of a window read: the planes of a map."""
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
        """Total length of the planes of an image."""
        return self.maps * self.reach[0] * self.reach[1] * self.padded

    def offset(self, a: int, b: int) -> int:
        """Return the offset of the plane of tap (0, 0) for position (a, b) among those of a map."""
        return (self.stride[0] * a * self.reach[1] + self.stride[1] * b) * self.padded

    def share(self, count: int, registers_each: int, others: int) -> int:
        """Return how many of `count` to process together, each with its sums in registers, beside `others` registers.

        Of the numbers that fit, it is the largest of those that minimize the remainder.
        """
        most = max(1, min(count, (vector_registers() - others) // registers_each))
        return min(range(1, most + 1), key=lambda share: (-(-count // share) * share, -share))


def planes_of(g: Geometry, x: np.ndarray) -> np.ndarray:
    """Return the planes of images x (n, maps, height, width), as (n, maps, rows, columns, padded).

    Reference implementation of the kernels' packing.
    """
    bordered = np.pad(x, ((0, 0), (0, 0), (g.pad[0], g.pad[0]), (g.pad[1], g.pad[1])))
    (rows, columns), (ph, pw), (down, right) = g.reach, g.pooled, g.step
    planes = np.zeros((len(x), g.maps, rows, columns, g.padded), x.dtype)
    for r in range(rows):
        for s in range(columns):
            part = bordered[:, :, r : r + down * (ph - 1) + 1 : down, s : s + right * (pw - 1) + 1 : right]
            planes[:, :, r, s, : g.windows] = part.reshape(len(x), g.maps, g.windows)
    return planes
