"""``theano.tensor.signal.pool``: pooling with Theano's arguments and Theano's rule for windows at the border."""

import warnings
from collections.abc import Sequence
from typing import Any

import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message, flag, one_of, shown, sizes
from network3.layers.ops import pool2d
from network3.layers.ops.base import as_tensor
from network3.theano.arguments import CALLER, renamed

Sizes = int | Sequence[int]
# Theano's name -> that of `pool2d`.
MODES = {
    "max": "max",
    "sum": "sum",
    "average_inc_pad": "average",
    "average_exc_pad": "average_exclude_padding",
    "max_deterministic": "max",  # of cuDNN
}


@keywords_checked("pool_2d")
def pool_2d(
    input: TensorVariable,
    ws: Sizes | None = None,
    ignore_border: bool | None = None,
    stride: Sizes | None = None,
    pad: Sizes = (0, 0),
    mode: str = "max",
    ds: Sizes | None = None,
    st: Sizes | None = None,
    padding: Sizes | None = None,
) -> TensorVariable:
    """Reduce each window of the last two axes to one value.

    Parameters
    ----------
    input : tensor of 2 or more axes, the last two (rows, columns), float32 or float64
    ws : int or (int, int)
        Rows and columns of a window.
    ignore_border : bool, default False with a warning
        Whether a window at the bottom or right that the image does not fill is left out. Images of (5, 5) give (2, 2)
        values under windows of (2, 2) if it is, and (3, 3) if not. Write it out: most programs mean True.
    stride : int or (int, int), default `ws`
        Rows and columns from one window to the next.
    pad : int or (int, int), default 0
        Rows added above and below and columns added left and right, smaller than `ws`; only with
        ``ignore_border=True``. They are never the maximum, and count only in "average_inc_pad".
    mode : "max", "sum", "average_inc_pad" or "average_exc_pad", default "max"
        The maximum, the sum, or the mean with or without the padding counted. A window that the image does not fill is
        divided by the number of values that it has.
    ds, st, padding
        Older names of `ws`, `stride` and `pad`.

    Returns
    -------
    tensor of the number of axes of `input`

    Raises
    ------
    TypeError
        Fewer than 2 axes, not a floating-point type, or sizes that are expressions.
    ValueError
        No window, a value under both names, a window larger than its image, padding as large as the window or without
        ``ignore_border=True``, or an unknown mode.

    Notes
    -----
    Maxima that are tied each receive the full gradient, as in Theano on a CPU. Source: Theano 1.0,
    ``theano/tensor/signal/pool.py``.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> x = pt.tensor("x", shape=(10, 3, 5, 5), dtype="float32")
    >>> pool_2d(x, (2, 2), ignore_border=True).type.shape
    (10, 3, 2, 2)
    >>> pool_2d(x, (2, 2), ignore_border=False).type.shape
    (10, 3, 3, 3)
    """
    ws = renamed("pool_2d", "ds", ds, "ws", ws)
    stride = renamed("pool_2d", "st", st, "stride", stride)
    pad = renamed("pool_2d", "padding", padding, "pad", pad, default=(0, 0))
    if ws is None:
        raise ValueError(error_message("pool_2d: ws", "expected rows and columns of a window", "None", "Write (2, 2)."))
    return pool("pool_2d", input, ws, ignore_border, stride, pad, mode)


def pool(who: str, input: Any, ws: Any, ignore_border: bool | None, stride: Any, pad: Any, mode: str) -> TensorVariable:
    """Return `pool_2d` of arguments under their newer names; `who` names the function in messages."""
    x = as_tensor(who, input)
    if x.ndim < 2:
        hint = "Reshape it to (images, maps, rows, columns)."
        raise TypeError(error_message(f"{who}: input", "expected 2 or more axes", f"{x.ndim} axes", hint))
    if ignore_border is None:
        hint = "Write ignore_border=True to leave out windows that the image does not fill, as other libraries do."
        message = error_message(f"{who}: ignore_border", "expected True or False", "neither, so it is False", hint)
        warnings.warn(message, UserWarning, stacklevel=CALLER)
    size = _numbers(f"{who}: ws", ws)
    step = size if stride is None else _numbers(f"{who}: stride", stride)
    border = (0, 0) if pad is None else _numbers(f"{who}: pad", pad, least=0)
    mode = MODES[one_of(f"{who}: mode", mode, MODES)]
    partial = not flag(f"{who}: ignore_border", ignore_border)
    if partial and any(border):
        hint = "Write ignore_border=True, or pad=(0, 0)."
        raise ValueError(error_message(f"{who}: pad", "expected (0, 0) without ignore_border=True", border, hint))
    if any(p >= s for p, s in zip(border, size, strict=True)):
        expected = f"expected padding smaller than the window of {size}"
        raise ValueError(error_message(f"{who}: pad", expected, border, "Use larger windows or less padding."))
    images, restore = _as_images(x)
    return restore(pool2d(images, size, mode, stride=step, padding=border, ceil=partial))


def _numbers(who: str, value: Any, least: int = 1) -> tuple[int, int]:
    """Return sizes as two numbers; Theano also took expressions."""
    if isinstance(value, TensorVariable):
        hint = "Write numbers, e.g. (2, 2); a size that changes needs a function for each."
        raise TypeError(error_message(who, "expected 2 whole numbers", f"the expression {shown(value)}", hint))
    rows, columns = sizes(who, value, 2, least=least)
    return rows, columns


def _as_images(x: TensorVariable) -> tuple[TensorVariable, Any]:
    """Return `x` with 4 axes, and the function that gives a result the axes of `x` again."""
    if x.ndim == 4:
        return x, lambda y: y
    if x.ndim < 4:
        padded = x.dimshuffle(*"x" * (4 - x.ndim), *range(x.ndim))
        return padded, lambda y: y.dimshuffle(*range(4 - x.ndim, 4))
    leading = x.shape[:-2]
    flat = x.reshape((pt.prod(leading), 1, x.shape[-2], x.shape[-1]))
    return flat, lambda y: y.reshape((*leading, y.shape[-2], y.shape[-1]), ndim=x.ndim)


@keywords_checked("max_pool_2d_same_size")
def max_pool_2d_same_size(input: TensorVariable, patch_size: Sizes) -> TensorVariable:
    """Set every value that is not the maximum of its window to 0.

    Parameters
    ----------
    input : tensor of 4 axes (images, maps, rows, columns), float32 or float64
    patch_size : int or (int, int)
        Rows and columns of a window. Windows that the image does not fill become 0.

    Returns
    -------
    tensor of the shape of `input`
        Tied maxima all stay.

    Raises
    ------
    TypeError, ValueError
        As `pool_2d`.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> max_pool_2d_same_size(pt.constant([[[[1.0, 2.0, 4.0, 3.0]]]]), (1, 2)).eval()[0, 0]
    array([[0., 2., 4., 0.]])
    """
    x = as_tensor("max_pool_2d_same_size", input)
    maxima = pool("max_pool_2d_same_size", x, patch_size, True, None, (0, 0), "max")
    return pt.grad(maxima.sum(), x) * x
