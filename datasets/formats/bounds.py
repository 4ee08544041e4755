"""Limits on the decompressed size of a file.

A few kilobytes of gzip or zip can expand to gigabytes. Deflate reaches 1032 : 1 on blank data, while real data sets
stay far below: MNIST's pickle is 13 : 1, its IDX files 5 : 1.
"""

from typing import Protocol

MIN_LIMIT = 64 * 2**20  # bytes; highly compressible small files are legitimate, and this much is harmless
MAX_RATIO = 100  # decompressed to compressed size


class TooLargeError(ValueError):
    """The file declares, or decompresses to, more bytes than is plausible for its size."""


class Readable(Protocol):
    """The methods of a binary file that `BoundedReader` uses."""

    def read(self, n: int, /) -> bytes: ...
    def readline(self, n: int, /) -> bytes: ...
    def peek(self, n: int, /) -> bytes: ...


def allowed_bytes(stored: int) -> int:
    r"""Return the number of bytes that a compressed file may decompress to.

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
    return max(MIN_LIMIT, MAX_RATIO * stored)


class BoundedReader:
    """A binary file that raises before it reads beyond a limit.

    It implements the methods that `pickle.Unpickler` calls.

    Parameters
    ----------
    file : buffered binary file, such as a `gzip.GzipFile`
    limit : int, >= 0
        Total number of bytes that may be read.

    Raises
    ------
    TooLargeError
        From `read` and `readline`.
    """

    def __init__(self, file: Readable, limit: int) -> None:
        self._file = file
        self._limit = limit
        self._remaining = limit

    def read(self, n: int, /) -> bytes:
        if not 0 <= n <= self._remaining:
            raise TooLargeError(f"more than {self._limit:,} bytes")
        return self._count(self._file.read(n))

    def readline(self) -> bytes:
        return self._count(self._file.readline(self._remaining + 1))

    def peek(self, n: int, /) -> bytes:
        # Consumes nothing, and returns at most the contents of the file's buffer.
        return self._file.peek(n)

    def _count(self, data: bytes) -> bytes:
        self._remaining -= len(data)
        if self._remaining < 0:
            raise TooLargeError(f"more than {self._limit:,} bytes")
        return data
