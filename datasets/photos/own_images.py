"""Preprocessing of your own images to the form of MNIST: one digit, bright on black, in 28 x 28 pixels.

MNIST's digits were scaled to fit a box of 20 x 20 pixels, preserving their aspect ratio, and placed in a field of
28 x 28 pixels with their centre of mass at its centre (Y. LeCun, C. Cortes, C. Burges, "The MNIST database").
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .ink import NOISE_FACTOR, GreyImage, find_ink, raise_no_digit, resize
from .photograph import read_grayscale as read_grayscale

FIELD, BOX = 28, 20
MAX_SIDE = 512  # pixels; larger images are reduced, as more pixels add no information
STROKE_WIDTH = 2.2  # pixels in the box, about that of MNIST's strokes
MAX_THINNING_SIDE = 128  # pixels; thick strokes are thinned at this size or below


def preprocess_digit(grey: ArrayLike) -> NDArray[np.uint8]:
    """Convert an image of one digit to the form of MNIST.

    The paper may be dark or light, and unevenly lit: slow variations are removed. Specks are removed, and thin strokes
    thickened.

    Parameters
    ----------
    grey : array of shape (height, width), each at least 2
        Grey levels, 0 black to 255 white, such as from `read_grayscale`.

    Returns
    -------
    uint8 array of shape (28, 28)
        0 for the paper, up to 255 for the ink.

    Raises
    ------
    ValueError
        Not an image, or one without a visible digit.
    """
    grey = np.asarray(grey, dtype=np.float64)
    if grey.ndim != 2 or min(grey.shape) < 2 or not np.isfinite(grey).all():
        got = f"shape {grey.shape}" if grey.ndim != 2 or min(grey.shape) < 2 else "NaN or infinity"
        raise ValueError(
            f"preprocess_digit: expected a grey image (height, width) of numbers; got {got}. "
            "Read one with read_grayscale(path)."
        )
    ink, noise = find_ink(_limit_size(grey))
    digit = np.where(_digit_mask(ink, max(4 * noise, 0.35)), np.clip(ink, 0, 1), 0)
    digit = _normalize_stroke(digit[_bounding_box(digit > max(NOISE_FACTOR * noise, 0.1))])
    return _centre_in_field(_scale_to_box(digit[_bounding_box(digit > 0.1)]))


def _limit_size(grey: GreyImage) -> GreyImage:
    """Return `grey`, reduced to at most MAX_SIDE pixels a side."""
    largest = max(grey.shape)
    if largest <= MAX_SIDE:
        return grey
    return resize(grey, [max(2, round(side * MAX_SIDE / largest)) for side in grey.shape])


def _digit_mask(ink: GreyImage, threshold: float) -> NDArray[np.bool_]:
    """Return True at the pixels of the digit: connected parts that are not specks, with their soft edges."""
    from scipy import ndimage

    neighbours = np.ones((3, 3))
    labels, count = ndimage.label(ink > threshold, neighbours)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    if count == 0 or sizes.max() < 6:
        raise_no_digit("specks only")
    large = np.isin(labels, 1 + np.flatnonzero(sizes >= max(3, 0.04 * sizes.max())))
    mask: NDArray[np.bool_] = ndimage.binary_dilation(large, neighbours, iterations=2)
    return mask


def _normalize_stroke(ink: GreyImage) -> GreyImage:
    """Thicken or thin the strokes of a digit that fills the image, if their width is far from that of MNIST."""
    from scipy import ndimage

    expected = STROKE_WIDTH * max(ink.shape) / BOX
    inside = ink > 0.5
    # In a stroke of width w, the mean distance to its edge is w / 4.
    width = 4 * float(ndimage.distance_transform_edt(np.pad(inside, 1)).sum()) / max(1, inside.sum()) - 1
    radius = (expected - width) / 2 if width < expected else (1.8 * expected - width) / 2
    if abs(radius) < 0.5 or expected < 0.8 * STROKE_WIDTH or (width >= expected and radius > 0):
        return ink
    if radius < 0 and max(ink.shape) > MAX_THINNING_SIDE:  # the cost grows with the fourth power of the size
        scale = MAX_THINNING_SIDE / max(ink.shape)
        return _normalize_stroke(np.clip(resize(ink, [max(1, round(side * scale)) for side in ink.shape]), 0, 1))
    radius = max(radius, -expected)
    reach = math.ceil(abs(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disk = x * x + y * y <= radius * radius
    if radius > 0:
        return ndimage.grey_dilation(np.pad(ink, reach), footprint=disk)
    thinner = ndimage.grey_erosion(np.pad(ink, reach), footprint=disk)
    return thinner if thinner.max() > 0.5 else ink


def _scale_to_box(ink: GreyImage) -> GreyImage:
    """Scale `ink` to the size of the box, and its strokes to full brightness."""
    scale = BOX / max(ink.shape)
    small = np.clip(resize(ink, [max(1, round(side * scale)) for side in ink.shape]), 0, 1)
    core = float(np.percentile(small[small > small.max() / 4], 75))
    return np.clip(small / core, 0, 1)


def _centre_in_field(ink: GreyImage) -> NDArray[np.uint8]:
    """Place `ink` in the field, its centre of mass at the field's centre."""
    field = np.zeros((FIELD, FIELD), np.uint8)
    offsets = []
    for axis, size in enumerate(ink.shape):
        mass = ink.sum(axis=1 - axis)
        centre = float(mass @ np.arange(size) / mass.sum())
        offsets.append(min(max(0, round(FIELD / 2 - centre)), FIELD - size))
    levels = np.rint(255 * ink).astype(np.uint8)
    top, left = offsets
    field[top : top + ink.shape[0], left : left + ink.shape[1]] = np.where(levels < 8, 0, levels)
    return field


def _bounding_box(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the rows and columns from the first to the last True."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
