"""The background around strokes: what remains of an image when everything narrower than a window is filled."""

import numpy as np

from .resizing import GreyImage, limit_size


def light_background(grey: GreyImage, window: int) -> GreyImage:
    """Return `grey` without dark parts narrower than `window` pixels: its morphological closing.

    Edges of shadows and sheets stay where they are. The image continues beyond its frame as at its frame.
    """
    from scipy import ndimage

    padded = np.pad(grey, window, mode="edge")
    return ndimage.grey_closing(padded, window)[window:-window, window:-window]


def dark_background(grey: GreyImage, window: int) -> GreyImage:
    """Return `grey` without light parts narrower than `window` pixels: its morphological opening."""
    return -light_background(-grey, window)


def paper_is_light(grey: GreyImage) -> bool:
    """Return whether the strokes are darker than the median around them, which is paper."""
    from scipy import ndimage

    levels = np.log(grey.clip(0, 255) + 20)  # a shadow darkens paper and ink by the same difference
    small = limit_size(levels, 64)
    strokes = small - ndimage.median_filter(small, max(3, round(0.3 * min(small.shape))), mode="nearest")
    return bool(np.square(strokes[strokes < 0]).sum() >= np.square(strokes[strokes > 0]).sum())
