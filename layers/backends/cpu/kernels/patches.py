"""The patches of an image that a filter's taps read, as a matrix with a row per tap and a column per position.

A convolution of any size is a product with this matrix, which is packed piece by piece, so that a piece stays in the
L1 cache. Images are stored with their border: zeros around them, as far as taps reach, and some more elements at the
end, since full vectors are read.
"""

from collections.abc import Callable

from network3.layers.backends.cpu.compiler import Tile
from network3.layers.backends.cpu.processor import lanes_of

FEW = 4  # elements copied together if runs are short


def extent(positions: int, taps: int, stride: int, dilation: int) -> int:
    """Return the rows or columns of an image with its border, as far as taps reach."""
    return (positions - 1) * stride + (taps - 1) * dilation + 1


def max_together(dtype: str) -> int:
    """Return the maximum number of elements of a patch that are copied together: the targets need this padding."""
    return max(lanes_of(dtype), FEW)


def image_length(dtype: str, maps: int, tall: int, wide: int) -> int:
    """Return the length of an image with its border, (maps, tall, wide), including the elements read beyond its end."""
    lanes, beyond = lanes_of(dtype), max_together(dtype)
    return -(-(maps * tall * wide + beyond) // lanes) * lanes


def make_bordered(dtype: str) -> Callable[..., None]:
    """Return ``bordered(to, at, x, i, maps, height, width, tall, wide, top, left)``.

    It copies the image that begins at x[i] to the inside of its border, as far as that reaches.
    """

    def bordered(to, at, x, i, maps, height, width, tall, wide, top, left):
        rows, columns = min(height, tall - top), min(width, wide - left)
        for c in range(maps):
            for y in range(rows):
                source, place = i + (c * height + y) * width, at + (c * tall + y + top) * wide + left
                for z in range(columns):
                    to[place + z] = x[source + z]

    return bordered


def make_segments(most: int) -> Callable[..., int]:
    """Return ``segments(table, first, count, columns, down, right) -> number of segments``.

    It divides `count` positions from `first` on, at most `most`, by rows of `columns` positions. For segment s,
    table[s] is the index of its first position, table[most + s] the offset in the image, and table[2 * most + s] its
    length.
    """

    def segments(table, first, count, columns, down, right):
        found, done = 0, 0
        y = first // columns
        x = first - y * columns
        while done < count:
            length = min(columns - x, count - done)
            table[found] = done
            table[most + found] = y * down + x * right
            table[2 * most + found] = length
            done += length
            found += 1
            y += 1
            x = 0
        return found

    return segments


def find_taps(bases, at, first, rows, kh, kw, tall, wide, tap_down, tap_right):
    """Set bases[r] to the index of tap first + r in the image that begins at `at`. Inlined into kernels."""
    c, tap = first // (kh * kw), first % (kh * kw)
    i, j = tap // kw, tap % kw
    for r in range(rows):
        bases[r] = at + (c * tall + i * tap_down) * wide + j * tap_right
        j += 1
        if j == kw:
            j = 0
            i += 1
        if i == kh:
            i = 0
            c += 1


def make_gather(dtype: str, most: int, line: int) -> Callable[..., None]:
    """Return ``gather(to, image, bases, rows, table, found, right)``.

    It packs the rows of the patch matrix, `line` elements apart, for the positions of a table of segments. The last row
    is written beyond its end by less than a vector.
    """
    lanes = lanes_of(dtype)
    vector = Tile(dtype, lanes, (0,), (0,))

    def gather(to, image, bases, rows, table, found, right):
        for r in range(rows):
            for s in range(found):
                place, source, length = r * line + table[s], bases[r] + table[most + s], table[2 * most + s]
                if right == 1:
                    for z in range(0, length, lanes):
                        vector.store(vector.load(image, source + z), to, place + z, 0)
                else:
                    for z in range(length):
                        to[place + z] = image[source + z * right]

    return gather


def make_scatter(dtype: str, most: int, line: int) -> Callable[..., None]:
    """Return ``scatter(patches, image, bases, rows, table, found, right)``.

    It adds the rows of the patch matrix, packed as by `gather`, to the elements of the image from which that reads
    them.
    """
    few = Tile(dtype, FEW, (0,), (0,))

    def scatter(patches, image, bases, rows, table, found, right):
        for r in range(rows):
            for s in range(found):
                place, source, length = r * line + table[s], bases[r] + table[most + s], table[2 * most + s]
                vectorized = length - length % FEW if right == 1 else 0
                for z in range(0, vectorized, FEW):
                    few.add_to(few.load(patches, place + z), image, source + z)
                for z in range(vectorized, length):
                    image[source + z * right] += patches[place + z]

    return scatter
