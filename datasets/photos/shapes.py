"""Measures of a shape: the box, the convex hull and the smallest rectangle around it, and its thickness."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def bounding_box(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the rows and columns from the first to the last True."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def hull(mask: NDArray[np.bool_]) -> tuple[float, tuple[float, float]]:
    """Return the area of the convex hull, and the sides of the smallest rectangle around it, the shorter first."""
    from scipy.spatial import ConvexHull

    pixels: NDArray[Any] = np.argwhere(mask)
    found = ConvexHull(np.concatenate([pixels + corner for corner in ([0, 0], [0, 1], [1, 0], [1, 1])]))
    points = found.points[found.vertices]
    angles = np.deg2rad(np.arange(0, 90, 2))
    across, along = (np.ptp(points @ [np.cos(angles + turn), np.sin(angles + turn)], axis=0) for turn in (0, np.pi / 2))
    best = np.argmin(across * along)
    shorter, longer = sorted([float(across[best]), float(along[best])])
    return float(found.volume), (shorter, longer)


def thickness(mask: NDArray[np.bool_]) -> float:
    """Return the diameter of the largest disk in `mask`, in pixels; 0 if it is empty."""
    from scipy import ndimage

    return max(0.0, 2 * float(ndimage.distance_transform_edt(np.pad(mask, 1)).max()) - 1)
