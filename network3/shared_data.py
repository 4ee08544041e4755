"""Data sets of a file, or the MNIST inside the package, as shared variables."""

import os
from typing import Any, Literal, TypeAlias

import numpy as np
from pytensor import shared
from pytensor.compile.sharedvalue import SharedVariable

from network3.datasets import expand, load_mnist, read
from network3.datasets.pairs import DataPair
from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message, file_path, one_of, shown
from network3.layers.precision import floatX

from .data import GREY_LEVELS, scaled

SharedPair: TypeAlias = tuple[SharedVariable, SharedVariable]

BOOK_FILES = ("mnist.pkl.gz", "mnist_expanded.pkl.gz")


@keywords_checked("load_data_shared")
def load_data_shared(
    filename: str | os.PathLike[str] | None = None, *, storage: Literal["floatX", "uint8"] = "floatX"
) -> list[SharedPair]:
    """Return training, validation and test data as the book's list of three ``(x, y)`` pairs of shared variables.

    Parameters
    ----------
    filename : path, optional
        The book's pickle, a folder of IDX files, or an ``.npz``; None for the MNIST inside the package. If a path
        that ends in ``mnist.pkl.gz`` or ``mnist_expanded.pkl.gz`` does not exist, the package's MNIST is returned
        instead (expanded for the second) and a line is printed, so that the book's listings run anywhere.
    storage : "floatX" or "uint8", default "floatX"
        "uint8" stores images of integer grey levels in a quarter of the memory; they are divided by 256 when used.

    Returns
    -------
    list of three pairs
        Tuples that raise TypeError when they are sliced: a slice would be of the pair, not of its examples.
        x : shared variable of shape (n, features), float32 or float64 in [0, 1), or uint8
        y : shared int32 vector of shape (n,), the labels

    Raises
    ------
    FileNotFoundError, ValueError, pickle.UnpicklingError
        The file is missing, damaged, or of another format.

    Examples
    --------
    >>> training_data, validation_data, test_data = load_data_shared(storage="uint8")
    >>> training_data[0].get_value().shape
    (50000, 784)
    """
    one_of("load_data_shared: storage", storage, ("floatX", "uint8"))
    return [
        DataPair((shared(_stored(images, storage), borrow=True), shared(labels, borrow=True)))
        for images, labels in _read(filename)
    ]


@keywords_checked("size")
def size(data: tuple[np.ndarray | SharedVariable, Any]) -> int:
    """Return the number of examples in `data`, a pair ``(x, y)``.

    Parameters
    ----------
    data : pair (x, y) of arrays or shared variables
        x has a row for each example.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        No such pair.

    Examples
    --------
    >>> import numpy as np
    >>> size((np.zeros((5, 784)), np.zeros(5)))
    5
    """
    x = data[0] if isinstance(data, tuple | list) and len(data) == 2 else None
    x = x.get_value(borrow=True) if isinstance(x, SharedVariable) else x
    if not hasattr(x, "__len__") or np.shape(x) == ():
        hint = "Pass e.g. the first of what load_data_shared() returns."
        raise TypeError(error_message("size", "expected a pair (x, y)", shown(data), hint))
    return len(x)


def _read(filename: str | os.PathLike[str] | None) -> list[tuple[np.ndarray, np.ndarray]]:
    if filename is None:
        return load_mnist()
    path = file_path("load_data_shared: filename", filename)
    if path.name not in BOOK_FILES or path.exists():
        return read(path)
    training, validation, test = load_mnist()
    if path.name == BOOK_FILES[1]:
        training = expand(*training)
    kind = "MNIST, expanded five-fold," if path.name == BOOK_FILES[1] else "MNIST"
    print(f"{filename} is not there: using the {kind} inside network3.")
    return [training, validation, test]


def _stored(images: np.ndarray, storage: str) -> np.ndarray:
    if storage == "floatX":
        return scaled(images, floatX())
    if images.dtype == np.uint8:
        return images
    levels = images * GREY_LEVELS
    if not (np.array_equal(levels, np.rint(levels)) and levels.min() >= 0 and levels.max() < GREY_LEVELS):
        raise ValueError(
            error_message(
                "load_data_shared",
                "storage='uint8' needs pixels that are integer grey levels / 256",
                f"values from {images.min():g} to {images.max():g}",
                "Leave storage at 'floatX'.",
            )
        )
    return levels.astype(np.uint8)
