"""The background around strokes: what remains of an image when everything narrower than a window is filled."""

import numpy as np

from .resizing import GreyImage


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
