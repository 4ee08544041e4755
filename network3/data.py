"""Data sets as users pass them, converted to checked NumPy arrays before anything is compiled."""

import os
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from pytensor import shared
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable

from network3.datasets import check_pair, expand, load_mnist, read
from network3.layers.checks import error_message, keywords_checked, one_of
from network3.layers.precision import floatX

from .graph import NetworkLike

Values: TypeAlias = ArrayLike | SharedVariable | Variable
Data: TypeAlias = tuple[Values, Values] | Iterable[tuple[ArrayLike, ArrayLike]]
SharedPair: TypeAlias = tuple[SharedVariable, SharedVariable]

GREY_LEVELS = 256  # a pixel is its grey level / 256, as in the book's file
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
        x : shared variable of shape (n, features), float32 or float64 in [0, 1), or uint8
        y : shared int32 vector of shape (n,), the labels

    Raises
    ------
    FileNotFoundError, ValueError, pickle.UnpicklingError
        The file is missing, damaged, or of another format.
    """
    one_of("load_data_shared: storage", storage, ("floatX", "uint8"))
    return [
        (shared(_stored(images, storage), borrow=True), shared(labels, borrow=True))
        for images, labels in _read(filename)
    ]


def size(data: tuple[np.ndarray | SharedVariable, Any]) -> int:
    """Return the number of examples in `data`, a pair ``(x, y)``."""
    x = data[0]
    return len(x.get_value(borrow=True) if isinstance(x, SharedVariable) else x)


def _read(filename: str | os.PathLike[str] | None) -> list[tuple[np.ndarray, np.ndarray]]:
    if filename is None:
        return load_mnist()
    path = Path(filename)
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


def scaled(images: np.ndarray, dtype: str) -> np.ndarray:
    """Return `images` as an array of type `dtype`: grey levels (uint8) divided by 256, floats unchanged."""
    if images.dtype == np.uint8:
        return np.multiply(images, np.dtype(dtype).type(1 / GREY_LEVELS), dtype=dtype)
    return np.ascontiguousarray(images, dtype=dtype)


@dataclass(frozen=True)
class Examples:
    """A checked data set: `images` (n, features) of uint8 or float, `targets` (n,) labels or (n, k) values."""

    images: np.ndarray
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    @cached_property
    def fingerprint(self) -> str:
        """Size and checksum, by which a checkpoint recognizes its data; MNIST takes a fraction of a second."""
        checksum = zlib.crc32(self.targets.data, zlib.crc32(self.images.data))
        return f"{len(self):,} examples with checksum {checksum:08x}"


def examples(name: str, data: Data, net: NetworkLike) -> Examples:
    """Check `data` against `net` and return it as arrays of the network's types.

    Parameters
    ----------
    name : str
        Of the data set, for messages.
    data : pair (x, y) of arrays or shared variables, or a list of pairs (column of pixels, label or one-hot column)
    net : Network

    Raises
    ------
    TypeError, ValueError
        Shapes, types, labels or values do not fit the network.
    """
    images, targets = _pair(name, data)
    kind: Literal["labels", "values"] = "labels" if net.y.dtype.startswith("int") else "values"
    if kind == "labels" and np.ndim(targets) > 1:
        targets = _from_one_hot(name, np.asarray(targets))
    images, targets = check_pair(name, images, targets, targets=kind)
    images = images if images.dtype == np.uint8 else np.ascontiguousarray(images, dtype=net.floatX)
    check_width(name, images, net)
    if kind == "labels":
        _check_labels(name, targets, net)
    elif targets.ndim != net.y.ndim:
        raise ValueError(
            error_message(
                name,
                f"targets must have {net.y.ndim} axes, the target_ndim of the last layer",
                f"shape {targets.shape}",
                "Reshape them, one row for each example.",
            )
        )
    elif targets.ndim == 2 and net.output_width not in (None, targets.shape[1]):
        raise ValueError(
            error_message(
                name,
                f"expected targets of {net.output_width} values, the outputs of the last layer",
                f"shape {targets.shape}",
                f"Pass a row of {net.output_width} for each example, or change n_out of the last layer.",
            )
        )
    return Examples(np.ascontiguousarray(images), np.ascontiguousarray(targets, dtype=net.y.dtype))


def check_width(name: str, images: np.ndarray, net: NetworkLike) -> None:
    """Raise ValueError unless each image has as many values as the first layer takes."""
    width = net.input_width
    if width is not None and images.shape[1] != width:
        raise ValueError(
            error_message(
                name,
                f"layer 1 ({type(net.layers[0]).__name__}) takes {width} values for each example",
                f"images of {images.shape[1]} values",
                "Change n_in or image_shape of layer 1, or pass data of that size.",
            )
        )


def value_of(variable: Any) -> Any:
    """Return the value of a shared variable, or of an expression without inputs such as a cast; others unchanged."""
    if isinstance(variable, SharedVariable):
        return np.asarray(variable.get_value(borrow=True))
    if isinstance(variable, Variable):
        return variable.eval(mode="FAST_COMPILE")
    return variable


def _pair(name: str, data: Any) -> tuple[Any, Any]:
    """Split `data`, in either of its two forms, into images and targets."""
    if isinstance(data, tuple | list) and len(data) == 2 and not _is_pair_of_example(data[0]):
        return value_of(data[0]), value_of(data[1])
    try:
        pairs = list(data)
        images = [np.asarray(x).ravel() for x, _ in pairs]
        targets = [y for _, y in pairs]
    except (TypeError, ValueError) as error:
        raise TypeError(
            error_message(
                name,
                "expected a pair (x, y) of arrays or shared variables, or a list of pairs (pixels, label)",
                type(data).__name__,
                "Pass e.g. what load_data_shared() returns, or (images, labels).",
            )
        ) from error
    labels = [np.ravel(y) for y in targets]
    one_hot = bool(labels) and len(labels[0]) > 1
    return images, np.stack(labels) if one_hot else np.concatenate(labels) if labels else labels


def _is_pair_of_example(item: Any) -> bool:
    """Whether `item` is (pixels, label) for one example, not an array of images."""
    return isinstance(item, tuple) and len(item) == 2


def _from_one_hot(name: str, targets: np.ndarray) -> np.ndarray:
    rows = targets.reshape(len(targets), -1)
    if rows.shape[1] == 1:
        return rows[:, 0]
    if not (np.isin(rows, (0, 1)).all() and (rows.sum(axis=1) == 1).all()):
        raise ValueError(
            error_message(
                name,
                "labels must be class numbers, or rows with a single 1",
                f"shape {targets.shape} with other values",
                "Pass class numbers 0, 1, 2, ...",
            )
        )
    return rows.argmax(axis=1)


def _check_labels(name: str, labels: np.ndarray, net: NetworkLike) -> None:
    classes = net.output_width
    if classes is not None and labels.max() >= classes:
        raise ValueError(
            error_message(
                name,
                f"labels must lie in 0..{classes - 1}, for the {classes} outputs of the last layer",
                f"{labels.max()} in row {int(labels.argmax())}",
                f"Number the classes from 0, or give the last layer n_out={labels.max() + 1}.",
            )
        )
