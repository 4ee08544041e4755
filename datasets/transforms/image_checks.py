"""Checks of the arguments that all transforms share: images, their shape, and the fill value."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_image_shape(who: str, images: NDArray[Any], image_shape: tuple[int, ...]) -> tuple[int, ...]:
    """Check that each of `images` has as many values as `image_shape`, and return the latter as a tuple.

    Parameters
    ----------
    who : str
        Name of the called function, for error messages.
    images : array of shape (n, ...)
    image_shape : (height, width) or (channels, height, width)

    Raises
    ------
    TypeError
        Images that are not numbers.
    ValueError
        A shape of another form, or one that does not fit the images.
    """
    image_shape = tuple(image_shape)
    if images.dtype.kind not in "uif":
        raise TypeError(
            f"{who}: images must be integers or floats; got dtype {images.dtype}. Convert them with astype first."
        )
    if len(image_shape) not in (2, 3) or any(side < 1 for side in image_shape):
        raise ValueError(
            f"{who}: image_shape must be (height, width) or (channels, height, width), each at "
            f"least 1; got {image_shape}. Write image_shape=(28, 28) for MNIST."
        )
    if images.ndim < 2 or math.prod(images.shape[1:]) != math.prod(image_shape):
        raise ValueError(
            f"{who}: images must have the shape (n, {math.prod(image_shape)}), since image_shape "
            f"is {image_shape}; got {images.shape}. Pass the image_shape of these images."
        )
    return image_shape


def check_fill(who: str, images: NDArray[Any], fill: float) -> None:
    """Raise ValueError unless `fill` is finite and exactly representable in the dtype of `images`."""
    with np.errstate(over="ignore", invalid="ignore"):
        stored = np.array(fill).astype(images.dtype)
    if not np.isfinite(stored) or (images.dtype.kind != "f" and stored != fill):
        raise ValueError(
            f"{who}: fill must be a finite value that {images.dtype} images can represent; got {fill}. "
            "Choose another fill, or convert the images to float32."
        )
