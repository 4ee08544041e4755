"""Data sets as files: the book's pickle, and an .npz."""

import gzip
import pickle
from typing import IO, Any

import numpy as np

from network3.datasets.split import Pair

GREY_LEVELS = 256  # the book's file has a pixel as its grey level / 256
LEVEL = 3  # of compression; 9 takes ten times as long for a few per cent


def write_pickle(file: IO[bytes], training: Pair, validation: Pair, test: Pair) -> None:
    """Write three data sets as the book's programs read them: a gzipped pickle of (images, labels) pairs.

    Parameters
    ----------
    file : binary file
    training, validation, test : pairs (images, labels)
        images : uint8 grey levels or float array of shape (n, features); written as float32, grey levels / 256
        labels : integer array of shape (n,); written as int64

    Examples
    --------
    >>> import io
    >>> pair = np.array([[0, 128]], "uint8"), np.array([1])
    >>> file = io.BytesIO()
    >>> write_pickle(file, pair, pair, pair)
    >>> pickle.loads(gzip.decompress(file.getvalue()))[0][0]
    array([[0. , 0.5]], dtype=float32)
    """
    sets = tuple((_floats(images), np.asarray(labels, np.int64)) for images, labels in (training, validation, test))
    # No name and no time inside: the same data give the same file. From protocol 5 on, arrays are not copied.
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=LEVEL, mtime=0) as zipped:
        pickle.dump(sets, zipped, protocol=5)


def write_npz(file: IO[bytes], training: Pair, validation: Pair, test: Pair) -> None:
    """Write three data sets, of the types they have, as an .npz that `read_npz` reads.

    Parameters
    ----------
    file : binary file
    training, validation, test : pairs (images, labels)
        images : array of shape (n, ...)
        labels : array of shape (n, ...)
    """
    arrays: dict[str, Any] = {}
    for name, (images, labels) in (("train", training), ("validation", validation), ("test", test)):
        arrays |= {f"x_{name}": np.asarray(images), f"y_{name}": np.asarray(labels)}
    np.savez_compressed(file, **arrays)


def _floats(images) -> np.ndarray:
    images = np.asarray(images)
    if images.dtype == np.uint8:
        return np.multiply(images, np.float32(1 / GREY_LEVELS), dtype=np.float32)
    return np.asarray(images, np.float32)
