"""Values of pooling, against plain loops."""

import itertools

import numpy as np
import pytest

from network3.layers.ops import pool2d
from network3.layers.ops.pool import Unpool2D
from network3.layers.ops.pool_maxima import MaxPool2DGrad

MODES = ["max", "l2", "sum"]
SIZES = [(1, 1), (2, 2), (2, 3), (3, 2)]
REDUCE = {"max": max, "l2": lambda window: sum(v * v for v in window) ** 0.5, "sum": sum}


def loops(x, size, mode):
    """Reduce each window by Python's max and sum, in float64."""
    rows, columns = size
    n, maps, height, width = x.shape
    y = np.empty((n, maps, height // rows, width // columns))
    for at in itertools.product(*map(range, y.shape)):
        image, c, i, j = at
        window = x[image, c, i * rows : (i + 1) * rows, j * columns : (j + 1) * columns]
        y[at] = REDUCE[mode]([float(v) for v in window.flat])
    return y


def features(dtype="float64"):
    return (
        np.random.default_rng(3).normal(size=(2, 3, 7, 8)).astype(dtype)
    )  # 7 and 8: all sizes but (1, 1) drop something


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", MODES)
def test_values_agree_with_loops_and_trailing_rows_and_columns_are_dropped(evaluate, mode, size, dtype):
    x = features(dtype)
    y = evaluate(lambda x: pool2d(x, size, mode), x)
    assert y.dtype == dtype
    assert y.shape == (2, 3, 7 // size[0], 8 // size[1])
    np.testing.assert_allclose(y, loops(x, size, mode), rtol=1e-6 if dtype == "float32" else 1e-13, atol=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_one_window_may_cover_the_image(evaluate, mode):
    x = features()
    np.testing.assert_allclose(evaluate(lambda x: pool2d(x, (7, 8), mode), x), loops(x, (7, 8), mode), rtol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_trailing_rows_and_columns_have_no_effect(evaluate, mode):
    x = features()
    y = evaluate(lambda x: pool2d(x, (2, 3), mode), x)
    x[:, :, 6], x[:, :, :, 6:] = np.nan, np.nan
    np.testing.assert_array_equal(evaluate(lambda x: pool2d(x, (2, 3), mode), x), y)


def test_the_maximum_of_2_by_2_is_the_default(evaluate):
    x = features()
    np.testing.assert_array_equal(evaluate(pool2d, x), loops(x, (2, 2), "max"))


def test_one_number_stands_for_rows_and_columns(evaluate):
    x = features()
    np.testing.assert_array_equal(evaluate(lambda x: pool2d(x, 3), x), loops(x, (3, 3), "max"))


@pytest.mark.parametrize("mode", MODES)
def test_arrays_may_be_views(evaluate, mode):
    x = features().transpose(0, 1, 3, 2)[:, :, ::-1]
    y = evaluate(lambda x: pool2d(x, (2, 3), mode), x)
    np.testing.assert_allclose(y, loops(x, (2, 3), mode), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("pixel", [(2, 3), (2, 4), (3, 5)])  # first, middle and last of its window
@pytest.mark.parametrize("mode", MODES)
def test_nan_affects_its_own_window_and_no_other(evaluate, mode, pixel):
    x = features()
    x[(1, 2, *pixel)] = np.nan
    y = evaluate(lambda x: pool2d(x, (2, 3), mode), x)
    expected = np.zeros(y.shape, bool)
    expected[1, 2, 1, 1] = True
    np.testing.assert_array_equal(np.isnan(y), expected)


@pytest.mark.parametrize("mode", MODES)
def test_infinity_is_propagated(evaluate, mode):
    x = np.ones((1, 1, 2, 2))
    x[0, 0, 0, 0] = np.inf
    assert evaluate(lambda x: pool2d(x, (2, 2), mode), x).item() == np.inf


def test_values_are_repeated_over_their_windows(evaluate):
    g = np.arange(1.0, 5.0).reshape(1, 1, 2, 2)
    y = evaluate(lambda g, x: Unpool2D((2, 3))(g, x), g, np.ones((1, 1, 5, 7)))
    np.testing.assert_array_equal(
        y[0, 0],
        [[1, 1, 1, 2, 2, 2, 0], [1, 1, 1, 2, 2, 2, 0], [3, 3, 3, 4, 4, 4, 0], [3, 3, 3, 4, 4, 4, 0], [0] * 7],
    )


def test_nan_in_a_gradient_affects_its_window_or_its_maximum(evaluate):
    x = np.arange(24.0).reshape(1, 1, 4, 6)
    g = np.array([[[[1.0, np.nan], [1.0, 1.0]]]])
    spread = evaluate(lambda g, x: Unpool2D((2, 3))(g, x), g, x)
    assert np.isnan(spread[0, 0, :2, 3:]).all()
    assert np.isnan(spread).sum() == 6
    y = evaluate(lambda x: pool2d(x, (2, 3)), x)
    dx = evaluate(lambda x, y, g: MaxPool2DGrad((2, 3))(x, y, g), x, y, g)
    assert np.isnan(dx[0, 0, 1, 5])
    assert np.isnan(dx).sum() == 1
