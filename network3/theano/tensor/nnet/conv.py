"""``theano.tensor.nnet.conv``, the place of ``conv2d`` before Theano 0.8, with the order of its arguments."""

from collections.abc import Sequence
from typing import Any

from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import keywords_checked

from .abstract_conv import convolved, no_other_keywords


@keywords_checked("conv2d")
def conv2d(
    input: TensorVariable,
    filters: TensorVariable,
    image_shape: Sequence[Any] | None = None,
    filter_shape: Sequence[Any] | None = None,
    border_mode: Any = "valid",
    subsample: int | Sequence[int] = (1, 1),
    **others: Any,
) -> TensorVariable:
    """Convolve a batch of images with a bank of filters, as ``theano.tensor.nnet.conv2d``.

    Parameters
    ----------
    input : tensor of shape (images, maps, rows, columns), float32 or float64
    filters : tensor of shape (filters, maps, filter rows, filter columns), of the same type
    image_shape, filter_shape : 4 sizes, each a number or None, optional
    border_mode : "valid" or "full", default "valid"
    subsample : int or (int, int), default 1
    **others
        Settings of Theano's own loops, such as `unroll_batch`, which change no value; they are ignored.

    Returns
    -------
    tensor of shape (images, filters, out rows, out columns)

    Raises
    ------
    TypeError, ValueError
        As ``theano.tensor.nnet.conv2d``.
    """
    no_other_keywords("conv2d", others)
    return convolved(input, filters, image_shape, filter_shape, border_mode, subsample)
