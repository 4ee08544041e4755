"""Bilinear upsampling against interpolation by NumPy."""

import numpy as np
import pytensor.tensor as pt
import pytest

from network3.theano.tensor.nnet.abstract_conv import bilinear_upsampling


def interpolated(x, ratio):
    """Return the last two axes interpolated at (k - (ratio - 1) // 2) / ratio, constant beyond the first and last."""
    for axis in (-2, -1):
        n = x.shape[axis]
        at = (np.arange(n * ratio) - (ratio - 1) // 2) / ratio
        x = np.apply_along_axis(lambda line, at=at, n=n: np.interp(at, np.arange(n), line), axis, x)
    return x


@pytest.mark.parametrize("ratio", [1, 2, 3, 4, 5])
def test_values_are_those_of_interpolation(evaluate, rng, ratio):
    x = rng.normal(size=(2, 3, 4, 5))
    found = evaluate(lambda x: bilinear_upsampling(x, ratio=ratio), x)
    np.testing.assert_allclose(found, interpolated(x, ratio), atol=1e-12)


def test_static_shapes_stay():
    x = pt.tensor("x", shape=(2, 3, 4, 5), dtype="float32")
    y = bilinear_upsampling(x, ratio=3, batch_size=2, num_input_channels=3, use_1D_kernel=False)
    assert (y.type.shape, y.dtype) == ((2, 3, 12, 15), "float32")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "ratio: expected a whole number, 1 or more; got None"),
        ({"ratio": 1.5}, "ratio: expected a whole number, 1 or more; got 1.5"),
        ({"frac_ratio": (3, 2)}, r"frac_ratio: expected a whole factor, as ratio; got \(3, 2\)"),
    ],
)
def test_other_ratios_are_refused(settings, message):
    with pytest.raises(ValueError, match=rf"^bilinear_upsampling: {message}\. \w.*\.$"):
        bilinear_upsampling(pt.dtensor4(), **settings)
