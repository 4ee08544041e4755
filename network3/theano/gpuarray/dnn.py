"""``theano.gpuarray.dnn``: convolution and pooling under the names that Theano's interface to cuDNN had."""

from collections.abc import Sequence
from typing import Any

from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import keywords_checked
from network3.layers.checks import one_of
from network3.theano.tensor.nnet.abstract_conv import convolved
from network3.theano.tensor.signal.pool import pool

Sizes = int | Sequence[int]


@keywords_checked("dnn_conv")
def dnn_conv(
    img: TensorVariable,
    kerns: TensorVariable,
    border_mode: Any = "valid",
    subsample: Sizes = (1, 1),
    dilation: Sizes = (1, 1),
    conv_mode: str = "conv",
    direction_hint: Any = None,
    workmem: Any = None,
    algo: Any = None,
    precision: Any = None,
    num_groups: int = 1,
) -> TensorVariable:
    """Convolve a batch of images with a bank of filters, as ``theano.tensor.nnet.conv2d``.

    Parameters
    ----------
    img, kerns, border_mode, subsample, dilation, num_groups
        Its `input`, `filters`, `border_mode`, `subsample`, `filter_dilation` and `num_groups`.
    conv_mode : "conv" or "cross", default "conv"
        A true convolution, or a cross-correlation.
    direction_hint, workmem, algo, precision
        Settings of cuDNN, which are ignored.

    Returns
    -------
    tensor of shape (images, filters, out rows, out columns)

    Raises
    ------
    TypeError, ValueError
        As `conv2d`.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> x, w = pt.ones((10, 1, 28, 28)), pt.ones((20, 1, 5, 5))
    >>> dnn_conv(x, w, border_mode="half", subsample=(2, 2)).type.shape
    (10, 20, 14, 14)
    """
    flip = one_of("dnn_conv: conv_mode", conv_mode, ("conv", "cross")) == "conv"
    return convolved(img, kerns, None, None, border_mode, subsample, flip, dilation, num_groups)


@keywords_checked("dnn_pool")
def dnn_pool(
    img: TensorVariable, ws: Sizes, stride: Sizes | None = None, mode: str = "max", pad: Sizes | None = None
) -> TensorVariable:
    """Reduce each window to one value, as ``theano.tensor.signal.pool.pool_2d`` with ``ignore_border=True``.

    Parameters
    ----------
    img, ws, mode, pad
        Its `input`, `ws`, `mode` and `pad`.
    stride : int or (int, int), default 1
        Not the window's size, as for `pool_2d`.

    Returns
    -------
    tensor of shape (images, maps, out rows, out columns)

    Raises
    ------
    TypeError, ValueError
        As `pool_2d`.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> dnn_pool(pt.constant([[[[1.0, 2.0, 3.0, 4.0]]]]), (1, 2)).eval()[0, 0]
    array([[2., 3., 4.]])
    """
    return pool("dnn_pool", img, ws, True, (1, 1) if stride is None else stride, pad, mode)
