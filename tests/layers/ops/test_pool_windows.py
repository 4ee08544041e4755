"""Pooling with strides, padding and incomplete windows: numbers of windows, and values against loops and PyTorch."""

import numpy as np
import pytensor.tensor as pt
import pytest

from network3.layers.ops import pool2d
from network3.layers.ops.pool_shapes import windows_along

from . import pool_loops
from .pool_loops import MODES

# (pixels, size, stride, before, after): windows by default, windows with ceil
COUNTS = {
    # Theano's pool_2d with ignore_border=True and False
    (16, 1, 1, 0, 0): (16, 16),
    (16, 1, 3, 0, 0): (6, 6),
    (16, 1, 5, 0, 0): (4, 4),
    (16, 1, 7, 0, 0): (3, 3),
    (16, 3, 1, 0, 0): (14, 14),
    (16, 3, 3, 0, 0): (5, 6),
    (16, 3, 5, 0, 0): (3, 4),
    (16, 3, 7, 0, 0): (2, 3),
    (16, 5, 1, 0, 0): (12, 12),
    (16, 5, 3, 0, 0): (4, 5),
    (16, 5, 5, 0, 0): (3, 4),
    (16, 16, 1, 0, 0): (1, 1),
    (16, 16, 5, 0, 0): (1, 1),
    # PyTorch with ceil_mode=False and True
    (5, 2, 2, 0, 0): (2, 3),
    (6, 3, 2, 1, 1): (3, 4),
    (7, 3, 2, 1, 1): (4, 4),
    (4, 2, 3, 0, 0): (1, 2),
    (3, 2, 4, 1, 1): (1, 1),
    (4, 3, 3, 1, 1): (2, 2),
    (5, 2, 3, 1, 1): (2, 2),  # a third would begin after the last pixel
    (112, 3, 2, 1, 1): (56, 57),
    # more padding on one side
    (6, 3, 2, 0, 1): (3, 3),
    (6, 3, 2, 2, 0): (3, 4),
    # larger than the image
    (1, 2, 2, 0, 0): (None, 1),
    (2, 5, 1, 0, 0): (None, 1),
    (1, 3, 1, 1, 1): (1, 1),
}

# (shape, settings)
CASES = {
    "overlapping": ((2, 3, 7, 8), {"size": 3, "stride": 2}),
    "one row and two columns apart": ((1, 2, 6, 9), {"size": (2, 3), "stride": (1, 2)}),
    "apart": ((2, 1, 9, 8), {"size": (2, 1), "stride": (3, 4)}),
    "padded": ((2, 3, 7, 6), {"size": 3, "stride": 2, "padding": 1}),
    "padded rows": ((2, 1, 7, 6), {"size": (4, 2), "padding": (3, 0)}),
    "padded on one side": ((1, 3, 7, 6), {"size": 3, "stride": 1, "padding": ((0, 1), (2, 0))}),
    "incomplete": ((2, 3, 7, 8), {"size": (2, 3), "ceil": True}),
    "incomplete and overlapping": ((1, 2, 8, 7), {"size": (3, 4), "stride": 2, "ceil": True}),
    "incomplete and padded": ((2, 1, 6, 8), {"size": 3, "stride": 2, "padding": 1, "ceil": True}),
    "incomplete, the last one dropped": ((1, 2, 5, 8), {"size": 2, "stride": 3, "padding": 1, "ceil": True}),
    "larger than the image": ((1, 2, 2, 3), {"size": (4, 5), "ceil": True}),
    "larger than the image, padded": ((1, 2, 1, 2), {"size": (3, 4), "stride": 1, "padding": (1, 2)}),
    "the whole image": ((2, 3, 5, 7), {"size": (5, 7), "stride": 1}),
}


@pytest.mark.parametrize("case", COUNTS)
def test_the_number_of_windows(case):
    for ceil, expected in zip((False, True), COUNTS[case], strict=True):
        if expected is None:
            assert windows_along(*case, ceil) < 1
        else:
            assert windows_along(*case, ceil) == len(pool_loops.starts(*case, ceil)) == expected


def images(shape, dtype="float64"):
    return np.random.default_rng(20).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", CASES)
def test_values_agree_with_loops(evaluate, name, mode, dtype):
    shape, settings = CASES[name]
    x = images(shape, dtype)
    y = evaluate(lambda x: pool2d(x, mode=mode, **settings), x)
    pool_loops.assert_close(y, pool_loops.pooled(x, mode, **settings), dtype)


def test_padding_counts_as_zeros_in_one_average_and_not_in_the_other(evaluate):
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    settings = {"size": 3, "stride": 2, "padding": 1}
    included = evaluate(lambda x: pool2d(x, mode="average", **settings), x)
    excluded = evaluate(lambda x: pool2d(x, mode="average_exclude_padding", **settings), x)
    np.testing.assert_allclose(included[0, 0] * 9, [[10, 24], [51, 90]])
    np.testing.assert_allclose(excluded[0, 0], [[2.5, 4], [8.5, 10]])


