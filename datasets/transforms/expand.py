"""The book's five-fold expansion: every image, and four copies shifted by one pixel."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .image_checks import check_fill, check_image_shape

# (rows, columns) in the order of the book's expand_mnist: none, down, up, right, left.
SHIFTS = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
CHUNK = 1024  # images shifted at a time, which bounds the working memory


def expand(
    images: ArrayLike,
    labels: ArrayLike,
    *,
    fill: float = 0,
    seed: int | np.random.Generator | None = 0,
    image_shape: tuple[int, ...] = (28, 28),
    shuffle: bool = True,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return each image and its copies shifted down, up, right and left by one pixel.

    Before the shuffle, row ``5 i + k`` is image i with the k-th of these shifts; row j of the result is then row
    ``np.random.default_rng(seed).permutation(5 * n)[j]`` of that order.

    Parameters
    ----------
    images : array of shape (n, ...), each row the values of `image_shape` in C order
        uint8, another integer, or float.
    labels : array of shape (n, ...)
        One for each image; repeated for its copies.
    fill : number, default 0
        Value of the row or column that a shift uncovers: the background of the images.
    seed : int, Generator or None, default 0
        Of the shuffle; None gives a different order each time.
    image_shape : (height, width) or (channels, height, width), default (28, 28)
        Shape of one image; the last two axes are shifted.
    shuffle : bool, default True
        Whether to shuffle all 5 n examples once. The book's SGD uses the examples in file order.

    Returns
    -------
    images : array of shape (5 n, ...), with the dtype and trailing shape of the argument
    labels : array of shape (5 n, ...), with the dtype and trailing shape of the argument

    Raises
    ------
    TypeError
        Images that are not numbers.
    ValueError
        `image_shape` does not fit the images, there are not as many labels as images, or the dtype of the images
        cannot represent `fill`.

    Examples
    --------
    >>> x, y = expand(np.array([[1, 2, 3, 4]]), [7], image_shape=(2, 2), shuffle=False)
    >>> x.tolist()
    [[1, 2, 3, 4], [0, 0, 1, 2], [3, 4, 0, 0], [0, 1, 0, 3], [2, 0, 4, 0]]
    >>> y.tolist()
    [7, 7, 7, 7, 7]
    """
    images, labels = np.asarray(images), np.asarray(labels)
    image_shape = check_image_shape("expand", images, image_shape)
    if labels.ndim < 1 or len(labels) != len(images):
        raise ValueError(
            f"expand: labels must be {len(images)}, one for each image; got the shape "
            f"{labels.shape}. Pass the labels of these images."
        )
    check_fill("expand", images, fill)
    n, copies = len(images), len(SHIFTS)
    order = np.arange(copies * n)
    if shuffle:
        order = np.random.default_rng(seed).permutation(copies * n)
    target_rows = np.empty((n, copies), np.intp)  # of the k-th copy of image i
    target_rows.reshape(-1)[order] = np.arange(copies * n)

    expanded = np.empty((copies * n, *image_shape), images.dtype)
    expanded_labels = np.empty((copies * n, *labels.shape[1:]), labels.dtype)
    for start in range(0, n, CHUNK):
        rows = slice(start, start + CHUNK)
        chunk = images[rows].reshape(-1, *image_shape)
        for k, (down, right) in enumerate(SHIFTS):
            expanded[target_rows[rows, k]] = _shift(chunk, down, right, fill)
            expanded_labels[target_rows[rows, k]] = labels[rows]
    return expanded.reshape(copies * n, *images.shape[1:]), expanded_labels


def _shift(images: NDArray[Any], down: int, right: int, fill: float) -> NDArray[Any]:
    """Shift images of shape (..., height, width); uncovered pixels become `fill`."""
    height, width = images.shape[-2:]
    shifted = np.full_like(images, fill)
    (to_row, from_row), (to_column, from_column) = _target_and_source(height, down), _target_and_source(width, right)
    shifted[..., to_row, to_column] = images[..., from_row, from_column]
    return shifted


def _target_and_source(length: int, step: int) -> tuple[slice, slice]:
    """Return the target and source slices of one axis, for a step of -1, 0 or 1."""
    return slice(max(step, 0), length + min(step, 0)), slice(max(-step, 0), length + min(-step, 0))
