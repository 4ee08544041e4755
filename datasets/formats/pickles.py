"""The book's pickle of MNIST, and the expanded one that its expand_mnist writes."""

import gzip
import os
import pickle
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from network3.datasets.split import Pair

from .bounds import BoundedReader, allowed_bytes
from .idx import GZIP_MAGIC
from .unpickler import ArrayUnpickler, Refused, Shell

SETS = ("training", "validation", "test")


def read_pickle(path: str | os.PathLike[str]) -> list[Pair]:
    """Read a pickle of three (images, labels) pairs, gzipped or plain, of Python 2 or 3.

    Nothing that the file names is run: it may hold arrays, lists and numbers, and is refused
    otherwise.

    Parameters
    ----------
    path : path
        Such as the book's mnist.pkl.gz or mnist_expanded.pkl.gz; the content tells whether it is
        gzipped.

    Returns
    -------
    list of three pairs (images, labels): training, validation, test
        images : array of shape (n, ...), of the file's dtype
            A list of images becomes one float32 array of shape (n, features).
        labels : array of shape (n, ...), of the file's dtype

    Raises
    ------
    pickle.UnpicklingError
        Not a pickle, a damaged one, one that asks for anything but arrays of numbers, or one that
        is not three pairs.
    FileNotFoundError
        No such file.
    """
    path = Path(path)
    who = f"read_pickle({path})"
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        zipped = file.read(2) == GZIP_MAGIC
        file.seek(0)
        # A plain file cannot give more than it holds, nor can a whole data set.
        limit = allowed_bytes(size) if zipped else size
        try:
            if zipped:
                with gzip.GzipFile(fileobj=file) as unzipped:
                    content = _load(cast(IO[bytes], unzipped), limit)
            else:
                content = _load(file, limit)
            return _to_pairs(content, limit)
        except Refused as error:
            raise pickle.UnpicklingError(
                f"{who}: expected a pickle of three (images, labels) pairs of numbers; got one with "
                f"{error}. Nothing in it was run. Use the book's mnist.pkl.gz, or save the arrays "
                "as .npz."
            ) from error
        except Exception as error:  # a damaged pickle may raise anything, says the pickle module
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk's trouble, not the file's
            raise pickle.UnpicklingError(
                f"{who}: expected a whole pickle of three (images, labels) pairs; got {size:,} bytes "
                f"that are none ({type(error).__name__}: {error}). Fetch the file again, or name "
                "the right one."
            ) from error


def _load(file: IO[bytes], limit: int) -> Any:
    content = ArrayUnpickler(BoundedReader(cast(Any, file), limit)).load()
    # The unpickler stops at the pickle's last byte; only the read beyond makes gzip check its
    # checksum.
    if file.read(1):
        raise Refused("more bytes behind its end")
    return content


def _to_pairs(content: Any, limit: int) -> list[Pair]:
    if not isinstance(content, tuple | list) or len(content) != len(SETS):
        raise Refused(f"{_describe(content)} where three sets should be")
    pairs = []
    for name, pair in zip(SETS, content, strict=True):
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise Refused(f"{_describe(pair)} where the {name} set's (images, labels) should be")
        images = _to_images(name, pair[0], limit)
        labels = _to_row(f"the {name} labels", pair[1])
        if images.ndim < 2 or labels.ndim < 1 or len(images) != len(labels):
            raise Refused(f"{name} images of shape {images.shape} and labels of shape {labels.shape}")
        # An array upon bytes cannot be written to. Copied only here, not image by image.
        pairs.append((np.require(images, requirements="W"), np.require(labels, requirements="W")))
    return pairs


def _to_images(name: str, images: Any, limit: int) -> NDArray[Any]:
    """The images of one set; a list of them, as expand_mnist writes, becomes one float32 array."""
    if not isinstance(images, list):
        return _to_row(f"the {name} images", images)
    rows = [_to_row(f"{name} image {i}", image).reshape(-1) for i, image in enumerate(images)]
    sizes = {row.size for row in rows}
    if len(sizes) != 1:
        raise Refused(f"{name} images of {len(sizes)} different sizes in one list")
    width = sizes.pop()
    if len(rows) * width > limit:  # one image named a million times costs the file nothing
        raise Refused(f"{len(rows):,} {name} images of {width:,} values, more than its bytes can hold,")
    array = np.empty((len(rows), width), np.float32)
    for i, row in enumerate(rows):
        array[i] = row
    return array


def _to_row(what: str, values: Any) -> NDArray[Any]:
    """An array as it is, or a flat list of numbers as an array."""
    if isinstance(values, Shell) and values.array is not None:
        return values.array
    if isinstance(values, list) and all(isinstance(value, int | float) for value in values):
        array = np.asarray(values)
        if array.dtype.kind in "buif":
            return array
    raise Refused(f"{_describe(values)} where {what} should be")


def _describe(value: Any) -> str:
    if isinstance(value, Shell):
        return "an array" if value.array is not None else "an array without content"
    length = f" of {len(value):,}" if isinstance(value, tuple | list | str | bytes) else ""
    return f"a {type(value).__name__}{length}"
