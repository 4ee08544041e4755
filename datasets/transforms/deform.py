"""Random rotations, scalings, elastic deformations and shifts of images, to augment the training data."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .image_checks import check_fill, check_image_shape

MAX_STRAIN = 0.35  # at this strain, one field in five folds somewhere and is drawn again
MAX_TRIES = 100
CHUNK = 64  # images deformed at a time, so that their planes fit the cache
MIN_SMOOTHNESS = 0.1  # pixels
MAX_SCALING = 0.9  # with 1, an image could shrink to nothing


def deform(
    images: ArrayLike,
    *,
    rotation: float = 0.0,
    scaling: float = 0.0,
    elastic: float = 0.0,
    smoothness: float = 4.0,
    shift: float = 0.0,
    fill: float = 0,
    seed: int | np.random.Generator | None = 0,
    image_shape: tuple[int, ...] = (28, 28),
) -> NDArray[Any]:
    r"""Rotate and scale each image around its centre, deform it elastically and shift it, by random amounts.

    The value at :math:`p` is that of the image at :math:`A p + u(p) + s`, by linear interpolation between pixels:
    :math:`A` rotates by an angle that is uniform in [-rotation, rotation] and enlarges the image by a factor that is
    uniform in [1 - scaling, 1 + scaling], equal in both directions; the displacement :math:`u = \alpha\, G_\sigma * n`
    is noise, uniform in [-1, 1] for each pixel and direction, smoothed by a Gaussian; :math:`s` is uniform in
    [-shift, shift] for each direction.

    Parameters
    ----------
    images : array of shape (n, ...), each row the values of `image_shape` in C order
        uint8, another integer, or float.
    rotation : float in [0, 180], degrees
    scaling : float in [0, 0.9]
    elastic : float >= 0, pixels
        :math:`\alpha`; P. Simard used 34 with a `smoothness` of 4.
    smoothness : float >= 0.1, pixels
        :math:`\sigma`.
    shift : float >= 0, pixels
    fill : number, default 0
        Value of pixels from outside of the image: its background.
    seed : int, Generator or None, default 0
        None gives different deformations each time.
    image_shape : (height, width) or (channels, height, width), default (28, 28)
        All channels of an image get the same deformation.

    Returns
    -------
    array of the shape and dtype of `images`

    Raises
    ------
    TypeError
        Images that are not numbers.
    ValueError
        A number outside of its range, an `image_shape` that does not fit, a `fill` that the dtype of the images cannot
        represent, or an `elastic` so strong for its `smoothness` that the field would fold and tear the digit.

    Notes
    -----
    A field that still folds, :math:`\det(A + \partial u / \partial p) \le 0` somewhere, is drawn again.
    Source: book, chapter 6; P. Simard, D. Steinkraus and J. Platt, ICDAR 2003.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((1, 25))
    >>> image[0, 12] = 1  # the pixel in the middle
    >>> deform(image, rotation=180, image_shape=(5, 5))[0, 12]
    np.float64(1.0)
    """
    from scipy.ndimage import map_coordinates  # slow to import

    images = np.asarray(images)
    image_shape = check_image_shape("deform", images, image_shape)
    check_fill("deform", images, fill)
    rotation = _number_in_range("rotation", rotation, 0, 180, "15 degrees")
    scaling = _number_in_range("scaling", scaling, 0, MAX_SCALING, "0.15")
    smoothness = _number_in_range("smoothness", smoothness, MIN_SMOOTHNESS, math.inf, "4 pixels")
    elastic = _number_in_range("elastic", elastic, 0, math.inf, "34 pixels")
    shift = _number_in_range("shift", shift, 0, math.inf, "1 pixel")
    if strain(elastic, smoothness) > MAX_STRAIN:
        limit = MAX_STRAIN / strain(1.0, smoothness)
        raise ValueError(
            f"deform: elastic must be at most {limit:.3g} for a smoothness of {smoothness:g}, or the digit would tear; "
            f"got {elastic:g}. Lower it, or raise smoothness."
        )
    rng = np.random.default_rng(seed)
    source = images.reshape(-1, math.prod(image_shape[:-2]), *image_shape[-2:])
    deformed = np.empty_like(source)
    for start in range(0, len(source), CHUNK):
        rows = slice(start, start + CHUNK)
        chunk = source[rows]
        coordinates = _unfolded_field(rng, len(chunk), image_shape[-2:], rotation, scaling, elastic, smoothness)
        coordinates += rng.uniform(-shift, shift, (2, len(chunk), 1, 1))
        # The first coordinate is the index of the image, so that nothing is interpolated between images.
        index = np.broadcast_to(np.arange(len(chunk), dtype=np.float64)[:, None, None], coordinates.shape[1:])
        for channel in range(chunk.shape[1]):
            values = chunk[:, channel].astype(np.float64)
            values = map_coordinates(values, [index, *coordinates], order=1, mode="constant", cval=fill)
            deformed[rows, channel] = values if images.dtype.kind == "f" else np.rint(values)
    return deformed.reshape(images.shape)


def strain(elastic: float, smoothness: float) -> float:
    r"""Return the strain of a displacement field, :math:`\alpha / (2 \sqrt{6 \pi}\, \sigma^2)`.

    It is the standard deviation of :math:`\partial u_x / \partial x` for noise uniform in [-1, 1], of variance 1/3,
    smoothed by a Gaussian.
    """
    return elastic / (math.sqrt(24 * math.pi) * smoothness**2)


def folds(coordinates: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return for each of n maps from pixels to `coordinates`, (2, n, height, width), whether it folds: det <= 0."""
    (yy, yx), (xy, xx) = (np.gradient(axis, axis=(1, 2)) for axis in coordinates)
    return (yy * xx - yx * xy <= 0).any(axis=(1, 2))


