"""Single Ops for tests: computed by NumPy, compiled by Numba, and compared."""

import numpy as np
import pytensor
import pytensor.tensor as pt

from network3.layers.ops import DropoutMask
from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from network3.layers.ops.conv_transpose import Conv2DTranspose
from network3.layers.ops.pool import Pool2D, Unpool2D
from network3.layers.ops.pool_counts import WindowCounts
from network3.layers.ops.pool_maxima import MaxPool2DGrad, SumAtMaxima2D
from network3.layers.ops.upsample import Upsample2D


def numpy_result(op, *arrays):
    """Return the result of the Op's reference implementation."""
    storage = [[None]]
    op.perform(None, arrays, storage)
    return storage[0][0]


def numba_function(op, *arrays):
    """Compile an Op for arrays of these types and numbers of axes, of unknown shapes."""
    inputs = [pt.tensor(shape=(None,) * a.ndim, dtype=a.dtype) for a in arrays]
    return pytensor.function(inputs, op(*inputs), mode="NUMBA")


def assert_agrees(result, expected):
    """Compare a result with NumPy's."""
    assert (result.dtype, result.shape) == (expected.dtype, expected.shape)
    tolerance = 1e-11 if expected.dtype == "float64" else 3e-5
    np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance)


def numbers(*shape, dtype="float64"):
    return np.random.default_rng(14).normal(size=shape).astype(dtype)


def convolutions(settings, x_shape, w_shape, dtype="float64"):
    """Yield the three Ops of a convolution, each with arrays for it."""
    x, w = numbers(*x_shape, dtype=dtype), numbers(*w_shape, dtype=dtype)
    g = numbers(*Conv2D(*settings).output_shape(x_shape, w_shape), dtype=dtype)
    yield Conv2D(*settings), (x, w)
    yield Conv2DGradInput(*settings), (w, g, x)
    yield Conv2DGradWeight(*settings), (x, g, w)
    yield Conv2DTranspose(*settings, output_size=x_shape[2:]), (w, g)


X, W, G = numbers(2, 3, 6, 7), numbers(4, 3, 3, 2), numbers(2, 4, 4, 6)
POOLED = numbers(2, 3, 3, 2)
STATE = np.array([7, 3, 11], "int32")
OPS = {
    "Conv2D": (Conv2D(), X, W),
    "Conv2DGradInput": (Conv2DGradInput(), W, G, X),
    "Conv2DGradWeight": (Conv2DGradWeight(), X, G, W),
    "Conv2DTranspose": (Conv2DTranspose(), W, G),
    "Pool2D": (Pool2D((2, 3)), X),
    "Unpool2D": (Unpool2D((2, 3)), POOLED, X),
    "MaxPool2DGrad": (MaxPool2DGrad((2, 3)), X, numpy_result(Pool2D((2, 3)), X), POOLED),
    "Pool2D, overlapping": (Pool2D((2, 3), stride=1, padding=1), X),
    "Unpool2D, overlapping": (Unpool2D((2, 3), stride=(2, 4)), POOLED, X),
    "MaxPool2DGrad, overlapping": (
        MaxPool2DGrad((2, 3), (2, 4)),
        X,
        numpy_result(Pool2D((2, 3), "max", (2, 4)), X),
        POOLED,
    ),
    "SumAtMaxima2D": (SumAtMaxima2D((2, 3)), X, numpy_result(Pool2D((2, 3)), X), numbers(2, 3, 6, 7)),
    "WindowCounts": (WindowCounts((2, 3), True, stride=2, padding=(0, (1, 2)), ceil=True), X),
    "Upsample2D": (Upsample2D((2, 3)), X),
    "DropoutMask": (DropoutMask(0.5), X, STATE),
}
