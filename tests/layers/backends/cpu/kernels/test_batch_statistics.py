"""Means, variances and gradient sums of batch normalization against NumPy in float64."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels.batch_statistics import (
    join_gradient_sums,
    join_moments,
    map_gradient_sums,
    map_moments,
)
from network3.layers.backends.cpu.kernels.reductions import lanes_for
from tests.layers.backends.cpu.runs import WAYS, run

from .pooled_convolutions import undefined

LIMITS = {"float32": 1e-6, "float64": 1e-13}
SIZES = [(1, 1, 1), (3, 5, 1), (2, 3, 7), (4, 2, 32), (2, 3, 33), (5, 2, 100)]  # images, maps, values


def moments(x, per, how="compiled"):
    """Return mean and variance of each map of x, of shape (images, maps, values)."""
    dtype, (images, maps, area) = x.dtype.name, x.shape
    found = undefined((images, 2, maps), "float64")
    mean, variance = (undefined(maps, dtype) for _ in range(2))
    run(map_moments(dtype, lanes_for(area)), [x, found, *x.shape, per], -(-images // per), how)
    run(join_moments(dtype), [found, mean, variance, *x.shape], 1, how)
    return mean, variance


def gradient_sums(x, g, mean, per, how="compiled"):
    """Return the sums of g, and of g times the deviations of x, for each map."""
    dtype, (images, maps, area) = x.dtype.name, x.shape
    found = undefined((images, 2, maps), "float64")
    total, product = (undefined(maps, dtype) for _ in range(2))
    run(map_gradient_sums(dtype, lanes_for(area)), [x, g, mean, found, *x.shape, per], -(-images // per), how)
    run(join_gradient_sums(dtype), [found, total, product, images, maps], 1, how)
    return total, product


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("size", SIZES)
def test_sums_agree_with_numpy(size, dtype, how):
    rng = np.random.default_rng(4)
    x, g = (rng.normal(3, 2, size).astype(dtype) for _ in range(2))
    limit = LIMITS[dtype]
    for per in (1, 2, 7):
        mean, variance = moments(x, per, how)
        np.testing.assert_allclose(mean, x.astype(float).mean((0, 2)), rtol=limit)
        np.testing.assert_allclose(variance, x.astype(float).var((0, 2)), rtol=5 * limit, atol=limit)
        total, product = gradient_sums(x, g, mean, per, how)
        np.testing.assert_allclose(total, g.astype(float).sum((0, 2)), rtol=5 * limit)
        terms = (x.astype(float) - mean.astype(float)[:, None]) * g.astype(float)
        np.testing.assert_allclose(product, terms.sum((0, 2)), rtol=5 * limit, atol=limit * np.abs(terms).sum())


@pytest.mark.parametrize("dtype", LIMITS)
def test_a_variance_far_from_zero_is_accurate(dtype):
    x = np.random.default_rng(5).normal(1000, 0.1, (64, 3, 500)).astype(dtype)
    mean, variance = moments(x, 2)
    np.testing.assert_allclose(mean, x.astype(float).mean((0, 2)), rtol=LIMITS[dtype])
    np.testing.assert_allclose(variance, x.astype(float).var((0, 2)), rtol=1e-5 if dtype == "float32" else 1e-9)


@pytest.mark.parametrize("how", WAYS)
def test_nan_propagates_to_its_map_only(how):
    x, g = (np.ones((2, 3, 40), "float32") for _ in range(2))
    x[1, 0, 5], g[0, 2, 39] = np.nan, np.nan
    mean, variance = moments(x, 2, how)
    np.testing.assert_array_equal(np.isnan(mean), [True, False, False])
    np.testing.assert_array_equal(np.isnan(variance), [True, False, False])
    total, product = gradient_sums(x, g, mean, 2, how)
    np.testing.assert_array_equal(np.isnan(total), [False, False, True])
    np.testing.assert_array_equal(np.isnan(product), [True, False, True])
