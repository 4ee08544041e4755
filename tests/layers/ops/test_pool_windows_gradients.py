"""Gradients of pooling with strides, padding and incomplete windows: finite differences, ties, second derivatives."""

import numpy as np
import pytensor.tensor as pt
import pytest

from network3.layers.ops import pool2d
from network3.layers.ops.pool_maxima import MaxPool2DGrad, SumAtMaxima2D

from .pool_loops import MODES

SETTINGS = {
    "overlapping": {"size": (3, 2), "stride": (2, 1)},
    "padded": {"size": 3, "stride": 2, "padding": ((1, 2), (0, 1))},
    "incomplete": {"size": (2, 4), "stride": (3, 2), "padding": (0, 1), "ceil": True},
}


def features():
    """Return distinct values, none of them 0, a tenth apart, so that finite differences do not change a maximum."""
    return (np.random.default_rng(4).permutation(2 * 5 * 6) / 10 - 2.95).reshape(1, 2, 5, 6)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("mode", MODES)
def test_gradient(check_gradient, mode, name):
    check_gradient(lambda x: pool2d(x, mode=mode, **SETTINGS[name]), features())


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("mode", MODES)
def test_second_derivative(check_gradient, mode, name):
    check_gradient(lambda x: pt.grad((pool2d(x, mode=mode, **SETTINGS[name]) ** 3).sum() / 10, x), features())


@pytest.mark.parametrize("name", SETTINGS)
def test_the_gradient_of_maxima_and_its_transpose(evaluate, check_gradient, name):
    settings, x = SETTINGS[name], features()
    y = evaluate(lambda x: pool2d(x, **settings), x)
    check_gradient(lambda g: MaxPool2DGrad(**settings)(x, y, g), np.cos(y))
    check_gradient(lambda c: SumAtMaxima2D(**settings)(x, y, c), np.sin(x))


def test_a_maximum_of_several_windows_receives_the_sum_of_their_gradients(evaluate):
    x = np.array([[[[1, 5, 2, 0], [3, 4, 2, 2]]]], "float64")
    dx = evaluate(lambda x: pt.grad((pool2d(x, 2, stride=1) * [[10, 20, 30]]).sum(), x), x)
    np.testing.assert_array_equal(dx[0, 0], [[0, 30, 30, 0], [0, 0, 30, 30]])


def test_every_tied_maximum_of_every_window_receives_the_full_gradient(evaluate):
    dx = evaluate(lambda x: pt.grad(pool2d(x, 3, stride=1, padding=1).sum(), x), np.zeros((1, 1, 3, 4)))
    np.testing.assert_array_equal(dx[0, 0], [[4, 6, 6, 4], [6, 9, 9, 6], [4, 6, 6, 4]])


def test_pixels_between_windows_have_gradient_zero(evaluate):
    for mode in MODES:
        dx = evaluate(lambda x, mode=mode: pt.grad(pool2d(x, (1, 2), mode, stride=(2, 3)).sum(), x), features())
        assert not dx[:, :, 1::2].any()
        assert not dx[:, :, :, 2::3].any()
        assert dx[:, :, ::2, :2].any()


def test_blank_windows_have_norm_and_gradient_zero(evaluate):
    x = features()
    x[0, 1, 2:, 3:] = 0
    dx = evaluate(lambda x: pt.grad(pool2d(x, 3, "l2", stride=2, padding=1).sum(), x), x)
    assert np.isfinite(dx).all()
    np.testing.assert_array_equal(dx[0, 1, 3:, 4:], 0)


def test_nan_in_a_gradient_affects_the_maxima_of_its_window_only(evaluate):
    x = np.array([[[[1, 5, 2, 0, 7]]]], "float64")
    y = evaluate(lambda x: pool2d(x, (1, 2), stride=1), x)
    g = np.array([[[[1, np.nan, 2, 4]]]])
    dx = evaluate(lambda x, y, g: MaxPool2DGrad((1, 2), stride=1)(x, y, g), x, y, g)
    np.testing.assert_array_equal(dx[0, 0, 0], [0, np.nan, 2, 0, 4])