def _unfolded_field(
    rng: np.random.Generator,
    count: int,
    shape: tuple[int, ...],
    rotation: float,
    scaling: float,
    elastic: float,
    smoothness: float,
) -> NDArray[np.float64]:
    """Draw the source coordinates of the pixels of `count` images, (2, count, height, width), until none folds."""
    coordinates = _draw_field(rng, count, shape, rotation, scaling, elastic, smoothness)
    if min(shape) < 2:
        return coordinates
    for _ in range(MAX_TRIES):
        folded = np.flatnonzero(folds(coordinates))
        if not len(folded):
            return coordinates
        coordinates[:, folded] = _draw_field(rng, len(folded), shape, rotation, scaling, elastic, smoothness)
    raise ValueError(
        f"deform: expected a deformation that does not fold; got none in {MAX_TRIES} tries with elastic={elastic:g} "
        f"and scaling={scaling:g}. Lower them, or raise smoothness."
    )


def _draw_field(
    rng: np.random.Generator,
    count: int,
    shape: tuple[int, ...],
    rotation: float,
    scaling: float,
    elastic: float,
    smoothness: float,
) -> NDArray[np.float64]:
    centre = np.array([(size - 1) / 2 for size in shape])
    y, x = np.indices(shape, dtype=np.float64) - centre[:, None, None]
    angle = np.radians(rng.uniform(-rotation, rotation, (count, 1, 1)))
    factor = rng.uniform(1 - scaling, 1 + scaling, (count, 1, 1))
    sine, cosine = np.sin(angle) / factor, np.cos(angle) / factor
    coordinates = np.stack([cosine * y - sine * x + centre[0], sine * y + cosine * x + centre[1]])
    if elastic:
        noise = rng.uniform(-1, 1, size=(2, count, *shape))
        smooth_y, smooth_x = (_smoothing_matrix(size, smoothness) for size in shape)
        coordinates += elastic * (smooth_y @ noise @ smooth_x.T)
    return coordinates


def _smoothing_matrix(size: int, smoothness: float) -> NDArray[np.float64]:
    """Return the Gaussian filter of a row of `size` pixels, 0 outside, as a matrix: faster than filtering each row."""
    from scipy.ndimage import gaussian_filter1d

    return gaussian_filter1d(np.eye(size), smoothness, axis=0, mode="constant")


def _number_in_range(name: str, value: Any, least: float, most: float, example: str) -> float:
    """Return `value` as a finite float in [least, most], or raise ValueError."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if math.isfinite(number) and least <= number <= most:
        return number
    limit = "" if most == math.inf else f" and at most {most:g}"
    raise ValueError(
        f"deform: {name} must be a number, at least {least:g}{limit}; got {value!r}. Choose e.g. {example}."
    )
