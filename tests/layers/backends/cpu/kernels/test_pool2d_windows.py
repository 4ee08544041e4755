"""Pooling over any windows, and its gradients, against loops: padding, incomplete windows, ties and NaN."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels.pool2d_windows import (
    max_pool2d_windows_gradient,
    pool2d_windows,
    sum_at_maxima2d,
    unpool2d_windows,
)
from network3.layers.backends.cpu.processor import lanes_of
from network3.layers.ops.pool_shapes import canonical_windows
from tests.layers.backends.cpu.runs import WAYS, run
from tests.layers.ops import pool_loops

from .pooled_convolutions import LIMITS, undefined

LANES = lanes_of("float32")
# images (n, maps, height, width), windows
CASES = {
    "overlapping": ((2, 1, 7, 8), {"size": 3, "stride": 2}),
    "stride 1, padded": ((1, 2, 5, 2 * LANES + 3), {"size": (2, 3), "stride": 1, "padding": ((1, 0), (2, 1))}),
    "incomplete": ((1, 3, 6, 4 * LANES + 1), {"size": (3, 2), "stride": 2, "padding": (2, 1), "ceil": True}),
    "apart": ((2, 1, 9, 7), {"size": (1, 2), "stride": (2, 4)}),
    "larger than the image": ((1, 2, 2, 3), {"size": (4, 7), "stride": 1, "padding": (2, 3), "ceil": True}),
    "one of everything": ((1, 1, 1, 1), {"size": 1, "stride": 1}),
    "no images": ((0, 2, 3, 4), {"size": 2, "stride": 1}),
}


def sizes(shape, windows):
    """Return the last arguments of all kernels."""
    (top, _), (left, _) = windows.padding
    return [*shape[2:], *windows.output_size(shape[2:]), top, left]


def called(kernel, arrays, out, shape, windows, how):
    """Run a kernel, and return its output."""
    run(kernel, [*arrays, out, *sizes(shape, windows)], shape[0] * shape[1], how)
    return out


def pooled(x, mode, settings, how="compiled"):
    windows = canonical_windows("test", **settings)
    y = undefined((*x.shape[:2], *windows.output_size(x.shape[2:])), x.dtype)
    kernel = pool2d_windows(x.dtype.name, mode, windows.size, windows.stride)
    return called(kernel, [x], y, x.shape, windows, how)


def spread(g, shape, settings, how="compiled"):
    windows = canonical_windows("test", **settings)
    kernel = unpool2d_windows(g.dtype.name, windows.size, windows.stride)
    return called(kernel, [g], undefined(shape, g.dtype), shape, windows, how)


def gradient(x, y, g, settings, how="compiled"):
    windows = canonical_windows("test", **settings)
    kernel = max_pool2d_windows_gradient(x.dtype.name, windows.size, windows.stride)
    return called(kernel, [x, y, g], undefined(x.shape, x.dtype), x.shape, windows, how)


def at_maxima(x, y, c, settings, how="compiled"):
    windows = canonical_windows("test", **settings)
    kernel = sum_at_maxima2d(x.dtype.name, windows.size, windows.stride)
    return called(kernel, [x, y, c], undefined(y.shape, x.dtype), x.shape, windows, how)


def drawn(case, dtype):
    """Return small integers, with many ties, whose sums are exact."""
    shape, settings = CASES[case]
    rng = np.random.default_rng(len(case))
    out = pool_loops.windows(shape, **settings)[1]
    return (*(rng.integers(-3, 4, s).astype(dtype) for s in (shape, out, shape)), settings)


def runs():
    """Return (case, type, way)."""
    return [(case, dtype, how) for case in CASES for dtype in LIMITS for how in WAYS]


@pytest.mark.parametrize(("case", "dtype", "how"), runs())
def test_windows_and_gradients(case, dtype, how):
    x, g, c, settings = drawn(case, dtype)
    for mode in ("max", "l2", "sum"):
        expected = pool_loops.pooled(x, mode, **settings)
        np.testing.assert_allclose(pooled(x, mode, settings, how), expected, rtol=0, atol=LIMITS[dtype] * 10)
    np.testing.assert_array_equal(spread(g, x.shape, settings, how), pool_loops.gradient(x, g, "sum", **settings))
    y = pool_loops.pooled(x, "max", **settings).astype(dtype)
    np.testing.assert_array_equal(gradient(x, y, g, settings, how), pool_loops.gradient(x, g, "max", **settings))
    # The transpose of the gradient: both have the same scalar product with any other array.
    sums = at_maxima(x, y, c, settings, how)
    assert (sums * g).sum() == (pool_loops.gradient(x, g, "max", **settings) * c).sum()


@pytest.mark.parametrize("how", WAYS)
def test_nan_and_infinity_propagate(how):
    x = np.random.default_rng(12).normal(size=(2, 1, 6, 7)).astype("float32")
    x[0, 0, 2, 4], x[1, 0, 5, 6], x[1, 0, 0] = np.nan, np.inf, -np.inf
    settings = {"size": 3, "stride": 2, "padding": ((2, 1), 1), "ceil": True}
    for mode in ("max", "l2", "sum"):
        with np.errstate(invalid="ignore"):
            expected = pool_loops.pooled(x, mode, **settings)
        np.testing.assert_allclose(pooled(x, mode, settings, how), expected, rtol=1e-6, atol=1e-5)
    y = pooled(x, "max", settings, how)
    dx = gradient(x, y, np.ones_like(y), settings, how)
    assert dx[0, 0, 2, 4] == 0  # NaN equals no value
    np.testing.assert_array_equal(dx[1, 0, 0], [1, 2, 1, 2, 1, 2, 1])  # of the windows that lie in the first row


def test_results_do_not_depend_on_the_number_of_windows():
    """The order of additions is the same with and without vectors."""
    x = np.random.default_rng(3).normal(size=(1, 1, 6, 200)).astype("float32")
    settings = {"size": 3, "stride": (2, 1)}
    for mode in ("max", "l2", "sum"):
        all_windows = pooled(x, mode, settings)
        for column in (0, 37, 197):
            few = pooled(x[:, :, :, column : column + 3].copy(), mode, settings)
            np.testing.assert_array_equal(all_windows[:, :, :, column : column + 1], few)
