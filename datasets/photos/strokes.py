"""The strokes of digits among all that is dark: without specks and what the edge cuts off, and one group a digit."""

import math

import numpy as np
from numpy.typing import NDArray

from .ink import raise_no_digit
from .resizing import GreyImage
from .shapes import bounding_box, hull

NEIGHBOURS = np.ones((3, 3))
SPECK = 0.04  # area of a part of a digit, relative to the largest part
PALE = 0.65  # darkness of a part of a digit, relative to the largest part
TALL = 0.5  # height of a digit, relative to the tallest; what is less tall is part of a digit
MIN_GAP = 0.06  # between digits side by side, relative to the tallest; what is nearer is a broken stroke
MIN_GAP_BELOW = 0.25  # between digits one below the other
MAX_OVERLAP = 0.3  # of the columns of two slanted digits, relative to the narrower one


def find_digits(ink: GreyImage, noise: float, inside: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Return the pixels of each digit, with their soft edges, in the order of reading.

    What the edge of the sheet cuts off, and what is paler, belongs to something else if there is a complete part.

    Parameters
    ----------
    ink : float array of shape (height, width)
        About 0 on paper and 1 in a stroke.
    noise : float
        Of the paper, in the same unit.
    inside : bool array of shape (height, width)
        Where the sheet is.

    Returns
    -------
    list of bool arrays of shape (height, width)
        At least one.

    Raises
    ------
    ValueError
        There are specks only.
    """
    from scipy import ndimage

    labels, count = ndimage.label(ink > max(4 * noise, 0.35), NEIGHBOURS)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    if count == 0 or sizes.max() < 6:
        raise_no_digit("specks only")
    large = 1 + np.flatnonzero(sizes >= max(3, SPECK * sizes.max()))
    edge = ~ndimage.binary_erosion(inside, NEIGHBOURS, iterations=1 + round(0.01 * min(ink.shape)))
    complete = np.setdiff1d(large, labels[edge])
    if complete.size and sizes[complete - 1].max() >= 0.1 * sizes.max():
        large = complete
    else:  # nothing touches the edge of a sheet that was cut out; in another image, a digit may touch the frame
        cut_out = not inside[0].any()
        large = np.array([part for part in large if not (cut_out or _is_beside_edge(labels == part, edge))])
        if large.size == 0:
            raise_no_digit("only something that the edge of the paper cuts off")
    largest = sizes[large - 1].argmax()
    darkness = ndimage.labeled_comprehension(ink, labels, large, lambda part: np.percentile(part, 80), float, 0)
    large = large[darkness >= PALE * darkness[largest]]
    groups = _in_reading_order(_group(_boxes(labels, large)))
    return [ndimage.binary_dilation(np.isin(labels, large[group]), NEIGHBOURS, iterations=2) for group, _ in groups]


def _is_beside_edge(part: NDArray[np.bool_], edge: NDArray[np.bool_]) -> bool:
    """Return whether a solid part lies along the edge of the sheet, such as a corner in the shadow."""
    box = bounding_box(part)
    contact = max(np.ptp(pixels) + 1 for pixels in np.nonzero(part & edge)) if (part & edge).any() else 0
    area, (_, longer) = hull(part[box])
    return bool(part.sum() >= 0.85 * area and contact >= 0.4 * longer and part.sum() > 0.1 * longer**2)


def _boxes(labels: NDArray[np.integer], parts: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return top, bottom, left and right of each part."""
    from scipy import ndimage

    found = ndimage.find_objects(labels)
    slices = [found[part - 1] for part in parts]
    return np.array([[rows.start, rows.stop, columns.start, columns.stop] for rows, columns in slices])


def _group(boxes: NDArray[np.int64]) -> list[tuple[list[int], NDArray[np.int64]]]:
    """Return, for each digit, the numbers of its parts and its box."""
    heights, widths = boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]
    tall = (heights >= TALL * heights.max()) & (heights >= TALL * widths)
    tall[heights.argmax()] = True
    groups: list[tuple[list[int], NDArray[np.int64]]] = []
    for part in sorted(np.flatnonzero(tall), key=lambda part: boxes[part, 2]):
        members, box = [int(part)], boxes[part]
        for other in [group for group in groups if _same_digit(group[1], box, int(heights.max()))]:
            groups.remove(other)
            members, box = members + other[0], _around(box, other[1])
        groups.append((members, box))
    for part in np.flatnonzero(~tall):
        nearest = min(range(len(groups)), key=lambda k: _distance(groups[k][1], boxes[part]))
        members, box = groups[nearest]
        groups[nearest] = ([*members, int(part)], _around(box, boxes[part]))
    return groups


def _same_digit(one: NDArray[np.int64], other: NDArray[np.int64], tallest: int) -> bool:
    """Return whether two tall parts are strokes of one digit."""
    below, beside = _gaps(one, other)
    if below > MIN_GAP_BELOW * tallest:
        return False
    narrower = min(one[3] - one[2], other[3] - other[2])
    return bool(beside < MIN_GAP * tallest and (beside >= 0 or -beside > MAX_OVERLAP * narrower))


def _gaps(one: NDArray[np.int64], other: NDArray[np.int64]) -> tuple[int, int]:
    """Return the rows and the columns between two boxes; negative where they overlap."""
    top, left = np.maximum(one, other)[[0, 2]]
    bottom, right = np.minimum(one, other)[[1, 3]]
    return int(top - bottom), int(left - right)


def _distance(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    below, beside = _gaps(one, other)
    return math.hypot(max(0, below), max(0, beside))


def _around(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where([True, False, True, False], np.minimum(one, other), np.maximum(one, other))


def _in_reading_order(
    groups: list[tuple[list[int], NDArray[np.int64]]],
) -> list[tuple[list[int], NDArray[np.int64]]]:
    """Return the groups row by row, each from left to right."""
    rows: list[list[tuple[list[int], NDArray[np.int64]]]] = []
    for group in sorted(groups, key=lambda group: group[1][0]):
        middle = (group[1][0] + group[1][1]) / 2
        if rows and middle < max(box[1] for _, box in rows[-1]):
            rows[-1].append(group)
        else:
            rows.append([group])
    return [group for row in rows for group in sorted(row, key=lambda group: group[1][2])]
