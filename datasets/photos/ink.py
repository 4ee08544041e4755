"""What is ink on an image, and what is paper: whichever is darker, and whatever the light.

The paper is what varies slowly. It is looked for in two ways, since each goes wrong where the other does well: as a
smooth surface, which the edge of a shadow is not, and as what strokes leave free, which large areas of ink do not.
"""

import numpy as np

STEEPEST = 3  # times the noise: what counts as far from the paper
FAINTEST = 20  # grey levels of 255 between ink and paper
MOST_ON_FRAME = 0.25  # of the image's outermost pixels: more is rarely ink


def find_ink(grey: np.ndarray) -> tuple[np.ndarray, float]:
    """Return how dark each pixel is with ink, about 0 on paper and 1 in a stroke, and the noise of the paper.

    The paper is a surface of second degree, fitted to the frame of the image first, then to all that is near it. Where
    that leaves much of the frame as ink, as beside the edge of a shadow, it is what strokes leave free around them.
    """
    away, noise = _from_surface(grey)
    bare = _without_edges(away, noise)
    if _on_frame(bare, noise) > MOST_ON_FRAME:
        other, other_noise = _from_surroundings(grey)
        other = _without_edges(other, other_noise)
        if other.max() >= FAINTEST and _on_frame(other, other_noise) < MOST_ON_FRAME / 2:
            bare, noise = other, other_noise
    darkest = float(bare.max())
    if darkest < max(FAINTEST, 5 * noise):
        no_digit(f"no more than {darkest:.0f} of 255 grey levels of contrast")
    full = float(np.percentile(bare[bare > darkest / 2], 75))
    return bare / full, noise / full


def _from_surface(grey: np.ndarray) -> tuple[np.ndarray, float]:
    """Return how far each pixel is from a fitted surface, ink upwards, and the noise of the paper."""
    height, width = grey.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y]).reshape(6, -1).T
    values = grey.ravel()
    margin = max(1, round(0.05 * min(height, width)))
    inside = np.zeros(grey.shape, bool)
    inside[margin:-margin, margin:-margin] = True
    paper = ~inside.ravel()
    middle = np.median(values[paper])
    paper &= np.abs(values - middle) <= max(FAINTEST, STEEPEST * np.median(np.abs(values[paper] - middle)))
    for degree in (1, 6, 6, 6):  # a constant first: the frame alone says little about a surface
        used = terms[:, :degree]
        fitted = np.linalg.lstsq(used[paper], values[paper], rcond=None)[0]
        away = values - used @ fitted
        noise = max(1.0, 1.5 * float(np.median(np.abs(away[paper]))))
        paper = np.abs(away) < max(STEEPEST * noise, FAINTEST / 2)
    away = away.reshape(grey.shape)
    if np.square(away[away < 0]).sum() > np.square(away[away > 0]).sum():
        away = -away  # dark ink on light paper
    return away, noise


def _from_surroundings(grey: np.ndarray) -> tuple[np.ndarray, float]:
    """Return how far each pixel is from the paper around strokes; the edge of a shadow stays in the paper."""
    from scipy import ndimage

    factor = min(1.0, 96 / max(grey.shape))
    small = ndimage.median_filter(resized(grey, [max(2, round(side * factor)) for side in grey.shape]), 3)
    window = max(3, round(0.3 * min(small.shape)))
    papers = [change(small, window, mode="nearest") for change in (ndimage.grey_closing, ndimage.grey_opening)]
    light = np.median(papers[0] - small) <= np.median(small - papers[1])
    paper = resized(papers[0 if light else 1], grey.shape).clip(1, 255)
    # Shade dims paper and ink alike: as a share of the paper, both are as in the light.
    away = 255 * (1 - grey / paper) if light else grey - paper
    return away, max(1.0, 1.5 * float(np.median(np.abs(away))))


def _on_frame(away: np.ndarray, noise: float) -> float:
    """Return which share of the image's outermost pixels is far from the paper."""
    frame = np.concatenate([away[0], away[-1], away[:, 0], away[:, -1]])
    return float((np.abs(frame) > max(STEEPEST * noise, FAINTEST)).mean())


def _without_edges(away: np.ndarray, noise: float) -> np.ndarray:
    """Take away what runs along a whole side of the image, such as a strip of the table or a drawn frame."""
    from scipy import ndimage

    around = np.ones((3, 3))
    margin = round(0.08 * min(away.shape))
    labels, count = ndimage.label(np.abs(away) > max(STEEPEST * noise, FAINTEST), around)
    if count < 2 or margin < 1:
        return away
    sides = [(labels[0], labels[-1]), (labels[:, 0], labels[:, -1])]
    across = np.unique(np.concatenate([np.intersect1d(*pair) for pair in sides]))
    inside = np.unique(labels[margin:-margin, margin:-margin])
    edges = np.isin(labels, np.setdiff1d(across, np.append(inside, 0)))
    return np.where(ndimage.binary_dilation(edges, around, iterations=2), 0, away) if edges.any() else away


def resized(image: np.ndarray, shape) -> np.ndarray:
    """Return `image` with `shape`, (height, width), smoothly."""
    from PIL import Image

    height, width = shape
    return np.asarray(Image.fromarray(image.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC))


def no_digit(got: str):
    """Raise the ValueError for an image on which nothing is drawn."""
    raise ValueError(
        f"preprocess_digit: expected a digit, darker or lighter than its paper; got {got}. "
        "Draw it with a thicker or darker pen, or photograph it from nearer."
    )
