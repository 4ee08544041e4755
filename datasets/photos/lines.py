"""The lines of ruled and squared paper: found by their course across the sheet, and removed around the strokes."""

import numpy as np
from numpy.typing import NDArray

from .resizing import GreyImage
from .shapes import thickness

GRID = 160  # pixels; lines are searched in the photograph at this size
MAX_SLOPE = 0.2  # of a line, about 11 degrees
MIN_SHARE = 0.72  # of a line's course across the sheet that is darker than paper
MIN_CONTRAST = 0.08  # of a line, relative to the darkest ink
MAX_THICKNESS = 0.04  # of the shorter side; what is thicker is a stroke
FAINT = 0.55  # contrast of a single line, relative to the strokes; darker ones may be part of a digit


def remove_lines(contrast: GreyImage, noise: float, inside: NDArray[np.bool_]) -> GreyImage:
    """Return `contrast` without the lines that cross the sheet from side to side, nearly horizontally or vertically.

    A line is erased only where nothing crosses it: where the ink across the line is no thicker than the line is.

    Parameters
    ----------
    contrast : float64 array of shape (height, width)
        Difference from the paper, positive for ink.
    noise : float
        Of the paper, in the same unit.
    inside : bool array of shape (height, width)
        Where the sheet is.
    """
    if min(contrast.shape) < 40:  # such as MNIST's own images: too coarse for lines
        return contrast
    rows = _remove_horizontal(contrast, noise, inside)
    both = _remove_horizontal(rows.T, noise, inside.T).T
    erased = (both != contrast) & (contrast > 0)
    return _remove_rests(both, noise, inside, thickness(erased)) if erased.any() else both


def _remove_horizontal(contrast: GreyImage, noise: float, inside: NDArray[np.bool_]) -> GreyImage:
    """Return `contrast` without nearly horizontal lines."""
    from scipy import ndimage

    threshold = max(2.5 * noise, MIN_CONTRAST * float(contrast.max()))
    ink = contrast > threshold
    course = _courses(ink, inside)
    if not course.any():
        return contrast
    runs, _ = ndimage.label(ink, [[0, 1, 0]] * 3)  # vertical runs of ink
    lengths = np.bincount(runs.ravel())
    on_lines = np.unique(runs[course & ink])
    on_lines = on_lines[on_lines > 0]
    line = float(np.median(lengths[on_lines]))
    if line > max(3, MAX_THICKNESS * min(contrast.shape)):
        return contrast
    thin = np.zeros(len(lengths), bool)
    thin[on_lines] = lengths[on_lines] <= 1.5 * line + 1
    erased = thin[runs]
    if _count(course) < 2:
        strokes = contrast[ink & ~erased]
        if strokes.size == 0 or np.median(contrast[erased]) > FAINT * np.percentile(strokes, 75):
            return contrast
    fringe = ndimage.binary_dilation(erased, [[0, 1, 0]] * 3, iterations=2) & ~ink
    return np.where(erased | fringe, np.minimum(contrast, 0), contrast)


def _remove_rests(contrast: GreyImage, noise: float, inside: NDArray[np.bool_], width: float) -> GreyImage:
    """Return `contrast` without what the edge of the sheet cuts off and is no thicker than a line."""
    from scipy import ndimage

    neighbours = np.ones((3, 3))
    ink = contrast > max(2.5 * noise, MIN_CONTRAST * float(contrast.max()))
    labels, count = ndimage.label(ink, neighbours)
    edge = ~ndimage.binary_erosion(inside, neighbours, iterations=2)
    half = ndimage.maximum(ndimage.distance_transform_edt(np.pad(ink, 1))[1:-1, 1:-1], labels, np.arange(count + 1))
    cut_off = np.isin(np.arange(count + 1), labels[edge]) & (2 * half - 1 <= width + 1)
    cut_off[0] = False
    return np.where(ndimage.binary_dilation(cut_off[labels], neighbours), np.minimum(contrast, 0), contrast)


def _courses(ink: NDArray[np.bool_], inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels near a straight course, from side to side, most of which is ink."""
    from scipy import ndimage

    height, width = ink.shape
    step = max(1, max(ink.shape) // GRID)
    coarse, sheet = (_blocks(mask, step) for mask in (ink, inside))
    rows, columns = coarse.shape
    x, y = np.arange(columns), np.arange(rows)[:, None]
    beyond = int(MAX_SLOPE * columns / 2) + 1  # rows that a course may reach above and below
    many = columns + 1  # so that one sum counts blocks of the sheet, and ink by multiples
    counts = np.pad(sheet + many * (coarse & sheet), ((beyond, beyond), (0, 0))).astype(np.int32).ravel()
    places = (y + beyond) * columns + x
    found = np.zeros(coarse.shape, bool)
    for slope in np.arange(-MAX_SLOPE, MAX_SLOPE, 1 / columns):
        course = np.rint(slope * (x - columns / 2)).astype(int)
        hits, length = np.divmod(counts.take(places + course * columns).sum(axis=1), many)
        lines = (length > 0.4 * columns) & (hits >= MIN_SHARE * length)
        if lines.any():
            found[(y[lines] + course).clip(0, rows - 1), x] = True
    wide: NDArray[np.bool_] = ndimage.binary_dilation(found, [[0, 1, 0]] * 3)
    return wide.repeat(step, axis=0).repeat(step, axis=1)[:height, :width]


def _blocks(mask: NDArray[np.bool_], step: int) -> NDArray[np.bool_]:
    """Return whether any pixel of each block of step x step is True."""
    height, width = mask.shape
    padded = np.pad(mask, ((0, -height % step), (0, -width % step)))
    blocks = padded.reshape(padded.shape[0] // step, step, padded.shape[1] // step, step)
    return np.asarray(blocks.any(axis=(1, 3)))


def _count(course: NDArray[np.bool_]) -> int:
    """Return the number of lines."""
    from scipy import ndimage

    return int(ndimage.label(course)[1])
