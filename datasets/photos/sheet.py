"""A sheet of paper that is smaller than the photograph: found on a table of another brightness, and cut out."""

import numpy as np
from numpy.typing import NDArray

from .background import dark_background, light_background, paper_is_light
from .resizing import GreyImage, limit_size, resize
from .shapes import bounding_box, hull

SMALL = 128  # pixels; the sheet is searched in the photograph at this size
MIN_SIDE = 60  # pixels; smaller photographs are too coarse
MIN_AREA = 0.06  # of the photograph
MIN_RECTANGULARITY = 0.74  # area of the sheet, as a share of the smallest rectangle around it; an ellipse has 0.785
MIN_PAPER_SHARE = 0.7  # of the sheet that is not ink; the ring of a bright 0 has less
ROUND, MIN_ROUND_PAPER_SHARE = 0.83, 0.85  # the same if the sheet is round, as a 0 is
MIN_SOLIDITY = 0.95  # area of the sheet, as a share of its convex hull
MIN_EVENNESS = 0.25  # of the darkest paper, relative to the brightest: in a shadow, but not in the hole of a 0
MAX_HOLES = 0.05  # of the sheet, where a bright 0 has its hole
MAX_LENGTH = 2.5  # of the longer side, relative to the shorter one; a bright 1 is longer
MAX_LIKE_SHEET = 0.3  # of the table that is as bright as the sheet; around the inside of a 0 is paper again
MAX_TABLE_SOLIDITY = 0.9  # area of the table, as a share of its convex hull; the area in a shadow has about 1
MIN_STEP = 0.2  # between sheet and table, of the logarithms of their levels
WINDOW = 0.09  # of the photograph's shorter side; strokes are narrower
EDGE = 0.16  # difference of the logarithms of neighbouring levels
MIN_INK = 0.15  # of the level of the paper, by which light strokes differ from it; a blank sheet has less
INK = 0.7  # brightness of ink, at most, relative to its paper
MARGIN = 0.025  # of the sheet's side that is cut off, where its edge is blurred


