"""Checks of images and labels before training.

They run in NumPy because compiled code does not check: a label beyond the outputs reads memory out of bounds, and a
single NaN pixel silently turns every weight into NaN.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
    checked_images = _to_array(name, "images", images)
    checked_labels = _to_array(name, "labels", labels)
    if checked_images.ndim < 2:
        raise ValueError(
            f"{name}: images must have the shape (n, features) or (n, ...); got "
            f"{checked_images.shape}. Reshape a single image with reshape(1, -1)."
        )
    if 0 in checked_images.shape:
        raise ValueError(
            f"{name}: images must be at least one, of at least one value; got the shape "
            f"{checked_images.shape}. Omit an empty set."
        )
    if checked_labels.ndim < 1 or len(checked_labels) != len(checked_images):
        raise ValueError(
            f"{name}: labels must be {len(checked_images)}, one for each image; got the shape "
            f"{checked_labels.shape}. Pass the labels of these images."
        )
    checked_images = _to_numbers(name, "images", checked_images, keep_uint8=True)
    if checked_images.ndim > 2:
        checked_images = checked_images.reshape(len(checked_images), -1)
    if targets == "values":
        return checked_images, _to_numbers(name, "labels", checked_labels, keep_uint8=False)
    return checked_images, _to_class_numbers(name, checked_labels)


def _to_array(name: str, what: str, values: ArrayLike) -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError as error:  # lists of unequal lengths
        raise ValueError(
            f"{name}: {what} must be one array; got values that NumPy cannot convert ({error}). "
            "Use the same shape for every example."
        ) from error
    if array.dtype.kind not in "buif":
        raise TypeError(
            f"{name}: {what} must be integers or floats; got dtype {array.dtype}. Convert them "
            "with astype; np.unique(names, return_inverse=True)[1] turns class names into numbers."
        )
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _to_numbers(name: str, what: str, array: NDArray[Any], *, keep_uint8: bool) -> NDArray[Any]:
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
            raise ValueError(
                f"{name}: {what} must be finite; got {value}, first in row {row}. Remove such "
                "examples, or replace the values (np.nan_to_num)."
            )
        return array
    if int(low) < -EXACT_IN_FLOAT32 or int(high) > EXACT_IN_FLOAT32:
        raise ValueError(
            f"{name}: {what} that are {array.dtype} must lie within +-{EXACT_IN_FLOAT32:,}, which "
            f"float32 represents exactly; got {low} to {high}. Scale them and pass floats."
        )
    return array.astype(np.float32)


def _to_class_numbers(name: str, labels: NDArray[Any]) -> NDArray[np.int32]:
    if labels.ndim != 1:
        column = labels.size == len(labels)
        hint = "labels.ravel()" if column else "labels.argmax(axis=1) if they are one-hot"
        raise ValueError(
            f"{name}: labels must have the shape ({len(labels)},); got {labels.shape}. Pass "
            f"{hint}, or targets='values' for a regression."
        )
    if labels.dtype.kind == "f":
        # The comparison is false for NaN; infinity equals its floor.
        wrong = np.flatnonzero(~(labels == np.floor(labels)) | np.isinf(labels))
        if wrong.size:
            raise ValueError(
                f"{name}: labels must be class numbers; got {labels[wrong[0]]} in row {wrong[0]}. "
                "Number the classes 0, 1, 2, ..., or pass targets='values' for a regression."
            )
    # As Python integers: float32 would round the largest int32 up and accept 2**31.
    low, high = map(int, _extremes(labels))
    if low < 0 or high > LARGEST_LABEL:
        raise ValueError(
            f"{name}: labels must lie between 0 and {LARGEST_LABEL}; got {low} to {high}. "
            "Number the classes 0, 1, 2, ..."
        )
    return labels.astype(np.int32, copy=False)


def _extremes(array: NDArray[Any]) -> tuple[Any, Any]:
    with np.errstate(invalid="ignore"):
        return array.min(), array.max()
