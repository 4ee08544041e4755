"""Gathering of mini-batches by row index."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels.gather import gather
from tests.layers.backends.cpu.runs import WAYS, run

IMAGES = [
    ("uint8", "float32"),
    ("uint8", "float64"),
    ("float32", "float32"),
    ("float64", "float32"),
    ("float32", "float64"),
]
TARGETS = ["int32", "int64", "uint8", "bool", "float32"]


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize(("source", "dtype"), IMAGES)
def test_images_are_scaled(source, dtype, how):
    rng = np.random.default_rng(0)
    for batch, width, per in [(1, 1, 1), (10, 33, 4), (5, 16, 16)]:
        data, rows = (255 * rng.random((17, width))).astype(source), rng.integers(0, 17, batch)
        factor, x = np.array([1 / 255], dtype), np.full((batch, width), np.nan, dtype)
        run(gather(source, dtype), [rows, data, factor, x, width, batch, per], -(-batch // per), how)
        np.testing.assert_array_equal(x, data[rows].astype(dtype) * factor[0])


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", TARGETS)
@pytest.mark.parametrize("width", [1, 3])
def test_targets_are_copied(dtype, width, how):
    rng = np.random.default_rng(0)
    data, rows = rng.integers(0, 2, (17, width)).astype(dtype), rng.integers(0, 17, 11)
    x = np.zeros((11, width), dtype)
    run(gather(dtype, dtype), [rows, data, np.ones(1, dtype), x, width, 11, 4], 3, how)
    np.testing.assert_array_equal(x, data[rows])