def test_what_is_beyond_the_padding_never_counts(evaluate):
    x = np.arange(1.0, 6).reshape(1, 1, 1, 5)
    settings = {
        "size": (1, 4),
        "stride": 3,
        "padding": (0, 1),
        "ceil": True,
    }  # -1 to 2, and 2 to 5, of which 5 is padding
    for mode, expected in {"average": [6 / 4, 12 / 4], "average_exclude_padding": [6 / 3, 12 / 3]}.items():
        y = evaluate(lambda x, mode=mode: pool2d(x, mode=mode, **settings), x)
        np.testing.assert_allclose(y[0, 0, 0], expected)
    settings["size"] = (1, 5)  # -1 to 3, and 2 to 6, of which 5 is padding and 6 beyond it
    for mode, expected in {"average": [10 / 5, 12 / 4], "average_exclude_padding": [10 / 4, 12 / 3]}.items():
        y = evaluate(lambda x, mode=mode: pool2d(x, mode=mode, **settings), x)
        np.testing.assert_allclose(y[0, 0, 0], expected)


def test_padding_is_never_the_maximum(evaluate):
    x = -1 - np.arange(12.0).reshape(1, 1, 3, 4)
    y = evaluate(lambda x: pool2d(x, 2, padding=1), x)
    np.testing.assert_array_equal(y[0, 0], [[-1, -2, -4], [-5, -6, -8]])
    x[0, 0, 0, 0] = -np.inf  # also if all pixels are minus infinity
    assert evaluate(lambda x: pool2d(x, 2, padding=1), x)[0, 0, 0, 0] == -np.inf


@pytest.mark.parametrize("mode", MODES)
def test_nan_affects_all_windows_that_contain_it_and_no_other(evaluate, mode):
    x = images((2, 3, 7, 6))
    x[1, 2, 3, 4] = np.nan
    y = evaluate(lambda x: pool2d(x, 3, mode, stride=2, padding=1), x)
    expected = np.zeros(y.shape, bool)
    expected[1, 2, 1:3, 2] = True  # rows 1 to 3 and 3 to 5, columns 3 to 5
    np.testing.assert_array_equal(np.isnan(y), expected)


@pytest.mark.parametrize("settings", [{"ceil": True}, {"stride": 2}, {"padding": ((0, 0), (0, 0))}])
@pytest.mark.parametrize("mode", ["max", "l2", "sum"])
def test_other_ways_to_write_plain_windows_change_no_bit(evaluate, mode, settings):
    x = images((2, 3, 6, 8), "float32")
    plain, same = evaluate(lambda x: [pool2d(x, 2, mode), pool2d(x, 2, mode, **settings)], x)
    np.testing.assert_array_equal(plain, same)


@pytest.mark.parametrize("known", [(0, 1, 1, 1), (1, 0, 0, 1), (0, 0, 0, 0)])
@pytest.mark.parametrize("mode", ["max", "average", "average_exclude_padding"])
@pytest.mark.parametrize("name", ["padded on one side", "incomplete and overlapping", "incomplete and padded"])
def test_the_static_shape_is_the_shape_computed(evaluate, name, mode, known):
    shape, settings = CASES[name]
    x = images(shape)
    y = evaluate(lambda x: pool2d(x, mode=mode, **settings), x)
    static = [n if is_known else None for n, is_known in zip(shape, known, strict=True)]
    symbolic = pool2d(pt.tensor(shape=static, dtype="float64"), mode=mode, **settings)
    assert symbolic.type.shape == tuple(n if is_known else None for n, is_known in zip(y.shape, known, strict=True))
    np.testing.assert_array_equal(evaluate(lambda x: pool2d(x, mode=mode, **settings).shape, x), y.shape)


TORCH = [(2, None, 0, False), (3, 2, 1, False), (3, 2, 1, True), ((3, 4), (2, 1), (1, 2), True), (2, 3, 0, True)]


@pytest.mark.torch
@pytest.mark.parametrize("settings", TORCH)
def test_values_and_gradients_agree_with_pytorch(evaluate, settings):
    torch = pytest.importorskip("torch")
    functional, (size, stride, padding, ceil) = torch.nn.functional, settings
    theirs = {
        "max": lambda x: functional.max_pool2d(x, size, stride, padding, ceil_mode=ceil),
        "average": lambda x: functional.avg_pool2d(x, size, stride, padding, ceil),
        "average_exclude_padding": lambda x: functional.avg_pool2d(x, size, stride, padding, ceil, False),
    }
    x = images((2, 3, 8, 9))  # no ties, of which only one would receive the gradient there
    for mode, function in theirs.items():
        tensor = torch.from_numpy(x).requires_grad_()
        expected = function(tensor)
        (expected**2).sum().backward()

        def ours(x, mode=mode):
            y = pool2d(x, size, mode, stride=stride, padding=padding, ceil=ceil)
            return [y, pt.grad((y**2).sum(), x)]

        y, dx = evaluate(ours, x)
        np.testing.assert_allclose(y, expected.detach().numpy(), rtol=1e-12)
        np.testing.assert_allclose(dx, tensor.grad.numpy(), rtol=1e-12, atol=1e-14)
