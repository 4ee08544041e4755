"""Data sets as users pass them, converted to checked NumPy arrays before anything is compiled."""

import math
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable

from network3.datasets.arrays import to_array
from network3.datasets.checks import check_count, to_class_numbers, to_numbers
from network3.layers.checks import error_message

from .forms import split
from .graph import NetworkLike
from .images import cast, checked_images, warn_of_range

Values: TypeAlias = ArrayLike | SharedVariable | Variable
Data: TypeAlias = tuple[Values, Values] | Iterable[tuple[ArrayLike, ArrayLike]]

GREY_LEVELS = 256  # a pixel is its grey level / 256, as in the book's file


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


def examples(
    name: str, data: Data, net: NetworkLike, cost: Callable | None = None, like: Examples | None = None
) -> Examples:
    """Check `data` against `net` and return it as arrays of the network's types.

    Parameters
    ----------
    name : str
        Of the data set, for messages.
    data : pair (x, y) of arrays or shared variables, or a list of pairs (pixels, target)
        Images have the axes of the first layer's image_shape, or one. A target is a label, a row with a single 1, or
        values; axes of length 1 may be left out or added.
    net : Network
    cost : callable, optional
        As in `Network.SGD`. With one, a last layer without a cost of its own takes values as well, see `_are_values`.
    like : Examples, optional
        The training data, with whose kind of targets these must agree.

    Raises
    ------
    TypeError, ValueError
        Shapes, types, labels or values do not fit the network.

    Warns
    -----
    TrainingWarning
        Images with values far from [0, 1].
    """
    given_images, given_targets = split(name, data, net)
    images = checked_images(name, given_images, net)
    targets = to_array(name, "labels", given_targets)
    check_count(name, targets, len(images))
    rows = targets.reshape(len(targets), *(length for length in targets.shape[1:] if length != 1))
    declared = not net.y.dtype.startswith("int")
    if declared or _are_values(rows, net, cost, like):
        values = _to_shape(name, targets, rows, net, net.y.ndim if declared else 2)
        targets = cast(name, "targets", to_numbers(name, "targets", values), net.y.dtype if declared else net.floatX)
    else:
        targets = _to_labels(name, rows, net)
    warn_of_range(name, images)
    return Examples(images, targets)


def _are_values(rows: np.ndarray, net: NetworkLike, cost: Callable | None, like: Examples | None) -> bool:
    """Return whether the targets of a layer that declares none are values, one for each of its outputs.

    A layer without a cost of its own, such as a FullyConnectedLayer, takes what the `cost` that was passed takes:
    labels, also as rows with a single 1, or values. A single output has values, except for integers that are all 0, the
    label of its only class.
    """
    if cost is None or hasattr(net.layers[-1], "cost"):
        return False
    if like is not None:
        return like.targets.ndim > 1
    if net.output_width == 1:
        return rows.dtype.kind == "f" or bool(rows.any())
    return rows.ndim == 2 and not _is_one_hot(rows)


def _is_one_hot(rows: np.ndarray) -> bool:
    return bool(np.isin(rows, (0, 1)).all() and (rows.sum(axis=1) == 1).all())


def _to_shape(name: str, targets: np.ndarray, rows: np.ndarray, net: NetworkLike, ndim: int) -> np.ndarray:
    """Return values in the shape that the last layer takes; `rows` are `targets` without axes of length 1."""
    width = net.output_width if ndim == 2 else 1
    if ndim <= 2 and rows.ndim <= 2:
        size = math.prod(rows.shape[1:])
        if width in (None, size):
            return rows.reshape((len(rows), size) if ndim == 2 else len(rows))
    if targets.ndim != ndim:
        expected = f"targets must have {ndim} axes, the target_ndim of the last layer"
        hint = "Reshape them, one row for each example."
        raise ValueError(error_message(name, expected, f"shape {targets.shape}", hint))
    if ndim == 2:
        expected = f"expected targets of {width} values, the outputs of the last layer"
        hint = f"Pass a row of {width} for each example, or change n_out of the last layer."
        raise ValueError(error_message(name, expected, f"shape {targets.shape}", hint))
    return targets


def _to_labels(name: str, rows: np.ndarray, net: NetworkLike) -> np.ndarray:
    """Return class numbers as an int32 array of shape (n,); `rows` are such numbers, or have a single 1 each."""
    classes = net.output_width
    if rows.ndim > 1:
        if rows.ndim > 2 or not _is_one_hot(rows):
            expected = "labels must be class numbers, or rows with a single 1"
            hint = "Pass class numbers 0, 1, 2, ...; for values end with a RegressionLayer."
            raise ValueError(error_message(name, expected, f"shape {rows.shape} with other values", hint))
        if classes not in (None, rows.shape[1]):
            expected = f"rows with a single 1 must have {classes} entries, the outputs of the last layer"
            hint = f"Give the last layer n_out={rows.shape[1]}, or pass class numbers."
            raise ValueError(error_message(name, expected, f"shape {rows.shape}", hint))
        rows = rows.argmax(axis=1)
    labels = to_class_numbers(name, rows)
    if classes is not None and labels.max() >= classes:
        expected = f"labels must lie in 0..{classes - 1}, for the {classes} outputs of the last layer"
        hint = f"Number the classes from 0, or give the last layer n_out={labels.max() + 1}; "
        hint += "images without labels are for net.predict."
        raise ValueError(error_message(name, expected, f"{labels.max()} in row {int(labels.argmax())}", hint))
    return np.ascontiguousarray(labels, dtype=net.y.dtype)
