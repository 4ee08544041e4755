"""Exponentials and functions derived from them, against NumPy in float64."""

import math
import platform

import numpy as np
import pytest

from network3.layers.backends.cpu.compiler import Array, Int, kernel
from network3.layers.backends.cpu.kernels import exponential
from network3.layers.backends.cpu.processor import target
from tests.layers.backends.cpu.runs import WAYS, run

FUSES = "+fma" in target()[1] or platform.machine().lower() in ("arm64", "aarch64")
# Maximum errors in units in the last place, as documented in the module.
UNITS = {"exp": 1.0 if FUSES else 1.2, "sigmoid": 2.5, "tanh": 1.5, "log1p": 1.0, "softplus": 2.0}


@kernel
def each(name: str, dtype: str):
    function = getattr(exponential, name + dtype.removeprefix("float"))

    def each(part, x: Array(dtype), y: Array(dtype), count: Int):
        for i in range(count):
            y[i] = function(x[i])

    return each


def values(name, x, how="compiled"):
    y = np.empty_like(x)
    run(each(name, str(x.dtype)), [x, y, x.size], 1, how)
    return y


def exact(name, x):
    x = x.astype(float)
    with np.errstate(all="ignore"):
        if name == "sigmoid":
            small = np.exp(-abs(x))
            return np.where(x < 0, small, 1) / (1 + small)
        if name == "softplus":
            return np.maximum(x, 0) + np.log1p(np.exp(-abs(x)))
        return getattr(np, name)(x)


def units_off(got, expected):
    """Return the error of `got` relative to float64 values, in units in the last place of float32."""
    return abs(got - expected) / abs(np.spacing(expected.astype("float32"))).astype(float)


@pytest.fixture(params=UNITS)
def name(request):
    return request.param


@pytest.mark.parametrize("sign", [1, -1])
def test_values_of_every_magnitude(name, sign):
    """Bit patterns at equal steps, from the smallest subnormal number to the largest: all magnitudes."""
    x = sign * np.arange(1, 0x7F800000, 1009, dtype="uint32").view("float32")
    expected = exact(name, x)
    with np.errstate(over="ignore"):
        finite = np.isfinite(expected.astype("float32"))
    got = values(name, x)
    np.testing.assert_array_equal(np.isfinite(got), finite)
    assert units_off(got[finite], expected[finite]).max() <= UNITS[name]


@pytest.mark.parametrize(("low", "high"), [(-104, -87), (-87, -1), (-1, 1), (0.6, 0.65), (1, 88.7)])
def test_dense_ranges(name, low, high):
    if name == "log1p" and high <= -1:
        low, high = -0.99999994, -0.9
    x = np.linspace(low, high, 200_003).astype("float32")
    x = x[x > -1] if name == "log1p" else x
    assert units_off(values(name, x), exact(name, x)).max() <= UNITS[name]


@pytest.mark.parametrize("how", WAYS)
def test_all_ways_agree_with_numpy(name, how):
    x = np.float32([*np.linspace(-0.99, 20, 37), 0.62, 0.63, 1e-20, 3e-41, 80])
    assert units_off(values(name, x, how), exact(name, x)).max() <= UNITS[name] + 0.5  # Python rounds every product


LIMITS = {
    "exp": ([np.inf, -np.inf, 0, -0.0, 88.73, 1e30, -104, -1e30], [np.inf, 0, 1, 1, np.inf, np.inf, 0, 0]),
    "sigmoid": ([np.inf, -np.inf, 0, -0.0, 1e30, -1e30, 100, -105], [1, 0, 0.5, 0.5, 1, 0, 1, 0]),
    "tanh": ([np.inf, -np.inf, 0, -0.0, 1e30, -1e30, 1e-45, -1e-45], [1, -1, 0, -0.0, 1, -1, 1e-45, -1e-45]),
    "log1p": ([np.inf, -1, 0, -0.0, 1e-45, -3e-9, -2], [np.inf, -np.inf, 0, -0.0, 1e-45, -3e-9, np.nan]),
    "softplus": ([np.inf, -np.inf, 1e30, -1e30, 30, -105], [np.inf, 0, 1e30, 0, 30, 0]),
}  # fmt: skip


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_limits_and_special_values(name, dtype, how):
    x, expected = (np.array(numbers, "float32").astype(dtype) for numbers in LIMITS[name])
    if dtype == "float64":
        x, expected = x[abs(x) < 50], expected[abs(x) < 50]  # results that are rounded in float32 only
        expected = exact(name, x)
    got = values(name, x, how)
    np.testing.assert_allclose(got, expected, rtol=0 if dtype == "float32" else 1e-15)
    real = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(got[real]), np.signbit(expected[real]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_propagates(name, dtype):
    x = np.linspace(-0.9, 3, 77).astype(dtype)
    x[[0, 5, 40, 76]] = np.nan
    np.testing.assert_array_equal(np.isnan(values(name, x)), np.isnan(x))


@pytest.mark.parametrize("name", ["exp", "sigmoid", "softplus"])
def test_subnormal_results(name):
    """Results below the normal range are subnormal, and accurate, before they become 0."""
    x = np.float32([-88.8, -95, -100, -103.2])
    got = values(name, x)
    assert units_off(got, exact(name, x)).max() <= UNITS[name]
    assert (got != 0).all()


def test_tanh_is_odd():
    x = np.linspace(0, 12, 100_003).astype("float32")
    np.testing.assert_array_equal(values("tanh", -x), -values("tanh", x))


def test_float64(name):
    x = np.concatenate([np.linspace(-0.9, 30, 10_001), np.logspace(-300, -1, 999)])
    if name != "log1p":
        x = np.concatenate([x, np.linspace(-740, -1, 1001)])
    np.testing.assert_allclose(values(name, x), exact(name, x), rtol=4 * np.finfo(float).eps, atol=5e-324)


def test_sigmoid_of_float64_in_both_tails():
    x = np.array([-1000.0, -745.0, -700.0, 40.0, 700.0, 1000.0])
    expected = [0.0, math.exp(-745), math.exp(-700), 1.0, 1.0, 1.0]
    np.testing.assert_allclose(values("sigmoid", x), expected, rtol=1e-14)
