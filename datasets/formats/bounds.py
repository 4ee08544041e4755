"""How far a compressed file may unfold before it is refused.

A few kilobytes of gzip or zip can stand for gigabytes. Deflate reaches 1032 : 1 on blank data,
while real data sets stay far below: MNIST's pickle is 13 : 1, its IDX files 5 : 1.
"""

from typing import Protocol

FLOOR = 64 * 2**20  # blank toy data are legitimate, and this much does no harm
RATIO = 100


class TooLargeError(ValueError):
    """The file announces, or unfolds to, more bytes than its own size makes credible."""


class Readable(Protocol):
    """What `BoundedReader` needs of a binary file."""

    def read(self, n: int, /) -> bytes: ...
    def readline(self, n: int, /) -> bytes: ...
    def peek(self, n: int, /) -> bytes: ...


def allowed_bytes(stored: int) -> int:
    r"""Bytes that a compressed file may unfold to.

    .. math:: \max(64\,\mathrm{MiB},\ 100 \cdot stored)

    Parameters
    ----------
    stored : int, >= 0
        Size of the compressed file in bytes.

    Examples
    --------
    >>> allowed_bytes(1000)
    67108864
    >>> allowed_bytes(17_051_982)
    1705198200
    """
    return max(FLOOR, RATIO * stored)


class BoundedReader:
    """A binary file that refuses a read beyond its limit, before the bytes are produced.

    It has the methods that `pickle.Unpickler` calls.

    Parameters
    ----------
    file : buffered binary file, a `gzip.GzipFile` for one
    limit : int, >= 0
        Bytes that may be read in all.

    Raises
    ------
    TooLargeError
        From `read` and `readline`.
    """

    def __init__(self, file: Readable, limit: int) -> None:
        self._file = file
        self._limit = limit
        self._left = limit

    def read(self, n: int, /) -> bytes:
        if not 0 <= n <= self._left:
            raise TooLargeError(f"more than {self._limit:,} bytes")
        return self._count(self._file.read(n))

    def readline(self) -> bytes:
        return self._count(self._file.readline(self._left + 1))

    def peek(self, n: int, /) -> bytes:
        # Nothing is consumed, and the file's own buffer bounds what comes back.
        return self._file.peek(n)

    def _count(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise TooLargeError(f"more than {self._limit:,} bytes")
        return data
