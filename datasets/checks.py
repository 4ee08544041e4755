"""Checks of images and labels before training.

They run in NumPy because compiled code does not check: a label beyond the outputs reads memory out of bounds, and a
single NaN pixel silently turns every weight into NaN.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arrays import to_array
from .split import Pair

EXACT_IN_FLOAT32 = 2**24  # float32 represents every integer up to this one
LARGEST_LABEL = np.iinfo(np.int32).max


def check_pair(
    name: str,
    images: ArrayLike,
    labels: ArrayLike,
    *,
    targets: Literal["labels", "values"] = "labels",
) -> Pair:
    """Check one data set and convert it to the form that a network expects.

    Arrays that already have this form are returned without a copy.

    Parameters
    ----------
    name : str
        Name of the set in error messages, such as "training data".
    images : array of shape (n, features) or (n, ...), n >= 1
        uint8 or float; booleans and other integers are converted to float32.
    labels : array of shape (n,), or (n, ...) with targets="values"
        Class numbers from 0, of any integer dtype or floats without a fraction; or regression targets.
    targets : {"labels", "values"}, default "labels"
        Whether the labels are class numbers or regression targets.

    Returns
    -------
    images : uint8 or float array of shape (n, features), flattened in C order
    labels : int32 array of shape (n,); with targets="values" a float array of the same shape

    Raises
    ------
    TypeError
        Images or labels that are not numbers.
    ValueError
        An empty set, different numbers of images and labels, a NaN or infinite value, an integer that float32
        cannot represent exactly, or labels that are fractional, negative, one-hot or beyond int32.

    Examples
    --------
    >>> images, labels = check_pair("training data", np.zeros((2, 3, 4)), [7.0, 1.0])
    >>> images.shape, labels
    ((2, 12), array([7, 1], dtype=int32))
    """
    if targets not in ("labels", "values"):
        raise ValueError(
            f"check_pair: targets must be 'labels' or 'values'; got {targets!r}. Omit it for class numbers."
        )
    checked_images, checked_labels = check_images(name, images), to_array(name, "labels", labels)
    check_count(name, checked_labels, len(checked_images))
    if targets == "values":
        return checked_images, to_numbers(name, "labels", checked_labels)
    return checked_images, to_class_numbers(name, checked_labels)


def check_images(name: str, images: ArrayLike) -> NDArray[Any]:
    """Return `images` of `check_pair` as it returns them: flattened, finite, of uint8 or floats."""
    array = to_array(name, "images", images)
    if array.ndim < 2:
        raise ValueError(
            f"{name}: images must have the shape (n, features) or (n, ...); got {array.shape}. Reshape a single image "
            "with reshape(1, -1), and pass images before labels."
        )
    if 0 in array.shape:
        raise ValueError(
            f"{name}: images must be at least one, of at least one value; got the shape {array.shape}. "
            "Omit an empty set."
        )
    array = to_numbers(name, "images", array, keep_uint8=True)
    return array if array.ndim == 2 else array.reshape(len(array), -1)


def check_count(name: str, labels: NDArray[Any], count: int) -> None:
    """Raise ValueError unless there is one of `labels` for each of `count` images."""
    if labels.ndim < 1 or len(labels) != count:
        raise ValueError(
            f"{name}: labels must be {count}, one for each image; got the shape {labels.shape}. "
            "Pass the labels of these images."
        )


def to_numbers(name: str, what: str, array: NDArray[Any], *, keep_uint8: bool = False) -> NDArray[Any]:
    """Return finite floats and uint8 unchanged, and other integers as float32."""
    if (keep_uint8 and array.dtype == np.uint8) or array.size == 0:
        return array
    low, high = _extremes(array)
    if array.dtype.kind == "f":
        # min and max propagate NaN: two passes without a temporary array check that all values are finite.
        if not (np.isfinite(low) and np.isfinite(high)):
            finite = np.isfinite(array.reshape(len(array), -1))
            row = int(finite.all(axis=1).argmin())
            value = array.reshape(len(array), -1)[row, finite[row].argmin()]
            header = (
                " Row 0 may be the header line of a file." if row == 0 < len(finite) - 1 and not finite[0].any() else ""
            )
            raise ValueError(
                f"{name}: {what} must be finite; got {value}, first in row {row}. Remove such "
                f"examples, or replace the values (np.nan_to_num).{header}"
            )
        return array
    if int(low) < -EXACT_IN_FLOAT32 or int(high) > EXACT_IN_FLOAT32:
        raise ValueError(
            f"{name}: {what} that are {array.dtype} must lie within +-{EXACT_IN_FLOAT32:,}, which "
            f"float32 represents exactly; got {low} to {high}. Scale them and pass floats."
        )
    return array.astype(np.float32)


def to_class_numbers(name: str, labels: NDArray[Any]) -> NDArray[np.int32]:
    """Return `labels` as an int32 array of shape (n,), if they are class numbers from 0."""
    if labels.ndim != 1:
        column = labels.size == len(labels)
        hint = "labels.ravel()" if column else "labels.argmax(axis=1) if they are one-hot"
        raise ValueError(
            f"{name}: labels must have the shape ({len(labels)},); got {labels.shape}. Pass "
            f"{hint}; for values end with a RegressionLayer (check_pair: targets='values')."
        )
    if labels.dtype.kind == "f":
        # The comparison is false for NaN; infinity equals its floor.
        wrong = np.flatnonzero(~(labels == np.floor(labels)) | np.isinf(labels))
        if wrong.size:
            raise ValueError(
                f"{name}: labels must be class numbers; got {labels[wrong[0]]} in row {wrong[0]}. "
                "Number the classes 0, 1, 2, ...; for values end with a RegressionLayer (check_pair: targets='values')."
            )
    # As Python integers: float32 would round the largest int32 up and accept 2**31.
    low, high = map(int, _extremes(labels))
    if low < 0 or high > LARGEST_LABEL:
        raise ValueError(
            f"{name}: labels must lie between 0 and {LARGEST_LABEL}; got {low} to {high}. Number the classes 0, 1, 2, "
            "..., e.g. with np.unique(labels, return_inverse=True)[1]; images without labels are for predict."
        )
    return labels.astype(np.int32, copy=False)


def _extremes(array: NDArray[Any]) -> tuple[Any, Any]:
    with np.errstate(invalid="ignore"):
        return array.min(), array.max()
