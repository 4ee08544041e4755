"""Writers of data sets: the book's pickle, and .npz."""

import gzip
import pickle
from typing import IO, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from network3.datasets.split import Pair

GREY_LEVELS = 256  # pixels in the book's file are grey levels / 256
COMPRESSION_LEVEL = 3  # 9 takes ten times as long and saves a few per cent


def write_pickle(file: IO[bytes], training: Pair, validation: Pair, test: Pair) -> None:
    """Write three data sets in the format of the book's programs: a gzipped pickle of (images, labels) pairs.

    Parameters
    ----------
    file : binary file
    training, validation, test : pairs (images, labels)
        images : uint8 grey levels or float array of shape (n, features); written as float32, grey levels / 256
        labels : integer array of shape (n,); written as int64

    Examples
    --------
    >>> import numpy as np
    >>> import io
    >>> pair = np.array([[0, 128]], "uint8"), np.array([1])
    >>> file = io.BytesIO()
    >>> write_pickle(file, pair, pair, pair)
    >>> pickle.loads(gzip.decompress(file.getvalue()))[0][0]
    array([[0. , 0.5]], dtype=float32)
    """
    sets = tuple((_floats(images), np.asarray(labels, np.int64)) for images, labels in (training, validation, test))
    # Without file name and time, equal data give equal files. Protocol 5 does not copy arrays.
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=COMPRESSION_LEVEL, mtime=0) as zipped:
        pickle.dump(sets, zipped, protocol=5)


def write_npz(file: IO[bytes], training: Pair, validation: Pair, test: Pair) -> None:
    """Write three data sets, with their dtypes, as an .npz file for `read_npz`.

    Parameters
    ----------
    file : binary file
    training, validation, test : pairs (images, labels)
        images : array of shape (n, ...)
        labels : array of shape (n, ...)

    Examples
    --------
    >>> import numpy as np
    >>> pair = np.array([[0, 128]], "uint8"), np.array([1])
    >>> with open("data.npz", "wb") as file:
    ...     write_npz(file, pair, pair, pair)
    >>> np.load("data.npz")["x_train"]
    array([[  0, 128]], dtype=uint8)
    """
    arrays: dict[str, Any] = {}
    for name, (images, labels) in (("train", training), ("validation", validation), ("test", test)):
        arrays |= {f"x_{name}": np.asarray(images), f"y_{name}": np.asarray(labels)}
    np.savez_compressed(file, **arrays)


def _floats(images: ArrayLike) -> NDArray[np.float32]:
    images = np.asarray(images)
    if images.dtype == np.uint8:
        return np.multiply(images, np.float32(1 / GREY_LEVELS), dtype=np.float32)
    return np.asarray(images, np.float32)
