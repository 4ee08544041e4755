"""Values of convolutions, against plain loops and SciPy."""

import numpy as np
import pytensor.tensor as pt
import pytest
from scipy.signal import convolve2d, correlate2d

from network3.layers.ops import conv2d
from network3.layers.ops.conv import Conv2DGradInput, Conv2DGradWeight

from .conv_reference import loops

STRIDES = [1, (2, 1), (1, 2), (2, 3)]
PADDINGS = ["valid", "half", "full", (1, 2)]
FILTERS = [(3, 2), (2, 5), (1, 1), (6, 7)]  # odd and even, one pixel, and as large as the image


def batch(filter_size=(3, 2), dtype="float64", seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(2, 3, 6, 7)).astype(dtype), rng.normal(size=(4, 3, *filter_size)).astype(dtype)


@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("filter_size", FILTERS)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("stride", STRIDES)
def test_values_agree_with_loops(evaluate, stride, padding, filter_size, flip):
    x, w = batch(filter_size)
    y = evaluate(lambda x, w: conv2d(x, w, flip, stride, padding), x, w)
    assert y.dtype == "float64"
    np.testing.assert_allclose(y, loops(x, w, stride, padding, flip), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("padding", PADDINGS)
def test_float32_stays_float32(evaluate, padding, flip):
    x, w = batch(dtype="float32")
    y = evaluate(lambda x, w: conv2d(x, w, flip, (2, 1), padding), x, w)
    assert y.dtype == "float32"
    np.testing.assert_allclose(y, loops(x, w, (2, 1), padding, flip), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("padding", ["valid", "full"])
@pytest.mark.parametrize(("flip", "scipy_function"), [(True, convolve2d), (False, correlate2d)])
def test_one_map_agrees_with_scipys_convolution_and_correlation(evaluate, flip, scipy_function, padding):
    x, w = (v[:1, :1] for v in batch((3, 2)))
    y = evaluate(lambda x, w: conv2d(x, w, flip=flip, padding=padding), x, w)
    np.testing.assert_allclose(y[0, 0], scipy_function(x[0, 0], w[0, 0], padding), rtol=1e-12, atol=1e-13)


def test_half_padding_agrees_with_scipys_same_for_odd_filters(evaluate):
    x, w = (v[:1, :1] for v in batch((3, 5)))
    y = evaluate(lambda x, w: conv2d(x, w, padding="half"), x, w)
    np.testing.assert_allclose(y[0, 0], convolve2d(x[0, 0], w[0, 0], "same"), rtol=1e-12, atol=1e-13)


def test_filters_are_flipped_by_default(evaluate):
    x, w = batch()
    np.testing.assert_array_equal(evaluate(conv2d, x, w), evaluate(lambda x, w: conv2d(x, w, flip=True), x, w))
    assert not np.allclose(evaluate(conv2d, x, w), evaluate(lambda x, w: conv2d(x, w, flip=False), x, w))


def test_one_number_of_padding_stands_for_rows_and_columns(evaluate):
    x, w = batch()
    y = evaluate(lambda x, w: conv2d(x, w, padding=2), x, w)
    np.testing.assert_allclose(y, loops(x, w, 1, (2, 2)), rtol=1e-11, atol=1e-12)


def test_arrays_may_be_views(evaluate):
    x, w = batch()
    y = evaluate(conv2d, x.transpose(0, 1, 3, 2), w[:, :, ::-1])
    np.testing.assert_allclose(y, loops(x.transpose(0, 1, 3, 2), w[:, :, ::-1]), rtol=1e-11, atol=1e-12)


def test_inputs_are_not_modified(evaluate):
    x, w = batch()
    before = x.copy(), w.copy()
    evaluate(lambda x, w: [y := conv2d(x, w, padding="full"), *pt.grad((y * y).sum(), [x, w])], x, w)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(w, before[1])


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("padding", PADDINGS)
def test_nan_affects_the_outputs_that_depend_on_it_and_no_others(evaluate, padding, stride):
    x, w = batch()
    x[1, 2, 3, 3:5] = np.nan  # two neighbours: with a stride of 3 one alone may be skipped by all filters
    y = evaluate(lambda x, w: conv2d(x, w, stride=stride, padding=padding), x, w)
    expected = np.isnan(loops(x, w, stride, padding))
    np.testing.assert_array_equal(np.isnan(y), expected)
    assert 0 < expected.sum() < expected[1].size


def test_nan_in_a_filter_affects_its_own_maps_only(evaluate):
    x, w = batch()
    w[2, 1, 0, 0] = np.nan
    y = evaluate(conv2d, x, w)
    np.testing.assert_array_equal(np.isnan(y), np.broadcast_to(np.arange(4)[:, None, None] == 2, y.shape))


def test_nan_in_a_gradient_affects_the_inputs_of_that_output(evaluate):
    x, w = batch((3, 2))
    g = np.ones((2, 4, 4, 6))
    g[1, 3, 2, 5] = np.nan
    dx = evaluate(lambda w, g, x: Conv2DGradInput()(w, g, x), w, g, x)
    expected = np.zeros(x.shape, bool)
    expected[1, :, 2:5, 5:7] = True
    np.testing.assert_array_equal(np.isnan(dx), expected)
    dw = evaluate(lambda x, g, w: Conv2DGradWeight()(x, g, w), x, g, w)
    np.testing.assert_array_equal(np.isnan(dw), np.broadcast_to(np.arange(4)[:, None, None, None] == 3, w.shape))


def test_nan_in_an_image_affects_the_gradient_of_the_taps_that_multiply_it(evaluate):
    x, w = batch((3, 2))
    x[0, 1, 0, 3] = np.nan  # in the first row: only the first row of a filter of a cross-correlation multiplies it
    dw = evaluate(lambda x, g, w: Conv2DGradWeight(flip=False)(x, g, w), x, np.ones((2, 4, 4, 6)), w)
    expected = np.zeros(w.shape, bool)
    expected[:, 1, 0, :] = True
    np.testing.assert_array_equal(np.isnan(dw), expected)
