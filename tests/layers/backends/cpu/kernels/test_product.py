"""The products x w against NumPy in float64."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels import product, sizes
from network3.layers.backends.cpu.kernels.product import (
    by_blocks,
    by_inputs,
    is_small,
    pack_weights,
    product_by_blocks,
    product_by_inputs,
    sum_of_parts,
)
from network3.layers.backends.cpu.kernels.sizes import Sizes
from tests.layers.backends.cpu.runs import WAYS, run

from .products import LARGE, SMALL, close, drawn, sizes_of, with_dtypes


def multiplied(s, x, w, how):
    out = np.full((s.batch, s.n_out), np.nan, s.dtype)
    if is_small(s):
        layout = by_inputs(s)
        found = np.full((layout.parts, s.batch, s.n_out), np.nan, s.dtype) if layout.parts > 1 else out
        run(product_by_inputs(layout.tile), [x, w, found, *layout.sizes], layout.parts, how)
        if layout.parts > 1:
            run(sum_of_parts(s.dtype), [found, out, out.size, layout.parts], 1, how)
        return out
    layout = by_blocks(s)
    if layout.packed:
        packed = np.full(layout.packed, np.nan, s.dtype)
        arguments = [w, packed, s.n_in, s.n_out, layout.tile.panels.count(s.n_out)]
        run(pack_weights(s.dtype, layout.tile.panels), arguments, layout.packing_parts, how)
        w = packed
    run(product_by_blocks(layout.tile, layout.packed > 0), [x, w, out, *layout.sizes], layout.parts, how)
    return out


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize(("case", "dtype"), with_dtypes(SMALL))
def test_small(case, dtype, how):
    s = sizes_of(case, dtype)
    x, w, _ = drawn(s)
    close(multiplied(s, x, w, how), x.astype(float) @ w, s.n_in)


@pytest.mark.parametrize(("case", "dtype"), with_dtypes(LARGE))
def test_large(case, dtype):
    s = sizes_of(case, dtype)
    x, w, _ = drawn(s)
    close(multiplied(s, x, w, "compiled"), x.astype(float) @ w, s.n_in)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("n_out", [33, 40])
def test_packed_weights(monkeypatch, n_out, how):
    monkeypatch.setattr(product, "CACHE", 0)
    monkeypatch.setattr(product, "OFTEN", 0)
    s = Sizes(37, 131, n_out, "float32")
    x, w, _ = drawn(s)
    assert by_blocks(s).packed >= w.size
    close(multiplied(s, x, w, how), x.astype(float) @ w, s.n_in)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize(("lanes", "registers"), [(4, 16), (4, 32), (8, 16)])
@pytest.mark.parametrize("batch", [3, 41])
def test_processors_with_shorter_vectors(monkeypatch, batch, lanes, registers, how):
    monkeypatch.setattr(sizes, "lanes_of", lambda dtype: lanes)
    monkeypatch.setattr(sizes, "vector_registers", lambda: registers)
    s = Sizes(batch, 19, 53, "float32")
    x, w, _ = drawn(s)
    close(multiplied(s, x, w, how), x.astype(float) @ w, s.n_in)


@pytest.mark.parametrize("batch", [10, 64])
def test_long_sums_are_accurate(batch):
    """10,000 equal terms: if they were added one by one, the last ones would lose most of their digits."""
    s = Sizes(batch, 10_000, 16, "float32")
    x, w = np.full((batch, s.n_in), 0.1, "float32"), np.full((s.n_in, s.n_out), 0.3, "float32")
    np.testing.assert_allclose(multiplied(s, x, w, "compiled"), x.astype(float) @ w, rtol=4e-6)


@pytest.mark.parametrize("batch", [10, 64])
def test_nan_and_infinity_propagate(batch):
    s = Sizes(batch, 300, 37, "float32")
    x, w, _ = drawn(s)
    x[3, 5], w[7, 36], w[9, 0] = np.nan, np.inf, -np.inf
    got, expected = multiplied(s, x, w, "compiled"), x.astype(float) @ w
    np.testing.assert_array_equal(np.isnan(got), np.isnan(expected))
    np.testing.assert_array_equal(np.isposinf(got), np.isposinf(expected))
