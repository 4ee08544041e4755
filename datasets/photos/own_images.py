"""Preprocessing of your own images to the form of MNIST: one digit, bright on black, in 28 x 28 pixels."""

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .ink import NOISE_FACTOR, find_ink, raise_no_digit
from .levels import grey_levels
from .mnist_form import in_mnist_form
from .photograph import read_grayscale as read_grayscale
from .resizing import GreyImage
from .shapes import bounding_box, thickness
from .sheet import cut_out_sheet
from .strokes import find_digits

MAX_SIDE = 512  # pixels; larger images are reduced, as more pixels add no information
MAX_WIDTH, SURELY_WIDE = 1.4, 2.2  # width of a digit, relative to its height; of MNIST, 1 in 100 is wider than 1.4
MAX_THICKNESS = 0.65  # diameter of the largest disk in the ink, relative to the digit; MNIST's have up to 0.62


def preprocess_digit(grey: ArrayLike) -> NDArray[np.uint8]:
    """Convert an image of one digit to the form of MNIST.

    The paper may be dark or light, unevenly lit, ruled or squared, and smaller than the photograph. Specks are removed,
    and thin strokes thickened. Several digits are squeezed into one image, with a warning: see `split_digits`.

    Parameters
    ----------
    grey : array of shape (height, width), each at least 2
        Grey levels, 0 black to 255 white, such as from `read_grayscale`. Booleans, values from 0 to 1 or from -1 to 1,
        and levels of more than 8 bits are recognized by their range.

    Returns
    -------
    uint8 array of shape (28, 28)
        0 for the paper, up to 255 for the ink.

    Raises
    ------
    ValueError
        Not an image, or one without a visible digit.
    """
    ink, masks, faint = _digits(grey)
    if len(masks) > 1:
        _warn(f"got {len(masks)}. Use split_digits(image) for each of them.", 3)
    return in_mnist_form(np.where(np.any(masks, axis=0), ink, 0), faint)


def split_digits(grey: ArrayLike) -> list[NDArray[np.uint8]]:
    """Convert each digit of an image to the form of MNIST.

    Parameters
    ----------
    grey : array of shape (height, width), each at least 2
        As for `preprocess_digit`. The digits must not touch.

    Returns
    -------
    list of uint8 arrays of shape (28, 28)
        From left to right; digits in several rows are read row by row. `np.stack(split_digits(grey))` is an array of
        shape (digits, 28, 28).

    Raises
    ------
    ValueError
        Not an image, or one without a visible digit.
    """
    ink, masks, faint = _digits(grey)
    return [in_mnist_form(np.where(mask, ink, 0), faint) for mask in masks]


def _digits(grey: ArrayLike) -> tuple[GreyImage, list[NDArray[np.bool_]], float]:
    """Return the ink, the pixels of each digit, and the darkness below which nothing is ink."""
    sheet, inside = cut_out_sheet(grey_levels(grey), MAX_SIDE)
    ink, noise = find_ink(sheet, inside)
    masks = find_digits(ink, noise, inside)
    for mask in masks:
        dark = mask & (ink > 0.5)
        _check_shape(dark if dark.any() else mask)  # a digit may be fainter than others
    return np.clip(ink, 0, 1), masks, max(NOISE_FACTOR * noise, 0.1)


def _check_shape(strokes: NDArray[np.bool_]) -> None:
    """Raise an error, or warn, if something has the shape of no digit."""
    strokes = strokes[bounding_box(strokes)]
    height, width = strokes.shape
    if thickness(strokes) > MAX_THICKNESS * max(height, width) and height > 5:
        raise_no_digit("a solid area, without strokes")
    if width > SURELY_WIDE * height:
        raise_no_digit(f"something {width / height:.1f} times as wide as it is high")
    if width > MAX_WIDTH * height:
        _warn("got a shape that is wide. If several digits touch, write them apart.", 5)


def _warn(message: str, stacklevel: int) -> None:
    warnings.warn(f"preprocess_digit: expected an image of one digit; {message}", stacklevel=stacklevel)
