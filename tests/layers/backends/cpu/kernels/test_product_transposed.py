"""The products d w' against NumPy in float64."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels import sizes
from network3.layers.backends.cpu.kernels.product_transposed import (
    product_transposed,
    transpose_deltas,
    transposed_layout,
)
from network3.layers.backends.cpu.kernels.sizes import Sizes
from tests.layers.backends.cpu.runs import WAYS, run

from .products import LARGE, SMALL, close, drawn, sizes_of, with_dtypes


def multiplied(s, d, w, how):
    layout = transposed_layout(s)
    transposed, out = np.full(layout.transposed, np.nan, s.dtype), np.full((s.batch, s.n_in), np.nan, s.dtype)
    run(transpose_deltas(s.dtype), [d, transposed, s.batch, s.n_out, layout.tile.span], layout.panels, how)
    run(product_transposed(layout.tile), [transposed, w, out, *layout.sizes], layout.parts, how)
    return out


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize(("case", "dtype"), with_dtypes(SMALL))
def test_small(case, dtype, how):
    s = sizes_of(case, dtype)
    _, w, d = drawn(s)
    close(multiplied(s, d, w, how), d.astype(float) @ w.T, s.n_out)


@pytest.mark.parametrize(("case", "dtype"), with_dtypes(LARGE))
def test_large(case, dtype):
    s = sizes_of(case, dtype)
    _, w, d = drawn(s)
    close(multiplied(s, d, w, "compiled"), d.astype(float) @ w.T, s.n_out)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize(("lanes", "registers"), [(4, 16), (4, 32), (8, 16)])
def test_processors_with_shorter_vectors(monkeypatch, lanes, registers, how):
    monkeypatch.setattr(sizes, "lanes_of", lambda dtype: lanes)
    monkeypatch.setattr(sizes, "vector_registers", lambda: registers)
    s = Sizes(43, 19, 53, "float32")
    _, w, d = drawn(s)
    assert transposed_layout(s).tile.lanes == lanes
    close(multiplied(s, d, w, how), d.astype(float) @ w.T, s.n_out)


def test_nan_propagates():
    s = Sizes(11, 30, 17, "float32")
    _, w, d = drawn(s)
    d[10, 3], w[29, 16] = np.nan, np.nan
    np.testing.assert_array_equal(np.isnan(multiplied(s, d, w, "compiled")), np.isnan(d @ w.T))
