"""The book's five-fold expansion: every image, and its copies moved by one pixel."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .images import check_fill, check_image_shape

# (rows, columns) in the order of the book's expand_mnist: as it is, down, up, right, left.
SHIFTS = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
CHUNK = 1024  # images moved at a time, which bounds the working memory


def expand(
    images: ArrayLike,
    labels: ArrayLike,
    *,
    fill: float = 0,
    seed: int | np.random.Generator | None = 0,
    image_shape: tuple[int, ...] = (28, 28),
    shuffle: bool = True,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Make five images of each: itself and copies moved down, up, right and left by one pixel.

    Before the shuffle, row ``5 i + k`` is image i moved by the k-th of these; the shuffle takes row
    ``np.random.default_rng(seed).permutation(5 * n)[j]`` of that order to row j.

    Parameters
    ----------
    images : array of shape (n, ...), each row the values of `image_shape` in C order
        uint8, another integer, or float.
    labels : array of shape (n, ...)
        One for each image; copied with it.
    fill : number, default 0
        Value of the row or column that a move sets free. The background of the images.
    seed : int, Generator or None, default 0
        For the shuffle; None draws a new order every time.
    image_shape : (height, width) or (channels, height, width), default (28, 28)
        How the values of one image lie; the last two axes are moved along.
    shuffle : bool, default True
        One shuffle of all 5 n examples. The book's SGD takes its examples in file order.

    Returns
    -------
    images : array of shape (5 n, ...), dtype and trailing shape as given
    labels : array of shape (5 n, ...), dtype and trailing shape as given

    Raises
    ------
    TypeError
        Images that are not numbers.
    ValueError
        `image_shape` does not fit the images, images and labels differ in number, or the images'
        dtype cannot hold `fill`.

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
            f"{labels.shape}. Pass the labels that belong to these images."
        )
    check_fill("expand", images, fill)
    n, copies = len(images), len(SHIFTS)
    order = np.arange(copies * n)
    if shuffle:
        order = np.random.default_rng(seed).permutation(copies * n)
    place = np.empty((n, copies), np.intp)  # the row at which the k-th copy of image i ends
    place.reshape(-1)[order] = np.arange(copies * n)

    expanded = np.empty((copies * n, *image_shape), images.dtype)
    expanded_labels = np.empty((copies * n, *labels.shape[1:]), labels.dtype)
    for start in range(0, n, CHUNK):
        rows = slice(start, start + CHUNK)
        chunk = images[rows].reshape(-1, *image_shape)
        for k, (down, right) in enumerate(SHIFTS):
            expanded[place[rows, k]] = _shift(chunk, down, right, fill)
            expanded_labels[place[rows, k]] = labels[rows]
    return expanded.reshape(copies * n, *images.shape[1:]), expanded_labels


def _shift(images: NDArray[Any], down: int, right: int, fill: float) -> NDArray[Any]:
    """Move images of shape (..., height, width); what is set free becomes `fill`."""
    height, width = images.shape[-2:]
    moved = np.full_like(images, fill)
    (to_row, from_row), (to_column, from_column) = _along(height, down), _along(width, right)
    moved[..., to_row, to_column] = images[..., from_row, from_column]
    return moved


def _along(length: int, step: int) -> tuple[slice, slice]:
    """Where the pixels of one axis go and where they come from, for a step of -1, 0 or 1."""
    return slice(max(step, 0), length + min(step, 0)), slice(max(-step, 0), length + min(-step, 0))
