"""The products x w against NumPy in float64."""

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels import product, sizes
from network3.layers.backends.cpu.kernels.product import product_layout, sum_of_slices
from network3.layers.backends.cpu.kernels.sizes import Sizes
from tests.layers.backends.cpu.runs import WAYS, run

from .products import LARGE, SMALL, close, drawn, sizes_of, with_dtypes


def multiplied(s, x, w, how):
    out = np.full((s.batch, s.n_out), np.nan, s.dtype)
    layout = product_layout(s)
    found = np.full((layout.slices, s.batch, s.n_out), np.nan, s.dtype) if layout.slices > 1 else out
    run(product.product(layout.tile), [x, w, found, *layout.sizes], layout.parts, how)
    if layout.slices > 1:
        run(sum_of_slices(s.dtype), [found, out, out.size, layout.slices], 1, how)
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
@pytest.mark.parametrize(("n_in", "slices"), [(131, 2), (70, 1)])
@pytest.mark.parametrize("batch", [37, 48])
def test_several_groups_of_examples(monkeypatch, batch, n_in, slices, how):
    monkeypatch.setattr(product, "SUMS", 4096)
    monkeypatch.setattr(product, "LONGEST", 100)
    s = Sizes(batch, n_in, 40, "float32")
    x, w, _ = drawn(s)
    layout = product_layout(s)
    assert layout.slices == slices
    assert layout.parts >= 2 * slices
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


@pytest.mark.parametrize(("batch", "grouped"), [(10, False), (64, False), (64, True)])
def test_long_sums_are_accurate(monkeypatch, batch, grouped):
    """10,000 equal terms: if they were added one by one, the last ones would lose most of their digits."""
    monkeypatch.setattr(product, "SUMS", 0 if grouped else product.SUMS)
    s = Sizes(batch, 10_000, 16, "float32")
    layout = product_layout(s)
    assert (layout.parts > layout.slices) == grouped
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
