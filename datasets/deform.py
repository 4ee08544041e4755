"""Images turned, scaled and bent a little at random, for training on: what lies beyond the book's shifts by a pixel."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from .images import check_fill, check_image_shape

MOST_STRAIN = 0.35  # there, one field in five folds somewhere and is drawn again
TRIES = 100
LEAST = 0.1  # pixels of smoothness
BELOW_1 = 0.9  # of scaling: an image that may vanish is of no use


def deform(
    images: ArrayLike,
    *,
    rotation: float = 0.0,
    scaling: float = 0.0,
    elastic: float = 0.0,
    smoothness: float = 4.0,
    fill: float = 0,
    seed: int | np.random.Generator | None = 0,
    image_shape: tuple[int, ...] = (28, 28),
) -> NDArray[Any]:
    r"""Turn, scale and bend each image by an amount of its own, around its centre.

    The value at the place :math:`p` is that of the image at :math:`A p + u(p)`, between pixels by linear
    interpolation: :math:`A` turns by an angle that is uniform in [-rotation, rotation] and makes the image larger by a
    factor that is uniform in [1 - scaling, 1 + scaling], alike in both directions; the displacement
    :math:`u = \alpha\, G_\sigma * n` is noise, uniform in [-1, 1] for each pixel and direction, smoothed by a Gaussian.

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
    fill : number, default 0
        Value of what comes from outside of the image: its background.
    seed : int, Generator or None, default 0
        None for other deformations each time.
    image_shape : (height, width) or (channels, height, width), default (28, 28)
        All channels are deformed alike.

    Returns
    -------
    array of the shape and dtype of `images`

    Raises
    ------
    TypeError
        Images that are not numbers.
    ValueError
        A number outside of its range, an `image_shape` that does not fit, a `fill` that the images cannot hold, or an
        `elastic` so strong for its `smoothness` that the field would fold, and tear the digit.

    Notes
    -----
    A field that folds all the same, :math:`\det(A + \partial u / \partial p) \le 0` somewhere, is drawn again. Source:
    book, chapter 6; P. Simard, D. Steinkraus and J. Platt, ICDAR 2003.
    """
    images = np.asarray(images)
    image_shape = check_image_shape("deform", images, image_shape)
    check_fill("deform", images, fill)
    rotation = _within("rotation", rotation, 0, 180, "15 degrees")
    scaling = _within("scaling", scaling, 0, BELOW_1, "0.15")
    smoothness = _within("smoothness", smoothness, LEAST, math.inf, "4 pixels")
    elastic = _within("elastic", elastic, 0, math.inf, "34 pixels")
    if strain(elastic, smoothness) > MOST_STRAIN:
        most = MOST_STRAIN / strain(1.0, smoothness)
        raise ValueError(
            f"deform: elastic must be at most {most:.3g} for a smoothness of {smoothness:g}, or the digit would tear; "
            f"got {elastic:g}. Lower it, or raise smoothness."
        )
    rng = np.random.default_rng(seed)
    given = images.reshape(-1, math.prod(image_shape[:-2]), *image_shape[-2:])
    deformed = np.empty_like(given)
    for image, result in zip(given, deformed, strict=True):
        places = _places(rng, image_shape[-2:], rotation, scaling, elastic, smoothness)
        for channel, into in zip(image, result, strict=True):
            values = map_coordinates(channel.astype(np.float64), places, order=1, mode="constant", cval=fill)
            into[...] = values if images.dtype.kind == "f" else np.rint(values)
    return deformed.reshape(images.shape)


def strain(elastic: float, smoothness: float) -> float:
    r"""Return how much the displacement changes from pixel to pixel, :math:`\alpha / (2 \sqrt{6 \pi}\, \sigma^2)`.

    That is the standard deviation of :math:`\partial u_x / \partial x` of noise uniform in [-1, 1], of variance 1/3,
    smoothed by a Gaussian.
    """
    return elastic / (math.sqrt(24 * math.pi) * smoothness**2)


def folds(places: NDArray[np.float64]) -> bool:
    """Whether the map of pixels to `places`, (2, height, width), turns an area inside out somewhere."""
    (yy, yx), (xy, xx) = (np.gradient(axis) for axis in places)
    return bool((yy * xx - yx * xy <= 0).any())


def _places(rng, shape, rotation, scaling, elastic, smoothness) -> NDArray[np.float64]:
    """Draw where each pixel's value comes from, an array (2, height, width)."""
    height, width = shape
    centre = np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
    grid = np.indices(shape, dtype=np.float64) - centre
    for _ in range(TRIES):
        angle, factor = math.radians(rng.uniform(-rotation, rotation)), 1 / rng.uniform(1 - scaling, 1 + scaling)
        turn = factor * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        places = np.tensordot(turn, grid, axes=1) + centre
        if elastic:
            noise = rng.uniform(-1, 1, size=(2, height, width))
            places = places + elastic * gaussian_filter(noise, (0, smoothness, smoothness), mode="constant")
        if height < 2 or width < 2 or not folds(places):
            return places
    raise ValueError(
        f"deform: wanted a deformation that tears nothing; got none in {TRIES} tries with elastic={elastic:g} and "
        f"scaling={scaling:g}. Lower them, or raise smoothness."
    )


def _within(name: str, value: Any, least: float, most: float, example: str) -> float:
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
