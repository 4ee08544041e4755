"""Weight updates, and the gradient x' d alone, against NumPy in float64."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels import sizes
from network3.layers.backends.cpu.kernels.descent import EXAMPLES, descent, descent_layout, scale_deltas
from network3.layers.backends.cpu.kernels.sizes import Sizes
from tests.layers.backends.cpu.runs import WAYS, run

from .products import LARGE, SMALL, close, drawn, sizes_of, with_dtypes


def changed(s, w, x, d, old, new, how, fresh=False):
    layout, w = descent_layout(s), w.copy()
    deltas, old, new = np.full(layout.deltas, np.nan, s.dtype), np.array([old], s.dtype), np.array([new], s.dtype)
    run(scale_deltas(s.dtype), [d, new, deltas, *layout.delta_sizes], 1, how)
    run(descent(layout.tile, fresh), [w, x, deltas, old, *layout.sizes], layout.parts, how)
    return w


def check(s, how):
    x, w, d = drawn(s)
    for old, new in ((1.0, -0.3), (0.9, 0.7)):  # weights are not multiplied if old is 1
        expected = old * w.astype(float) + new * (x.T.astype(float) @ d)
        close(changed(s, w, x, d, old, new, how), expected, s.batch)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize(("case", "dtype"), with_dtypes(SMALL))
def test_small(case, dtype, how):
    check(sizes_of(case, dtype), how)


@pytest.mark.parametrize(("case", "dtype"), with_dtypes(LARGE))
def test_large(case, dtype):
    check(sizes_of(case, dtype), "compiled")


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("case", [(10, 30, (1, 1)), (EXAMPLES + 1, 5, (1, -1)), (150, 9, (0, 1))])
def test_the_gradient_alone(case, how):
    """The previous content of its memory is not used."""
    s = sizes_of(case, "float32")
    x, w, d = drawn(s)
    close(changed(s, np.full_like(w, np.nan), x, d, np.nan, 2, how, fresh=True), 2 * (x.T.astype(float) @ d), s.batch)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize(("lanes", "registers"), [(4, 16), (4, 32), (8, 16)])
def test_processors_with_shorter_vectors(monkeypatch, lanes, registers, how):
    monkeypatch.setattr(sizes, "lanes_of", lambda dtype: lanes)
    monkeypatch.setattr(sizes, "vector_registers", lambda: registers)
    for n_out in (53, 61):
        check(Sizes(9, 18, n_out, "float32"), how)


def test_nan_propagates():
    s = Sizes(7, 97, 53, "float32")
    x, w, d = drawn(s)
    x[3, 5], w[90, 52] = np.nan, np.nan
    expected = np.isnan(w + x.T @ d)
    np.testing.assert_array_equal(np.isnan(changed(s, w, x, d, 1, 1, "compiled")), expected)
