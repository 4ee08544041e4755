"""Pooling and its gradients against NumPy: windows, remainders, ties, NaN and infinity."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels.pool2d import MAX_UNROLLED, max_pool2d_gradient, pool2d, unpool2d
from network3.layers.backends.cpu.processor import lanes_of
from tests.layers.backends.cpu.runs import WAYS, run

from .pooled_convolutions import LIMITS, undefined

MODES = ("max", "l2", "sum")
LANES = lanes_of("float32")
# images (n, maps, height, width), window
CASES = {
    "twos": ((2, 3, 7, 8), (2, 2)),
    "rows and columns left over": ((2, 1, 11, 13), (3, 4)),
    "single places": ((1, 3, 4, 5), (1, 1)),
    "one window": ((2, 1, 3, 2), (3, 2)),
    "one of everything": ((1, 1, 1, 1), (1, 1)),
    "no window": ((1, 2, 3, 4), (5, 2)),
    "one less than a vector": ((1, 2, 3, 2 * LANES - 1), (3, 2)),
    "one more than a vector": ((2, 1, 2, 3 * LANES + 3), (1, 3)),
    "more positions than are unrolled": ((2, 2, 11, 12), (5, 4)),
    "a row longer than is unrolled": ((1, 2, 5, 2 * MAX_UNROLLED + 3), (2, MAX_UNROLLED + 1)),
}


def windows(x, size):
    """Return the windows of images, (n, maps, rows, columns, places)."""
    (n, maps, height, width), (rows, columns) = x.shape, size
    oh, ow = height // rows, width // columns
    cut = x[:, :, : oh * rows, : ow * columns].reshape(n, maps, oh, rows, ow, columns)
    return cut.transpose(0, 1, 2, 4, 3, 5).reshape(n, maps, oh, ow, rows * columns)


def repeated_over(values, size, shape):
    """Return values of windows repeated at each of their positions, 0 outside of windows."""
    result = np.zeros(shape, values.dtype)
    repeated = values.repeat(size[0], 2).repeat(size[1], 3)
    result[:, :, : repeated.shape[2], : repeated.shape[3]] = repeated
    return result


def expected(x, size, mode):
    blocks = windows(x.astype(float), size)
    if mode == "max":
        return blocks.max(-1)
    return np.sqrt((blocks * blocks).sum(-1)) if mode == "l2" else blocks.sum(-1)


def pooled(x, size, mode, how="compiled"):
    n, maps, height, width = x.shape
    y = undefined((n, maps, height // size[0], width // size[1]), x.dtype)
    run(pool2d(x.dtype.name, mode, size), [x, y, height, width], n * maps, how)
    return y


def gradient(x, y, g, size, how="compiled"):
    n, maps, height, width = x.shape
    dx = undefined(x.shape, x.dtype)
    run(max_pool2d_gradient(x.dtype.name, size), [x, y, g, dx, height, width], n * maps, how)
    return dx


def drawn(case, dtype):
    shape, size = CASES[case]
    rng = np.random.default_rng(len(case))
    x = rng.normal(size=shape).astype(dtype)
    return x, rng.normal(size=(*shape[:2], shape[2] // size[0], shape[3] // size[1])).astype(dtype), size


def runs():
    """Return (case, type, way)."""
    return [(case, dtype, how) for case in CASES for dtype in LIMITS for how in WAYS]


@pytest.mark.parametrize(("case", "dtype", "how"), runs())
def test_windows(case, dtype, how):
    x, _, size = drawn(case, dtype)
    for mode in MODES:
        np.testing.assert_allclose(pooled(x, size, mode, how), expected(x, size, mode), rtol=0, atol=LIMITS[dtype] * 10)


@pytest.mark.parametrize(("case", "dtype", "how"), runs())
def test_gradients(case, dtype, how):
    x, g, size = drawn(case, dtype)
    x = np.round(x)  # small integers: many ties, of which all receive the gradient
    n, maps, height, width = x.shape
    dx = undefined(x.shape, dtype)
    run(unpool2d(dtype, size), [g, dx, height, width], n * maps, how)
    np.testing.assert_array_equal(dx, repeated_over(g, size, x.shape))
    y = windows(x, size).max(-1) if g.size else g
    wins = (x == repeated_over(y, size, x.shape)) & (repeated_over(np.ones_like(g), size, x.shape) == 1)
    np.testing.assert_array_equal(gradient(x, y, g, size, how), np.where(wins, repeated_over(g, size, x.shape), 0))


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("size", [(2, 3), (5, 4)])
def test_nan_and_infinity_propagate(size, how):
    x = np.random.default_rng(12).normal(size=(2, 3, 10, 9)).astype("float32")
    x[0, 1, 0, 0], x[1, 2, 2, 4], x[1, 0, 4, 5] = np.nan, np.nan, np.nan  # in several places of a window
    x[0, 2, 2, 3], x[1, 1] = np.inf, -np.inf
    for mode in MODES:
        with np.errstate(invalid="ignore"):
            reference = expected(x, size, mode)
        np.testing.assert_allclose(pooled(x, size, mode, how), reference, rtol=1e-6, atol=1e-5)
    y, g = pooled(x, size, "max"), np.ones((2, 3, 10 // size[0], 9 // size[1]), "float32")
    dx = gradient(x, y, g, size, how)
    assert (windows(dx, size)[np.isnan(y)] == 0).all()  # NaN equals no value: no position receives it
    assert (windows(dx, size)[1, 1] == 1).all()


def test_results_do_not_depend_on_the_number_of_windows():
    """The order of additions is the same with and without vectors."""
    x = np.random.default_rng(3).normal(size=(1, 1, 6, 200)).astype("float32")
    for mode in MODES:
        all_windows = pooled(x, (3, 2), mode)
        for column in (0, 37, 99):
            few = pooled(x[:, :, :, 2 * column : 2 * column + 2].copy(), (3, 2), mode)
            np.testing.assert_array_equal(all_windows[:, :, :, column : column + 1], few)
