"""Images of your own, as MNIST's were prepared: one digit, bright on black, in 28 x 28 pixels.

MNIST's digits were scaled into a box of 20 x 20 pixels, with their proportions kept, and laid into the field of
28 x 28 with their centre of mass at its centre (Y. LeCun, C. Cortes, C. Burges, "The MNIST database").
"""

import math

import numpy as np

from .ink import STEEPEST, find_ink, no_digit, resized
from .photograph import read_grayscale as read_grayscale

FIELD, BOX = 28, 20
LARGEST = 512  # pixels a side that are looked at; more tells no more
STROKE = 2.2  # pixels, in the box: about the width of MNIST's strokes
FINE = 128  # pixels a side in which thick strokes are thinned


def preprocess_digit(grey) -> np.ndarray:
    """Bring an image of one digit into the form of MNIST's.

    The paper may be dark or light, and lit unevenly: what varies slowly is taken away. Specks are left out, thin
    strokes thickened.

    Parameters
    ----------
    grey : array of shape (height, width), each at least 2
        Grey levels, 0 black to 255 white, as `read_grayscale` gives them.

    Returns
    -------
    uint8 array of shape (28, 28)
        0 for the paper, up to 255 for the ink.

    Raises
    ------
    ValueError
        No image, or nothing is drawn on it.
    """
    grey = np.asarray(grey, dtype=np.float64)
    if grey.ndim != 2 or min(grey.shape) < 2 or not np.isfinite(grey).all():
        got = f"shape {grey.shape}" if grey.ndim != 2 or min(grey.shape) < 2 else "NaN or infinity"
        raise ValueError(
            f"preprocess_digit: expected a grey image (height, width) of numbers; got {got}. "
            "Read one with read_grayscale(path)."
        )
    grey = _reduced(grey)
    ink, noise = find_ink(grey)
    parts = _parts(ink, max(4 * noise, 0.35))
    ink = np.where(parts, np.clip(ink, 0, 1), 0)
    rows, columns = _bounds(ink > max(STEEPEST * noise, 0.1))
    digit = _with_stroke(ink[rows, columns])
    rows, columns = _bounds(digit > 0.1)
    return _centred(_boxed(digit[rows, columns]))


def _reduced(grey: np.ndarray) -> np.ndarray:
    """Return `grey` with at most LARGEST pixels a side, by averages."""
    largest = max(grey.shape)
    if largest <= LARGEST:
        return grey
    return resized(grey, [max(2, round(side * LARGEST / largest)) for side in grey.shape])


def _parts(ink: np.ndarray, threshold: float) -> np.ndarray:
    """Return where the digit is: connected parts of a size, with their soft edges; not specks."""
    from scipy import ndimage

    all_around = np.ones((3, 3))
    labels, count = ndimage.label(ink > threshold, all_around)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    if count == 0 or sizes.max() < 6:
        no_digit("specks only")
    kept = np.isin(labels, 1 + np.flatnonzero(sizes >= max(3, 0.04 * sizes.max())))
    return ndimage.binary_dilation(kept, all_around, iterations=2)


def _with_stroke(ink: np.ndarray) -> np.ndarray:
    """Thicken or thin the strokes of a digit that fills the image, where they are far from those of MNIST."""
    from scipy import ndimage

    expected = STROKE * max(ink.shape) / BOX
    inside = ink > 0.5
    # In a stroke of width w, the mean distance to its edge is w / 4.
    width = 4 * float(ndimage.distance_transform_edt(np.pad(inside, 1)).sum()) / max(1, inside.sum()) - 1
    radius = (expected - width) / 2 if width < expected else (1.8 * expected - width) / 2
    if abs(radius) < 0.5 or expected < 0.8 * STROKE or (width >= expected and radius > 0):
        return ink
    if radius < 0 and max(ink.shape) > FINE:  # the work grows with the fourth power of the size
        scale = FINE / max(ink.shape)
        return _with_stroke(np.clip(resized(ink, [max(1, round(side * scale)) for side in ink.shape]), 0, 1))
    radius = max(radius, -expected)
    reach = math.ceil(abs(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disk = x * x + y * y <= radius * radius
    if radius > 0:
        return ndimage.grey_dilation(np.pad(ink, reach), footprint=disk)
    thinner = ndimage.grey_erosion(np.pad(ink, reach), footprint=disk)
    return thinner if thinner.max() > 0.5 else ink


def _boxed(ink: np.ndarray) -> np.ndarray:
    """Scale `ink` into the box, and its strokes to full brightness."""
    scale = BOX / max(ink.shape)
    small = np.clip(resized(ink, [max(1, round(side * scale)) for side in ink.shape]), 0, 1)
    core = float(np.percentile(small[small > small.max() / 4], 75))
    return np.clip(small / core, 0, 1)


def _centred(ink: np.ndarray) -> np.ndarray:
    """Lay `ink` into the field, its centre of mass on the field's centre."""
    field = np.zeros((FIELD, FIELD), np.uint8)
    places = []
    for axis, size in enumerate(ink.shape):
        mass = ink.sum(axis=1 - axis)
        centre = float(mass @ np.arange(size) / mass.sum())
        places.append(min(max(0, round(FIELD / 2 - centre)), FIELD - size))
    levels = np.rint(255 * ink).astype(np.uint8)
    top, left = places
    field[top : top + ink.shape[0], left : left + ink.shape[1]] = np.where(levels < 8, 0, levels)
    return field


def _bounds(there: np.ndarray) -> tuple[slice, slice]:
    """Return the rows and columns between the first and the last True."""
    rows, columns = (np.flatnonzero(there.any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
