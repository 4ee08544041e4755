"""`pool2d`: pooling of feature maps in all its modes, as an expression."""

from collections.abc import Sequence

from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import keywords_checked
from network3.layers.checks import one_of

from .pool import Pool2D
from .pool_base import check_maps
from .pool_counts import WindowCounts, window_counts

POOL_MODES = ("max", "l2", "sum", "average", "average_exclude_padding")


@keywords_checked("pool2d")
def pool2d(
    x: TensorVariable,
    size: int | Sequence[int] = (2, 2),
    mode: str = "max",
    *,
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int | Sequence[int]] = 0,
    ceil: bool = False,
) -> TensorVariable:
    r"""Reduce each window of each feature map to one value.

    .. math:: y = \max_{ij} x_{ij} \quad\text{or}\quad y = \sqrt{\sum_{ij} x_{ij}^2} \quad\text{or}\quad
        y = \sum_{ij} x_{ij} \quad\text{or}\quad y = \frac1n \sum_{ij} x_{ij}

    Parameters
    ----------
    x : tensor of shape (images, maps, rows, columns), float32 or float64
    size : int or (int, int), default (2, 2)
        Rows and columns of a window.
    mode : "max", "l2", "sum", "average" or "average_exclude_padding", default "max"
        The maximum, the square root of the sum of squares, the sum, or the mean. "average" counts padding as zeros,
        "average_exclude_padding" counts the pixels only.
    stride : int, (int, int) or None, default None
        Rows and columns from one window to the next. None for the size: windows side by side. With a smaller stride,
        windows overlap.
    padding : int, (rows, columns) or ((top, bottom), (left, right)), default 0
        Positions around the image, each number smaller than the window. They are never the maximum, and 0 in sums.
    ceil : bool, default False
        Whether to keep incomplete windows at the bottom and at the right, as Theano's ``ignore_border=False`` and
        PyTorch's ``ceil_mode``. By default, rows and columns that do not fill a window are dropped.

    Returns
    -------
    tensor of shape (images, maps, output rows, output columns)
        Of L pixels, with padding p before and q after them, there are ``(L + p + q - size) // stride + 1`` windows.
        With `ceil` the division rounds up; a window that would begin after the last pixel is dropped, and there is
        always at least one.

    Raises
    ------
    TypeError
        Not four axes, or not a floating-point type.
    ValueError
        A window larger than the padded image, padding that is not smaller than the window, a size or stride below 1,
        negative padding, an empty image, or an unknown mode.

    Notes
    -----
    NaN in a window gives NaN. Tied maxima each receive the full gradient, as in Theano, and an element that is the
    maximum of several windows receives the sum of their gradients; the gradient of the L2 norm is 0 where the norm
    is 0. The mean of an incomplete window divides by the number of its positions inside the padded image ("average")
    or inside the image ("average_exclude_padding"), as in Theano and PyTorch. With `ceil`, PyTorch refuses some windows
    that are larger than the image, of which Theano and this function return one, incomplete.
    Source: book, chapter 6, "Pooling layers"; Theano's ``pool_2d``.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> x = pt.tensor("x", shape=(10, 20, 25, 24), dtype="float32")
    >>> pool2d(x, (2, 3)).type.shape
    (10, 20, 12, 8)
    >>> pool2d(x, 3, "average", stride=2, padding=1).type.shape
    (10, 20, 13, 12)
    """
    settings = {"stride": stride, "padding": padding, "ceil": ceil}
    if one_of("pool2d: mode", mode, POOL_MODES) in Pool2D.modes:
        return Pool2D(size, mode, **settings)(x)
    (x,) = check_maps("Pool2D", [x])
    return Pool2D(size, "sum", **settings)(x) / window_counts(WindowCounts(size, mode == "average", **settings), x)
