"""Grey levels from 0 to 255, whatever the range of an array is: 0 to 1, -1 to 1, booleans, more bits, standardized."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

STANDARDIZED = 20  # values, not whole, within this distance from 0 are in a unit of their own


def grey_levels(grey: ArrayLike) -> NDArray[np.float64]:
    """Return an image as grey levels.

    Parameters
    ----------
    grey : array of shape (height, width), each at least 2
        Booleans; values from 0 to 1, -1 to 1 or 0 to 255, which may be exceeded a little, as by interpolation; other
        ranges are scaled by their minimum and maximum.

    Returns
    -------
    float64 array of shape (height, width)
        About 0 black to 255 white.

    Raises
    ------
    ValueError
        Not an image: another number of axes, no numbers, or NaN or infinity.
    """
    try:
        values = np.asarray(grey)
    except ValueError:  # rows of different lengths
        raise _error("rows of different lengths") from None
    if values.dtype.kind not in "biuf":
        raise _error(f"values of type {values.dtype}")
    if values.ndim != 2 or min(values.shape) < 2:
        hint = "Write image.reshape(28, 28)." if values.shape in [(784,), (784, 1), (1, 784)] else None
        raise _error(f"shape {values.shape}", hint)
    if not np.isfinite(values).all():
        raise _error("NaN or infinity")
    return _scaled(values.astype(np.float64))


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `values` as grey levels, by the range that they have."""
    low, high = float(values.min()), float(values.max())
    if low >= -0.1 and high <= 1.1:
        return 255 * values
    if low >= -1.2 and high <= 1.2:
        return 127.5 * (values + 1)
    whole = bool((values == np.rint(values)).all())
    own_unit = not whole and max(-low, high) <= STANDARDIZED
    if own_unit or low < -64 or high > 319:  # a quarter beyond the range
        return (values - low) * (255 / (high - low)) if high > low else np.full(values.shape, 255.0)
    return values


def _error(got: str, hint: str | None = None) -> ValueError:
    return ValueError(
        f"preprocess_digit: expected a grey image (height, width) of numbers; got {got}. "
        f"{hint or 'Read one with read_grayscale(path).'}"
    )
