"""The form of MNIST: the width of strokes, the size of the box, and the centre of mass.

MNIST's digits were scaled to fit a box of 20 x 20 pixels, preserving their aspect ratio, and placed in a field of
28 x 28 pixels with their centre of mass at its centre (Y. LeCun, C. Cortes, C. Burges, "The MNIST database").
"""

import math

import numpy as np
from numpy.typing import NDArray

from .resizing import GreyImage, resize
from .shapes import bounding_box

FIELD, BOX = 28, 20
STROKE_WIDTH = 2.2  # pixels in the box, about that of MNIST's strokes
MAX_THINNING_SIDE = 128  # pixels; thick strokes are thinned at this size or below


def in_mnist_form(ink: GreyImage, faint: float) -> NDArray[np.uint8]:
    """Return a digit, scaled and centred as MNIST's are.

    Parameters
    ----------
    ink : float array of shape (height, width)
        Of one digit: 0 on the paper, up to 1 in a stroke.
    faint : float
        What is not darker is not part of the digit.

    Returns
    -------
    uint8 array of shape (28, 28)
        0 for the paper, up to 255 for the ink.
    """
    digit = _normalize_stroke(ink[bounding_box(ink > faint)])
    return _centre_in_field(_scale_to_box(digit[bounding_box(digit > 0.1)]))


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
