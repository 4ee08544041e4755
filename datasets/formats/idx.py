"""The IDX format of MNIST: a short header, then unsigned bytes.

========  ==================================================================
bytes     meaning
========  ==================================================================
0, 1      zero
2         type of the values; 0x08 is the unsigned byte, the only one read
3         number of dimensions: 1 for labels (magic 0x0801), 3 for images (0x0803)
4 ...     each dimension, four bytes, big-endian
then      the values, last dimension fastest
========  ==================================================================
"""

import gzip
import io
import math
import os
import struct
import zlib
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from .bounds import allowed_bytes

GZIP_MAGIC = b"\x1f\x8b"
MAX_DIMENSIONS = 4
CHUNK = 2**22  # bytes


def read_idx(source: str | os.PathLike[str] | bytes | bytearray | memoryview) -> NDArray[np.uint8]:
    r"""Read one IDX file of unsigned bytes, gzipped or plain.

    Parameters
    ----------
    source : path or bytes-like
        The file, or its content as bytes.

    Returns
    -------
    uint8 array of the header's shape, which has 1 to 4 dimensions
        (n,) for labels, (n, height, width) for images. Writable, in C order.

    Raises
    ------
    ValueError
        Not IDX, another type of value, or more or fewer bytes than the header declares. The header is compared with
        the size of the file before anything is allocated.

    Examples
    --------
    >>> read_idx(b"\x00\x00\x08\x01" + b"\x00\x00\x00\x03" + b"\x07\x02\x01")
    array([7, 2, 1], dtype=uint8)
    """
    if isinstance(source, bytes | bytearray | memoryview):
        size = memoryview(source).nbytes
        return _read("read_idx(bytes)", io.BytesIO(source), size)
    path = Path(source)
    with path.open("rb") as file:
        return _read(f"read_idx({path})", file, os.fstat(file.fileno()).st_size)


def idx_header(shape: tuple[int, ...]) -> bytes:
    """Return the header of an IDX file of unsigned bytes.

    Examples
    --------
    >>> idx_header((10000,)).hex(" ", 4)
    '00000801 00002710'
    """
    return struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *shape)


def _read(who: str, file: IO[bytes], size: int) -> NDArray[np.uint8]:
    zipped = file.read(2) == GZIP_MAGIC
    file.seek(0)
    if not zipped:
        return _read_values(who, file, size, exact=True)
    try:
        with gzip.GzipFile(fileobj=file) as unzipped:
            return _read_values(who, cast(IO[bytes], unzipped), allowed_bytes(size), exact=False)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(
            f"{who}: expected a complete gzip file; got a damaged one ({error}). Download the file again."
        ) from error


def _read_values(who: str, file: IO[bytes], size: int, *, exact: bool) -> NDArray[np.uint8]:
    """Read header and values; `size` is the file's length if `exact`, otherwise (gzip) an upper limit."""
    shape = _read_shape(who, file)
    declared = 4 + 4 * len(shape) + math.prod(shape)
    if declared > size or (exact and declared < size):
        raise ValueError(
            f"{who}: expected the {declared:,} bytes that the header's shape {shape} declares; got "
            f"{'' if exact else 'a gzip file that may hold at most '}{size:,} bytes. "
            "Download the file again, or correct its header."
        )
    values = np.empty(math.prod(shape), np.uint8)
    view = values.data
    filled = 0
    while filled < len(view):
        # In chunks, so that a gzip file that ends early does not touch all of the memory.
        chunk = file.read(min(CHUNK, len(view) - filled))
        if not chunk:
            break
        view[filled : filled + len(chunk)] = chunk
        filled += len(chunk)
    if filled < len(view) or file.read(1):  # the last read also makes gzip verify its checksum
        raise ValueError(
            f"{who}: expected the {len(view):,} values that the header's shape {shape} declares; "
            f"got {'more' if filled == len(view) else f'{filled:,}'}. Download the file again, or "
            "correct its header."
        )
    return values.reshape(shape)


def _read_shape(who: str, file: IO[bytes]) -> tuple[int, ...]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or not 1 <= magic[3] <= MAX_DIMENSIONS:
        raise ValueError(
            f"{who}: expected an IDX file, which starts with 00 00 08 and the number of dimensions "
            f"(1 to {MAX_DIMENSIONS}); got {magic.hex(' ') or 'an empty file'}. Check the "
            "path."
        )
    if magic[2] != 8:
        raise ValueError(
            f"{who}: expected values of IDX type 0x08 (unsigned byte); got type 0x{magic[2]:02x}. "
            "Save the data as .npz and read that."
        )
    dimensions = file.read(4 * magic[3])
    if len(dimensions) < 4 * magic[3]:
        raise ValueError(
            f"{who}: expected {magic[3]} dimensions of 4 bytes each; got {len(dimensions)} bytes "
            "before the end of the file. Download the file again."
        )
    shape = struct.unpack(f">{magic[3]}I", dimensions)
    if 0 in shape:
        raise ValueError(
            f"{who}: expected dimensions of at least 1; got the shape {shape}. Write the file with its data."
        )
    return shape
