"""The patches of an image that a filter's taps meet: rows of a matrix, one for each tap, with a column a position.

A convolution of any size is a product of such a matrix, of which a piece at a time is laid out, so that it stays in the
first cache. Images come with their border: zeros around them, as far as taps reach, and some numbers more at the end,
since whole vectors are read.
"""

from collections.abc import Callable

from network3.layers.backends.cpu.compiler import Tile
from network3.layers.backends.cpu.processor import lanes_of

FEW = 4  # numbers copied together where runs are short


def extent(positions: int, taps: int, stride: int) -> int:
    """Return the rows of an image with its border, or its columns: as far as taps reach."""
    return (positions - 1) * stride + taps


def most_together(dtype: str) -> int:
    """Return how many numbers of a patch are copied together, at most: as many lie beyond what they are copied to."""
    return max(lanes_of(dtype), FEW)


def image_length(dtype: str, maps: int, tall: int, wide: int) -> int:
    """Return the length of an image with its border, (maps, tall, wide), and what is read beyond it."""
    lanes, beyond = lanes_of(dtype), most_together(dtype)
    return -(-(maps * tall * wide + beyond) // lanes) * lanes


def make_bordered(dtype: str) -> Callable[..., None]:
    """Return ``bordered(to, at, x, i, maps, height, width, tall, wide, top, left)``.

    It puts the image that begins at x[i] inside of its border, as far as that reaches.
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

    It divides `count` positions, `most` of them or fewer, from `first` on by rows of `columns` positions. Of segment s
    table[s] says where it begins among the positions, table[most + s] where in the image, and table[2 * most + s] how
    long it is.
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


def find_taps(bases, at, first, rows, kh, kw, tall, wide):
    """Set bases[r] to where tap first + r lies in the image that begins at `at`. Written out in kernels."""
    c, tap = first // (kh * kw), first % (kh * kw)
    i, j = tap // kw, tap % kw
    for r in range(rows):
        bases[r] = at + (c * tall + i) * wide + j
        j += 1
        if j == kw:
            j = 0
            i += 1
        if i == kh:
            i = 0
            c += 1


def make_gather(dtype: str, most: int, line: int) -> Callable[..., None]:
    """Return ``gather(to, image, bases, rows, table, found, right)``.

    It lays out the patches' rows of taps, each `line` numbers after the one before, for the positions of a table of
    segments. The last row reaches beyond its end by less than a vector.
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

    It adds rows, which lie as `gather` lays them out, to where that finds them in the image.
    """
    few = Tile(dtype, FEW, (0,), (0,))

    def scatter(patches, image, bases, rows, table, found, right):
        for r in range(rows):
            for s in range(found):
                place, source, length = r * line + table[s], bases[r] + table[most + s], table[2 * most + s]
                whole = length - length % FEW if right == 1 else 0
                for z in range(0, whole, FEW):
                    few.add_to(few.load(patches, place + z), image, source + z)
                for z in range(whole, length):
                    image[source + z * right] += patches[place + z]

    return scatter
