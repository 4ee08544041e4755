"""Sizes of grey images: interpolation, and a largest size."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

GreyImage = NDArray[np.floating[Any]]


def resize(image: GreyImage, shape: Sequence[int]) -> GreyImage:
    """Return `image` in the size `shape`, (height, width), by bicubic interpolation in float32."""
    from PIL import Image

    height, width = shape
    resized = Image.fromarray(image.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(resized)


def limit_size(image: GreyImage, most: int) -> GreyImage:
    """Return `image`, reduced to at most `most` pixels a side."""
    largest = max(image.shape)
    if largest <= most:
        return image
    return resize(image, [max(2, round(side * most / largest)) for side in image.shape])
