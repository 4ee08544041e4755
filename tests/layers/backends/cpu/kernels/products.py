"""Sizes, operands and tolerances for the tests of matrix products."""

import numpy as np

from network3.layers.backends.cpu.kernels.sizes import Sizes
from network3.layers.backends.cpu.processor import lanes_of

LIMITS = {"float32": 1e-6, "float64": 1e-15}
# batch, n_in, and the columns: (full vectors, additional columns).
SMALL = [
    (1, 1, (0, 1)),
    (2, 1, (1, 1)),
    (1, 30, (1, 0)),
    (2, 30, (1, -1)),
    (10, 2, (0, 3)),
    (10, 30, (1, 1)),
    (11, 30, (2, 3)),
    (25, 30, (2, 3)),
    (7, 5, (3, 0)),
    (11, 13, (1.5, 0)),
    (30, 7, (1, 0)),
    (64, 2, (0, 1)),
    (64, 11, (5, 1)),
    (150, 9, (1, -1)),
]
# Compiled only: plain Python is too slow.
LARGE = [
    (1, 784, (0, 100)),
    (10, 784, (0, 100)),
    (10, 257, (0, 30)),
    (11, 784, (1, 1)),
    (64, 784, (0, 30)),
    (64, 100, (0, 10)),
    (256, 784, (0, 100)),
    (256, 600, (0, 1001)),
    (9, 50, (0, 1000)),
    (40, 2, (0, 411)),
]
FLOAT64 = [
    (2, 1, (1, 1)),
    (10, 30, (1, 1)),
    (11, 13, (1.5, 0)),
    (64, 11, (5, 1)),
    (10, 784, (0, 100)),
    (256, 784, (0, 100)),
]


def with_dtypes(cases):
    """Return pairs of a case and a type: all of float32, some of float64."""
    return [(case, "float32") for case in cases] + [(case, "float64") for case in cases if case in FLOAT64]


def sizes_of(case, dtype) -> Sizes:
    """Return the sizes of a case of the tables."""
    batch, n_in, (vectors, beyond) = case
    return Sizes(batch, n_in, int(vectors * lanes_of(dtype)) + beyond, dtype)


def drawn(s: Sizes):
    """Return x, w and d of these sizes."""
    rng = np.random.default_rng(s.batch + s.n_in + s.n_out)
    shapes = (s.batch, s.n_in), (s.n_in, s.n_out), (s.batch, s.n_out)
    return [rng.normal(size=shape).astype(s.dtype) for shape in shapes]


def close(got, expected, terms: int) -> None:
    """Check a product against one of float64, whose sums have `terms` terms."""
    assert got.shape == expected.shape
    limit = LIMITS[str(got.dtype)] * terms**0.5 * np.abs(expected).max()
    np.testing.assert_allclose(got, expected, rtol=0, atol=limit)
