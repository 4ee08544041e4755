"""Pickles of three data sets: the book's MNIST, and the expanded one that its expand_mnist writes."""

import gzip
import os
import pickle
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from network3.datasets.split import Pair

from .bounds import BoundedReader, allowed_bytes
from .foreign import describe
from .idx import GZIP_MAGIC
from .unpickler import ArrayUnpickler, PickledArray, Refused

SETS = ("training", "validation", "test")


def read_pickle(path: str | os.PathLike[str]) -> list[Pair]:
    """Read a pickle of three (images, labels) pairs, gzipped or plain, of Python 2 or 3.

    No function that the file names is called: arrays, lists and numbers are accepted, and everything else is refused.

    Parameters
    ----------
    path : path
        Such as the book's mnist.pkl.gz or mnist_expanded.pkl.gz; compression is detected from the content.

    Returns
    -------
    list of three pairs (images, labels): training, validation, test
        images : array of shape (n, ...), of the file's dtype
            A list of images becomes one float32 array of shape (n, features).

        labels : array of shape (n, ...), of the file's dtype

    Raises
    ------
    pickle.UnpicklingError
        Not a pickle, a damaged one, one that contains anything but arrays of numbers, or one that is not three pairs.
    FileNotFoundError
        No such file.

    Examples
    --------
    >>> pair = np.zeros((2, 4), "float32"), np.array([0, 1])
    >>> with open("data.pkl", "wb") as file:
    ...     pickle.dump((pair, pair, pair), file)
    >>> read_pickle("data.pkl")[0][1]
    array([0, 1])
    """
    path = Path(path)
    who = f"read_pickle({path})"
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        zipped = file.read(2) == GZIP_MAGIC
        file.seek(0)
        # Neither a plain file nor a data set in it can be larger than the file.
        limit = allowed_bytes(size) if zipped else size
        try:
            if zipped:
                with gzip.GzipFile(fileobj=file) as unzipped:
                    content = _load(cast(IO[bytes], unzipped), limit)
            else:
                content = _load(file, limit)
            return _to_pairs(content, limit)
        except Exception as error:  # a damaged pickle may raise anything, according to the pickle documentation
            if isinstance(error, OSError) and error.errno is not None:
                raise  # an error of the disk, not of the file
            raise pickle.UnpicklingError(_reason(who, path, size, error)) from error


def _reason(who: str, path: Path, size: int, error: Exception) -> str:
    """Return the message for a file that is not a pickle of three sets, or is damaged."""
    if (foreign := describe(path)) is not None:
        kind, hint = foreign
        return f"{who}: expected a pickle of three (images, labels) pairs; got {kind}. {hint}"
    if isinstance(error, Refused):
        return (
            f"{who}: expected a pickle of three (images, labels) pairs of numbers; got one with {error}. Nothing in it "
            "was executed. Use the book's mnist.pkl.gz, or save the arrays as .npz."
        )
    if size == 0:
        return f"{who}: expected a pickle of three (images, labels) pairs; got an empty file. Download the file again."
    return (
        f"{who}: expected a complete pickle of three (images, labels) pairs; got {size:,} bytes that cannot be "
        f"unpickled ({type(error).__name__}: {error}). Download the file again, or check the path."
    )


def _load(file: IO[bytes], limit: int) -> Any:
    content = ArrayUnpickler(BoundedReader(cast(Any, file), limit)).load()
    # The unpickler stops at the last byte of the pickle; only a read beyond it makes gzip verify its checksum.
    if file.read(1):
        raise Refused("more bytes after its end")
    return content


def _to_pairs(content: Any, limit: int) -> list[Pair]:
    if not isinstance(content, tuple | list) or len(content) != len(SETS):
        raise Refused(f"{_describe(content)} instead of three sets")
    pairs = []
    for name, pair in zip(SETS, content, strict=True):
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise Refused(f"{_describe(pair)} instead of the {name} set's (images, labels)")
        images = _to_images(name, pair[0], limit)
        labels = _to_row(f"the {name} labels", pair[1])
        if images.ndim < 2 or labels.ndim < 1 or len(images) != len(labels):
            raise Refused(f"{name} images of shape {images.shape} and labels of shape {labels.shape}")
        # An array that views bytes is read-only. It is copied once here, not image by image.
        pairs.append((np.require(images, requirements="W"), np.require(labels, requirements="W")))
    return pairs


def _to_images(name: str, images: Any, limit: int) -> NDArray[Any]:
    """Return the images of one set; a list of images, as expand_mnist writes, becomes one float32 array."""
    if not isinstance(images, list):
        return _to_row(f"the {name} images", images)
    rows = [_to_row(f"{name} image {i}", image).reshape(-1) for i, image in enumerate(images)]
    sizes = {row.size for row in rows}
    if len(sizes) != 1:
        raise Refused(f"{name} images of {len(sizes)} different sizes in one list")
    width = sizes.pop()
    if len(rows) * width > limit:  # a file can refer to one image a million times at no cost
        raise Refused(f"{len(rows):,} {name} images of {width:,} values, more than its size allows,")
    array = np.empty((len(rows), width), np.float32)
    for i, row in enumerate(rows):
        array[i] = row
    return array


def _to_row(what: str, values: Any) -> NDArray[Any]:
    """Return an array unchanged, or a flat list of numbers as an array."""
    if isinstance(values, PickledArray) and values.array is not None:
        return values.array
    if isinstance(values, list) and all(isinstance(value, int | float) for value in values):
        array = np.asarray(values)
        if array.dtype.kind in "buif":
            return array
    raise Refused(f"{_describe(values)} instead of {what}")


def _describe(value: Any) -> str:
    if isinstance(value, PickledArray):
        return "an array" if value.array is not None else "an array without content"
    length = f" of {len(value):,}" if isinstance(value, tuple | list | str | bytes) else ""
    return f"a {type(value).__name__}{length}"
