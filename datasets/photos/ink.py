"""Separation of ink and paper in a photograph: whichever is darker, in any light.

The paper is the part that varies slowly. It is estimated in two ways, each of which works where the other fails: as a
smooth surface, which cannot follow the edge of a shadow, and as the background around strokes, which fails for large
areas of ink.
"""

from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from .background import dark_background, light_background, paper_is_light
from .lines import remove_lines
from .resizing import GreyImage
from .shapes import thickness

NOISE_FACTOR = 3  # a pixel that differs from the paper by this many times the noise is not paper
MIN_CONTRAST = 20  # grey levels of 255 between ink and paper
SOFT = 60  # grey levels of 255 by which a soft shadow differs from a surface of second degree, at most
SHADOW = 0.65  # darkness of a shadow that is narrower than the window, at most, relative to the strokes
WINDOW = 0.2  # of the shorter side; strokes are narrower
MAX_FRAME_SHARE = 0.02  # of the outermost pixels of the image that is ink if the light varies slowly


def find_ink(grey: GreyImage, inside: NDArray[np.bool_]) -> tuple[GreyImage, float]:
    """Return the darkness of each pixel, about 0 on paper and 1 in a stroke, and the noise of the paper.

    The paper is a surface of second degree, fitted to the frame of the image first, then to all pixels near the
    surface. If some of the frame then counts as ink, as at the edge of a shadow, the paper is instead the background
    around the strokes. Lines of the paper are removed.

    Parameters
    ----------
    grey : float64 array of shape (height, width)
        Grey levels, 0 to 255.
    inside : bool array of shape (height, width)
        Where the sheet of paper is.

    Returns
    -------
    ink : float64 array of shape (height, width)
    noise : float
        In the same unit as `ink`.

    Raises
    ------
    ValueError
        The contrast is too low.
    """
    contrast, noise = _contrast_to_surface(grey)
    highest = float(contrast.max())
    share = _frame_share(contrast, noise)
    other, other_noise = _contrast_to_background(grey)
    uneven = noise > 2 * other_noise + 2
    soft = other.max() < MIN_CONTRAST and highest < SOFT  # wide and faint: a shadow
    if uneven or soft or (share > MAX_FRAME_SHARE and _frame_share(other, other_noise) < share):
        contrast, noise = other, other_noise
    contrast = _remove_edges(remove_lines(contrast, noise, inside), noise)
    darkest = float(contrast.max())
    if darkest < MIN_CONTRAST <= highest / 2:
        raise_no_digit("a shadow or a solid area, without strokes")
    if darkest < MIN_CONTRAST:
        raise_no_digit(f"no more than {darkest:.0f} of 255 grey levels of contrast")
    if darkest < 5 * noise:
        raise_no_digit(f"paper that varies by {noise:.0f} of 255 grey levels, and ink by {darkest:.0f}")
    full = float(np.percentile(contrast[contrast > darkest / 2], 75))
    return _remove_shadow(contrast / full), noise / full


def _contrast_to_surface(grey: GreyImage) -> tuple[GreyImage, float]:
    """Return the difference of each pixel from a fitted surface, positive for ink, and the noise of the paper."""
    height, width = grey.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y]).reshape(6, -1).T
    values = grey.ravel()
    margin = max(1, round(0.05 * min(height, width)))
    inside = np.zeros(grey.shape, bool)
    inside[margin:-margin, margin:-margin] = True
    paper = ~inside.ravel()
    median = np.median(values[paper])
    deviation = np.abs(values - median)
    paper &= deviation <= max(MIN_CONTRAST, NOISE_FACTOR * float(np.median(deviation[paper])))
    for degree in (1, 6, 6, 6):  # number of terms; a constant first, as the frame alone determines a surface badly
        used = terms[:, :degree]
        fitted = np.linalg.lstsq(used[paper], values[paper], rcond=None)[0]
        residual = values - used @ fitted
        noise = max(1.0, 1.5 * float(np.median(np.abs(residual[paper]))))
        paper = np.abs(residual) < max(NOISE_FACTOR * noise, MIN_CONTRAST / 2)
    contrast = residual.reshape(grey.shape)
    if np.square(contrast[contrast < 0]).sum() > np.square(contrast[contrast > 0]).sum():
        contrast = -contrast  # dark ink on light paper
    return contrast, noise


def _contrast_to_background(grey: GreyImage) -> tuple[GreyImage, float]:
    """Return the difference of each pixel from the background around strokes, which includes shadows, and the noise."""
    from scipy import ndimage

    smooth = ndimage.median_filter(grey, 3)
    light = paper_is_light(smooth)
    paper = (light_background if light else dark_background)(smooth, max(3, round(WINDOW * min(grey.shape))))
    paper = paper.clip(1, 255)
    # A shadow darkens paper and ink alike: relative to the paper, the ink is as dark as in the light.
    contrast = 255 * (1 - grey / paper) if light else grey - paper
    contrast -= np.median(contrast)  # the noise makes the background too light
    return contrast, max(1.0, 1.5 * float(np.median(np.abs(contrast))))


def _remove_shadow(ink: GreyImage) -> GreyImage:
    """Remove what is paler than the strokes and wider, such as the shadow of a hand, if there is such a thing."""
    from scipy import ndimage

    dark = ink > SHADOW
    near = ndimage.binary_dilation(dark, iterations=2 + round(0.01 * min(ink.shape)))
    pale = (ink > 0.3) & ~near
    if thickness(pale) < 1.5 * thickness(dark):
        return ink
    return np.where(dark | (near & ~ndimage.binary_dilation(pale, iterations=2)), ink, 0)


def _frame_share(contrast: GreyImage, noise: float) -> float:
    """Return the share of the outermost pixels of the image that are not paper."""
    frame = np.concatenate([contrast[0], contrast[-1], contrast[:, 0], contrast[:, -1]])
    return float((np.abs(frame) > max(NOISE_FACTOR * noise, MIN_CONTRAST)).mean())


def _remove_edges(contrast: GreyImage, noise: float) -> GreyImage:
    """Remove what runs along a complete side of the image, such as the edge of the table or a drawn frame."""
    from scipy import ndimage

    neighbours = np.ones((3, 3))
    margin = round(0.08 * min(contrast.shape))
    labels, count = ndimage.label(np.abs(contrast) > max(NOISE_FACTOR * noise, MIN_CONTRAST), neighbours)
    if count < 2 or margin < 1:
        return contrast
    sides = [(labels[0], labels[-1]), (labels[:, 0], labels[:, -1])]
    across = np.unique(np.concatenate([np.intersect1d(*pair) for pair in sides]))
    inside = np.unique(labels[margin:-margin, margin:-margin])
    edges = np.isin(labels, np.setdiff1d(across, np.append(inside, 0)))
    return np.where(ndimage.binary_dilation(edges, neighbours, iterations=2), 0, contrast) if edges.any() else contrast


def raise_no_digit(got: str) -> NoReturn:
    """Raise the ValueError for an image without a visible digit."""
    raise ValueError(
        f"preprocess_digit: expected a digit, darker or lighter than its paper; got {got}. "
        "Draw it with a thicker or darker pen, or take the photograph closer and in even light, "
        "so that only paper is around the digit."
    )