def cut_out_sheet(grey: GreyImage, max_side: int) -> tuple[GreyImage, NDArray[np.bool_]]:
    """Return the sheet that lies on a darker or lighter table, or the whole photograph if there is none.

    Parameters
    ----------
    grey : float64 array of shape (height, width)
        Grey levels, 0 to 255.
    max_side : int
        Larger results are reduced to this number of pixels.

    Returns
    -------
    sheet : float64 array of shape (rows, columns)
        The smallest upright rectangle around the sheet. What it contains of the table has the brightness of the sheet.
    inside : bool array of shape (rows, columns)
        Where the sheet is; False at the frame if the sheet was cut out.
    """
    from scipy import ndimage

    small = limit_size(grey, SMALL)
    mask = _sheet_mask(small) if min(small.shape) >= MIN_SIDE else None
    if mask is None:
        reduced = limit_size(grey, max_side)
        return reduced, np.ones(reduced.shape, bool)
    rows, columns = bounding_box(mask)
    scale = [full / few for full, few in zip(grey.shape, small.shape, strict=True)]
    box = tuple(
        slice(int(part.start * by), int(np.ceil(part.stop * by)))
        for part, by in zip((rows, columns), scale, strict=True)
    )
    sheet = limit_size(grey[box], max_side)
    inside = resize(mask[rows, columns].astype(float), sheet.shape) > 0.5
    inside[[0, -1]] = inside[:, [0, -1]] = False
    coarse = limit_size(sheet, SMALL // 2)
    paper = resize(ndimage.median_filter(coarse, max(3, round(0.3 * min(coarse.shape))), mode="nearest"), sheet.shape)
    nearest = ndimage.distance_transform_edt(~inside, return_distances=False, return_indices=True)
    return np.where(inside, sheet, paper[tuple(nearest)]), inside


def _sheet_mask(small: GreyImage) -> NDArray[np.bool_] | None:
    """Return where the sheet is, without its edge, or None."""
    from scipy import ndimage

    smooth = ndimage.median_filter(small, 3)
    window = max(3, round(WINDOW * min(small.shape)))
    for grey in (smooth, 255 - smooth):  # dark ink on a sheet, or light ink
        paper = light_background(grey, window)
        for candidate in (_within_edges(paper), paper > _otsu(grey)):
            sheet = _largest_without_holes(candidate)
            if sheet is not None and _is_sheet(sheet, grey, paper):
                distance = ndimage.distance_transform_edt(np.pad(sheet, 1, mode="edge"))[1:-1, 1:-1]
                inside: NDArray[np.bool_] = distance > 1 + MARGIN * np.sqrt(sheet.sum())
                return inside if inside.any() else None
    return None


def _within_edges(paper: GreyImage) -> NDArray[np.bool_]:
    """Return what edges separate from the frame of the photograph; soft shadows have no edges."""
    from scipy import ndimage

    levels = np.log(paper.clip(0, 255) + 10)
    edges = ndimage.morphological_gradient(levels, 3, mode="nearest") > EDGE
    labels, _ = ndimage.label(~edges)
    frame = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return ndimage.binary_dilation(~np.isin(labels, np.append(frame, 0)) & ~edges, iterations=2)


def _largest_without_holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Return the largest connected part, filled and without thin appendices."""
    from scipy import ndimage

    labels, count = ndimage.label(mask)
    if count == 0:
        return None  # blank
    largest = labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])
    filled = ndimage.binary_fill_holes(largest)
    if filled.sum() > (1 + MAX_HOLES) * largest.sum():
        return None
    opened: NDArray[np.bool_] = ndimage.binary_opening(np.pad(filled, 4, mode="edge"), iterations=2)[4:-4, 4:-4]
    return opened


def _is_sheet(sheet: NDArray[np.bool_], grey: GreyImage, paper: GreyImage) -> bool:
    """Return whether a region is a sheet of paper, with dark ink on it, on something of another brightness."""
    from scipy import ndimage

    table = ~ndimage.binary_dilation(sheet, iterations=3)
    if sheet.sum() < MIN_AREA * sheet.size or table.sum() < 0.05 * sheet.size:
        return False
    inner = ndimage.binary_erosion(sheet, iterations=4, border_value=1)
    return bool(inner.any()) and (
        _has_shape(sheet, table, float((grey[sheet] > INK * paper[sheet]).mean()))
        and _has_step(sheet, table, paper)
        and bool(np.percentile(paper[sheet], 5) >= MIN_EVENNESS * np.percentile(paper[sheet], 95))
        and not _has_light_ink(inner, grey)
        and not _is_crossed(sheet, table, grey < INK * paper)
    )


def _has_shape(sheet: NDArray[np.bool_], table: NDArray[np.bool_], paper_share: float) -> bool:
    """Return whether a region is nearly a rectangle, or round and nearly empty, and the table is around it."""
    solid, (shorter, longer) = hull(sheet)
    rectangularity = sheet.sum() / (shorter * longer)
    return bool(
        rectangularity >= MIN_RECTANGULARITY
        and paper_share >= (MIN_PAPER_SHARE if rectangularity > ROUND else MIN_ROUND_PAPER_SHARE)
        and sheet.sum() >= MIN_SOLIDITY * solid
        and longer <= MAX_LENGTH * shorter
        and table.sum() <= MAX_TABLE_SOLIDITY * hull(table)[0]
    )


def _has_step(sheet: NDArray[np.bool_], table: NDArray[np.bool_], paper: GreyImage) -> bool:
    """Return whether the table, at the edge of the sheet and farther away, has another brightness than the sheet.

    Each pixel of the table is compared with the nearest one of the sheet, as both are in the same light.
    """
    from scipy import ndimage

    within = ndimage.binary_erosion(sheet, iterations=2, border_value=1)
    nearest = ndimage.distance_transform_edt(~within, return_distances=False, return_indices=True)
    levels = np.log(paper + 10)
    steps = levels - levels[tuple(nearest)]
    step = float(np.median(steps[table & ndimage.binary_dilation(sheet, iterations=6)]))
    return abs(step) >= MIN_STEP and bool((steps[table] / step < 0.5).mean() <= MAX_LIKE_SHEET)


def _is_crossed(sheet: NDArray[np.bool_], table: NDArray[np.bool_], ink: NDArray[np.bool_]) -> bool:
    """Return whether a stroke crosses the edge, which is then that of a shadow."""
    from scipy import ndimage

    labels, count = ndimage.label(ink, np.ones((3, 3)))
    inner = ndimage.binary_erosion(sheet, iterations=2, border_value=1)
    counts = [np.bincount(labels[part], minlength=count + 1)[1:] for part in (inner, table)]
    return bool((np.minimum(*counts) >= 3).any())


def _has_light_ink(sheet: NDArray[np.bool_], grey: GreyImage) -> bool:
    """Return whether there are strokes, and they are lighter than the sheet."""
    strokes = (grey - dark_background(grey, max(3, round(WINDOW * min(grey.shape)))))[sheet]
    paper = np.median(grey[sheet])
    if strokes.max() < MIN_INK * paper:
        return False
    return not paper_is_light(np.where(sheet, grey, paper)[bounding_box(sheet)])


def _otsu(grey: GreyImage) -> float:
    """Return the level that divides the pixels into two classes with the largest variance between them."""
    levels = np.linspace(grey.min(), grey.max(), 257)
    counts, _ = np.histogram(grey, levels)
    middles = (levels[:-1] + levels[1:]) / 2
    below, sums = np.cumsum(counts), np.cumsum(counts * middles)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(middles[np.nanargmax(np.append(between[:-1], -1.0))])
