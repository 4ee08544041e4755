"""Theano's pooling against loops in NumPy: borders, strides, padding, modes, ties, names, numbers of axes."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from network3.theano.gpuarray.dnn import dnn_pool
from network3.theano.tensor.signal import downsample
from network3.theano.tensor.signal.pool import max_pool_2d_same_size, pool_2d


def pooled(x, ws, ignore_border=True, stride=None, pad=(0, 0), mode="max"):
    """Return the pooled maps, one window at a time, by the rules of Theano's documentation."""
    stride = stride or ws
    counts = []
    for n, k, s, p in zip(x.shape[2:], ws, stride, pad, strict=True):
        n += 2 * p
        if ignore_border:
            counts.append((n - k) // s + 1)
        else:  # windows begin at 0, s, 2 s ... until one reaches the end, if they overlap, or while they begin inside
            counts.append(len(range(0, n, s)) if s >= k else 1 + len(range(0, max(n - k, 0), s)))
    fill = {"max": -np.inf, "average_exc_pad": np.nan}.get(mode, 0.0)
    padded = np.pad(x, ((0, 0), (0, 0), (pad[0], pad[0]), (pad[1], pad[1])), constant_values=fill)
    reduce = {"max": np.max, "sum": np.sum, "average_inc_pad": np.mean, "average_exc_pad": np.nanmean}[mode]
    y = np.empty((*x.shape[:2], *counts))
    for n, c, i, j in np.ndindex(y.shape):
        top, left = i * stride[0], j * stride[1]
        y[n, c, i, j] = reduce(padded[n, c, top : top + ws[0], left : left + ws[1]])
    return y


BORDERS = {
    "side by side": {},
    "partial": {"ignore_border": False},
    "overlapping": {"stride": (1, 2)},
    "overlapping, partial": {"stride": (2, 1), "ignore_border": False},
    "apart": {"stride": (4, 3)},
    "apart, partial": {"stride": (4, 5), "ignore_border": False},
    "padded": {"pad": (1, 1)},
    "padded, overlapping": {"pad": (2, 1), "stride": (2, 1)},
}


@pytest.mark.parametrize("mode", ["max", "sum", "average_inc_pad", "average_exc_pad"])
@pytest.mark.parametrize("border", BORDERS)
def test_values_are_those_of_the_loops(evaluate, rng, border, mode):
    x = rng.normal(size=(2, 3, 10, 7)) - 3  # mostly negative: a padding of 0 must not be the maximum
    settings = {"ws": (3, 2), "ignore_border": True} | BORDERS[border] | {"mode": mode}
    found = evaluate(lambda x: pool_2d(x, **settings), x)
    np.testing.assert_allclose(found, pooled(x, **settings), rtol=1e-12)


@pytest.mark.parametrize(("ignore_border", "size"), [(True, 2), (False, 3)])
def test_the_example_of_the_documentation(ignore_border, size):
    x = pt.tensor("x", shape=(1, 1, 5, 5), dtype="float32")
    assert pool_2d(x, (2, 2), ignore_border=ignore_border).type.shape == (1, 1, size, size)


def test_tied_maxima_each_receive_the_gradient(evaluate):
    x = np.ones((1, 1, 4, 5))
    x[0, 0, 0, 1] = 2

    def gradient(x):
        return pytensor.grad((pool_2d(x, (2, 2), ignore_border=True) * 3).sum(), x)

    expected = np.full((4, 5), 3.0)
    expected[0, 0] = expected[1, :2] = 0  # beside the 2
    expected[:, 4] = 0  # in no window
    np.testing.assert_array_equal(evaluate(gradient, x)[0, 0], expected)


@pytest.mark.parametrize("axes", [2, 3, 5])
def test_any_number_of_leading_axes(evaluate, rng, axes):
    x = rng.normal(size=(2, 3, 4, 9, 7)[5 - axes :])
    found = evaluate(lambda x: pool_2d(x, (2, 3), ignore_border=False, mode="sum"), x)
    flat = pooled(x.reshape(-1, 1, *x.shape[-2:]), (2, 3), ignore_border=False, mode="sum")
    np.testing.assert_allclose(found, flat.reshape(*x.shape[:-2], *flat.shape[-2:]), rtol=1e-12)


def test_without_ignore_border_windows_are_partial_with_a_warning():
    x = pt.tensor("x", shape=(1, 1, 5, 5), dtype="float32")
    with pytest.warns(UserWarning, match=r"pool_2d: ignore_border: .* so it is False\. Write ignore_border=True"):
        assert pool_2d(x, (2, 2)).type.shape == (1, 1, 3, 3)
    with pytest.warns(UserWarning, match="max_pool_2d: ignore_border"):
        assert downsample.max_pool_2d(x, (2, 2)).type.shape == (1, 1, 3, 3)


@pytest.mark.parametrize(
    ("old", "new"),
    [({"ds": (3, 2)}, {"ws": (3, 2)}), ({"st": (1, 2)}, {"stride": (1, 2)}), ({"padding": (1, 1)}, {"pad": (1, 1)})],
    ids=["ds", "st", "padding"],
)
def test_older_names_are_accepted_with_a_warning(evaluate, rng, old, new):
    x = rng.normal(size=(1, 2, 7, 9))
    size = {} if "ds" in old else {"ws": (2, 2)}
    with pytest.warns(DeprecationWarning, match=rf"got its older name {next(iter(old))}=") as caught:
        y = evaluate(lambda x: pool_2d(x, ignore_border=True, **size, **old), x)
    assert caught[0].filename == __file__
    np.testing.assert_allclose(y, pooled(x, **{"ws": (2, 2)} | new), rtol=1e-12)


def test_the_function_of_theano_0_7(evaluate, rng):
    x = rng.normal(size=(1, 2, 7, 9))
    found = evaluate(lambda x: downsample.max_pool_2d(x, (3, 2), True, (2, 1), (1, 0)), x)
    np.testing.assert_allclose(found, pooled(x, (3, 2), True, (2, 1), (1, 0)), rtol=1e-12)


def test_the_function_of_cudnn_has_stride_1(evaluate, rng):
    x = rng.normal(size=(1, 2, 7, 9))
    np.testing.assert_allclose(evaluate(lambda x: dnn_pool(x, (3, 2)), x), pooled(x, (3, 2), stride=(1, 1)))
    found = evaluate(lambda x: dnn_pool(x, (2, 2), (2, 2), "average_inc_pad", (1, 1)), x)
    np.testing.assert_allclose(found, pooled(x, (2, 2), True, (2, 2), (1, 1), "average_inc_pad"))


def test_same_size_keeps_the_maxima_only(evaluate):
    x = np.array([[1.0, 4, 2, 2, 9], [3, -1, 2, 0, 9]])[None, None]
    expected = [[0, 4, 2, 2, 0], [0, 0, 2, 0, 0]]  # ties stay; the last column is in no window
    np.testing.assert_array_equal(evaluate(lambda x: max_pool_2d_same_size(x, (2, 2)), x)[0, 0], expected)
