"""``bilinear_upsampling``: enlarged images, interpolated as Theano did."""

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from network3.layers import ops
from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message, integer
from network3.layers.ops.base import as_tensor


@keywords_checked("bilinear_upsampling")
def bilinear_upsampling(
    input: TensorVariable,
    ratio: int | None = None,
    frac_ratio: Any = None,
    batch_size: int | None = None,
    num_input_channels: int | None = None,
    use_1D_kernel: bool = True,
) -> TensorVariable:
    r"""Enlarge images by a whole factor, with linear interpolation along rows and columns.

    .. math:: y_k = (1 - t)\, x_i + t\, x_{i+1}, \quad i + t = (k - \lfloor (r - 1) / 2 \rfloor) / r

    with the first and the last pixel continued beyond the border. For an even factor the result is not symmetric.

    Parameters
    ----------
    input : tensor of shape (images, maps, rows, columns), float32 or float64
    ratio : int
        The factor r.
    frac_ratio
        Not supported; leave it out.
    batch_size, num_input_channels, use_1D_kernel
        Accepted and ignored; they changed how Theano computed the same values.

    Returns
    -------
    tensor of shape (images, maps, rows * ratio, columns * ratio)

    Raises
    ------
    TypeError
        Not four axes, or not a floating-point type.
    ValueError
        No `ratio`, one that is not a whole number of at least 1, or `frac_ratio`.

    Notes
    -----
    ``network3.layers.ops.upsample2d(x, r, mode="bilinear")`` is symmetric for every factor. Source: Theano 1.0,
    ``theano/tensor/nnet/abstract_conv.py``.

    Examples
    --------
    >>> import pytensor.tensor as pt
    >>> bilinear_upsampling(pt.constant([[[[0.0, 1.0]]]]), ratio=2).eval()[0, 0, 0]
    array([0. , 0.5, 1. , 1. ])
    """
    who = "bilinear_upsampling"
    if frac_ratio is not None:
        hint = "Write ratio=2, or enlarge with it and pool the result."
        raise ValueError(error_message(f"{who}: frac_ratio", "expected a whole factor, as ratio", frac_ratio, hint))
    factor = integer(f"{who}: ratio", ratio)
    x = as_tensor(f"{who}: input", input)
    if x.ndim != 4:
        hint = "Reshape it to (images, maps, rows, columns)."
        raise TypeError(error_message(f"{who}: input", "expected 4 axes", f"{x.ndim} axes", hint))
    triangle = np.concatenate([np.arange(1, factor + 1), np.arange(factor - 1, 0, -1)]) / factor
    before = 2 * factor - (factor - 1) // 2 - 1
    cut = before, 3 * factor - 1 - before
    n, maps = (x.shape[k] if x.type.shape[k] is None else x.type.shape[k] for k in (0, 1))
    for axis in (2, 3):
        ends = [[slice(None)] * axis + [end] for end in (slice(0, 1), slice(-1, None))]
        x = pt.concatenate([x[tuple(ends[0])], x, x[tuple(ends[1])]], axis)
        filters = pt.constant(np.expand_dims(triangle.astype(x.dtype), [k for k in range(4) if k != axis]))
        stride, padding = ((factor, 1), (cut, (0, 0))) if axis == 2 else ((1, factor), ((0, 0), cut))
        rows, columns = (x.shape[k] if x.type.shape[k] is None else x.type.shape[k] for k in (2, 3))
        one_map = x.reshape((n * maps, 1, rows, columns))
        y = ops.conv2d_transpose(one_map, filters, True, stride, padding)
        rows, columns = (y.shape[k] if y.type.shape[k] is None else y.type.shape[k] for k in (2, 3))
        x = y.reshape((n, maps, rows, columns))
    return x
