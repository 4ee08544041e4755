"""Images turned, scaled and bent a little at random, for training on: what lies beyond the book's shifts by a pixel."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .images import check_fill, check_image_shape

MOST_STRAIN = 0.35  # there, one field in five folds somewhere and is drawn again
TRIES = 100
TOGETHER = 64  # images, whose planes the cache holds
LEAST = 0.1  # pixels of smoothness
BELOW_1 = 0.9  # of scaling: an image that may vanish is of no use


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
    r"""Turn, scale, bend and shift each image by an amount of its own, around its centre.

    The value at the place :math:`p` is that of the image at :math:`A p + u(p) + s`, between pixels by linear
    interpolation: :math:`A` turns by an angle that is uniform in [-rotation, rotation] and makes the image larger by a
    factor that is uniform in [1 - scaling, 1 + scaling], alike in both directions; the displacement
    :math:`u = \alpha\, G_\sigma * n` is noise, uniform in [-1, 1] for each pixel and direction, smoothed by a Gaussian;
    :math:`s` is uniform in [-shift, shift] for each direction.

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
    from scipy.ndimage import map_coordinates  # takes longer to import than all of network3

    images = np.asarray(images)
    image_shape = check_image_shape("deform", images, image_shape)
    check_fill("deform", images, fill)
    rotation = _within("rotation", rotation, 0, 180, "15 degrees")
    scaling = _within("scaling", scaling, 0, BELOW_1, "0.15")
    smoothness = _within("smoothness", smoothness, LEAST, math.inf, "4 pixels")
    elastic = _within("elastic", elastic, 0, math.inf, "34 pixels")
    shift = _within("shift", shift, 0, math.inf, "1 pixel")
    if strain(elastic, smoothness) > MOST_STRAIN:
        most = MOST_STRAIN / strain(1.0, smoothness)
        raise ValueError(
            f"deform: elastic must be at most {most:.3g} for a smoothness of {smoothness:g}, or the digit would tear; "
            f"got {elastic:g}. Lower it, or raise smoothness."
        )
    rng = np.random.default_rng(seed)
    given = images.reshape(-1, math.prod(image_shape[:-2]), *image_shape[-2:])
    deformed = np.empty_like(given)
    for start in range(0, len(given), TOGETHER):
        some, into = given[start : start + TOGETHER], deformed[start : start + TOGETHER]
        places = _places(rng, len(some), image_shape[-2:], rotation, scaling, elastic, smoothness)
        places += rng.uniform(-shift, shift, (2, len(some), 1, 1))
        # Each image is a plane of its own, of which nothing is interpolated.
        planes = np.broadcast_to(np.arange(len(some), dtype=np.float64)[:, None, None], places.shape[1:])
        for channel in range(some.shape[1]):
            values = some[:, channel].astype(np.float64)
            values = map_coordinates(values, [planes, *places], order=1, mode="constant", cval=fill)
            into[:, channel] = values if images.dtype.kind == "f" else np.rint(values)
    return deformed.reshape(images.shape)


def strain(elastic: float, smoothness: float) -> float:
    r"""Return how much the displacement changes from pixel to pixel, :math:`\alpha / (2 \sqrt{6 \pi}\, \sigma^2)`.

    That is the standard deviation of :math:`\partial u_x / \partial x` of noise uniform in [-1, 1], of variance 1/3,
    smoothed by a Gaussian.
    """
    return elastic / (math.sqrt(24 * math.pi) * smoothness**2)


def folds(places: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return for each map of pixels to `places`, (2, n, height, width), whether it turns an area inside out."""
    (yy, yx), (xy, xx) = (np.gradient(axis, axis=(1, 2)) for axis in places)
    return (yy * xx - yx * xy <= 0).any(axis=(1, 2))


def _places(rng, count, shape, rotation, scaling, elastic, smoothness) -> NDArray[np.float64]:
    """Draw where the pixels of `count` images come from, an array (2, count, height, width)."""
    places = _drawn(rng, count, shape, rotation, scaling, elastic, smoothness)
    if min(shape) < 2:
        return places
    for _ in range(TRIES):
        again = np.flatnonzero(folds(places))
        if not len(again):
            return places
        places[:, again] = _drawn(rng, len(again), shape, rotation, scaling, elastic, smoothness)
    raise ValueError(
        f"deform: expected a deformation that tears nothing; got none in {TRIES} tries with elastic={elastic:g} and "
        f"scaling={scaling:g}. Lower them, or raise smoothness."
    )


def _drawn(rng, count, shape, rotation, scaling, elastic, smoothness) -> NDArray[np.float64]:
    centre = np.array([(size - 1) / 2 for size in shape])
    y, x = np.indices(shape, dtype=np.float64) - centre[:, None, None]
    angle = np.radians(rng.uniform(-rotation, rotation, (count, 1, 1)))
    factor = rng.uniform(1 - scaling, 1 + scaling, (count, 1, 1))
    sine, cosine = np.sin(angle) / factor, np.cos(angle) / factor
    places = np.stack([cosine * y - sine * x + centre[0], sine * y + cosine * x + centre[1]])
    if elastic:
        noise = rng.uniform(-1, 1, size=(2, count, *shape))
        along_y, along_x = (_smoothing(size, smoothness) for size in shape)
        places += elastic * (along_y @ noise @ along_x.T)
    return places


def _smoothing(size: int, smoothness: float) -> NDArray[np.float64]:
    """Return the Gaussian filter of `size` pixels in a row, 0 beyond them, as a matrix: faster than filtering each."""
    from scipy.ndimage import gaussian_filter1d

    return gaussian_filter1d(np.eye(size), smoothness, axis=0, mode="constant")


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
