"""Gradients of pooling: finite differences, and the definitions where there is no derivative (ties, blank windows)."""

import numpy as np
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode

from network3.layers.ops import pool2d
from network3.layers.ops.pool import Unpool2D
from network3.layers.ops.pool_maxima import MaxPool2DGrad

MODES = ["max", "l2", "sum"]
SIZES = [(1, 1), (2, 2), (2, 3), (3, 2)]


def features(dtype="float64"):
    """Return distinct values, none of them 0, a tenth apart, so that finite differences do not change a maximum."""
    return (np.random.default_rng(4).permutation(2 * 2 * 5 * 7) / 10 - 6.95).reshape(2, 2, 5, 7).astype(dtype)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", MODES)
def test_gradient(check_gradient, mode, size):
    check_gradient(lambda x: pool2d(x, size, mode), features())


@pytest.mark.parametrize("mode", MODES)
def test_gradient_in_float32(check_gradient, mode):
    check_gradient(lambda x: pool2d(x, (2, 3), mode), features("float32"), eps=1e-2, abs_tol=2e-2, rel_tol=2e-2)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", MODES)
def test_second_derivative(check_gradient, mode, size):
    check_gradient(lambda x: pt.grad((pool2d(x, size, mode) ** 3).sum() / 10, x), features()[:1])


@pytest.mark.parametrize("size", SIZES)
def test_gradient_of_repeating_values(check_gradient, size):
    x = features()
    check_gradient(lambda g: Unpool2D(size)(g, x), features()[:, :, : 5 // size[0], : 7 // size[1]])


@pytest.mark.parametrize("size", SIZES)
def test_gradient_of_the_gradient_of_maxima(check_gradient, evaluate, size):
    x = features()
    y = evaluate(lambda x: pool2d(x, size), x)
    check_gradient(lambda g: MaxPool2DGrad(size)(x, y, g), np.cos(y))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mode", MODES)
def test_gradients_have_the_type_and_shape_of_the_features(evaluate, mode, dtype):
    dx = evaluate(lambda x: pt.grad((pool2d(x, (2, 3), mode) ** 2).sum(), x), features(dtype))
    assert (dx.dtype, dx.shape) == (dtype, (2, 2, 5, 7))


@pytest.mark.parametrize("mode", MODES)
def test_trailing_rows_and_columns_have_gradient_zero(evaluate, mode):
    dx = evaluate(lambda x: pt.grad(pool2d(x, (2, 3), mode).sum(), x), features())
    assert not dx[:, :, 4].any()
    assert not dx[:, :, :, 6].any()
    assert dx[:, :, :4, :6].any()


def test_every_tied_maximum_receives_the_full_gradient(evaluate):
    x = np.array([[[[3, 3, 0, 0], [1, 3, 0, 0], [0, 2, 1, 5], [2, 1, 4, 5]]]], "float64")
    dx = evaluate(lambda x: pt.grad((pool2d(x) * [[10, 20], [30, 40]]).sum(), x), x)
    np.testing.assert_array_equal(dx[0, 0], [[10, 10, 20, 20], [0, 10, 20, 20], [0, 30, 0, 40], [30, 0, 0, 40]])


def test_second_derivative_sums_over_tied_maxima(evaluate):
    x, weights = np.array([[[[3, 3], [1, 3]]]], "float64"), np.array([[[[1, 10], [100, 1000]]]], "float64")
    second = evaluate(lambda g: pt.grad((MaxPool2DGrad()(x, pool2d(x), g) * weights).sum(), g), np.ones((1, 1, 1, 1)))
    np.testing.assert_array_equal(second, [[[[1011]]]])


def test_blank_windows_have_norm_and_gradient_zero(evaluate):
    x = features()[:1]
    x[0, 1, 2:4, 3:6] = 0
    y, dx = evaluate(lambda x: [y := pool2d(x, (2, 3), "l2"), pt.grad(y.sum(), x)], x)
    assert y[0, 1, 1, 1] == 0
    np.testing.assert_array_equal(dx[0, 1, 2:4, 3:6], 0)
    expected = x[:, :, :4, :6] / np.where(y == 0, 1, y).repeat(2, 2).repeat(3, 3)
    np.testing.assert_allclose(dx[:, :, :4, :6], expected, rtol=1e-13)


@pytest.mark.parametrize("rewrites", ["fast_compile", None])  # also without rewrites, which may hide a 0 / 0
def test_second_derivative_of_a_blank_window_is_zero(evaluate, rewrites):
    x = features()[:1]
    x[0, 1, 2:4, 3:6] = 0
    c = np.random.default_rng(6).normal(size=x.shape)

    def curvature(x, weights):
        dx = pt.grad((pool2d(x, (2, 3), "l2") * weights).sum(), x)
        return pt.grad((dx * c).sum(), [x, weights])

    to_x, to_weights = evaluate(curvature, x, np.ones((1, 2, 2, 2)), mode=Mode("py", rewrites))
    assert np.isfinite(to_x).all()
    np.testing.assert_array_equal(to_x[0, 1, 2:4, 3:6], 0)
    assert to_x[0, 0, :4, :6].all()
    np.testing.assert_array_equal(to_weights == 0, [[[[False] * 2] * 2, [[False, False], [False, True]]]])
    assert np.isfinite(to_weights).all()


def test_nan_affects_the_gradient_of_the_norm(evaluate):
    x = features()
    x[1, 0, 2, 4] = np.nan
    dx = evaluate(lambda x: pt.grad(pool2d(x, (2, 3), "l2").sum(), x), x)
    expected = np.zeros(x.shape, bool)
    expected[1, 0, 2:4, 3:6] = True
    np.testing.assert_array_equal(np.isnan(dx), expected)
