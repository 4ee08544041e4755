"""The fused kernels against NumPy: every size, stride, border, window and type, whether whole vectors or not."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

import network3.layers.backends.numba  # noqa: F401  (registers Ops and rewrites)
from network3.layers.backends.numba.fused.geometry import Geometry
from network3.layers.backends.numba.fused.ops import ConvMaxPool, GradientToInput, GradientToWeight

# name: images (n, maps, height, width), filters, (kh, kw), stride, border, window
CASES = {
    "the chapter's first layer": ((3, 1, 28, 28), 20, (5, 5), (1, 1), (0, 0), (2, 2)),
    "the chapter's second layer": ((2, 20, 12, 12), 40, (5, 5), (1, 1), (0, 0), (2, 2)),
    "windows that fill no vector": ((2, 3, 9, 8), 7, (3, 2), (1, 1), (0, 0), (2, 3)),
    "rows and columns left over": ((4, 2, 11, 12), 5, (4, 3), (1, 1), (0, 0), (3, 3)),
    "a border": ((2, 2, 7, 9), 3, (3, 5), (1, 1), (1, 2), (2, 2)),
    "a border wider than the filter": ((1, 2, 5, 4), 3, (2, 3), (1, 1), (3, 4), (1, 2)),
    "strides": ((3, 2, 13, 17), 4, (3, 4), (2, 3), (1, 0), (2, 2)),
    "strides longer than the filter": ((2, 1, 16, 19), 3, (2, 2), (3, 4), (0, 0), (2, 1)),
    "no pooling": ((2, 3, 6, 7), 4, (3, 2), (1, 1), (0, 0), (1, 1)),
    "one pixel a filter": ((2, 5, 6, 4), 11, (1, 1), (1, 1), (0, 0), (2, 2)),
    "more taps in a row than fit": ((2, 1, 5, 21), 2, (2, 11), (1, 1), (0, 0), (2, 3)),
    "one image, one filter, one window": ((1, 1, 3, 4), 1, (2, 3), (1, 1), (0, 0), (2, 2)),
    "more maps than registers": ((1, 37, 5, 6), 2, (2, 3), (1, 1), (0, 0), (2, 2)),
    "rows longer than the registers": ((2, 150, 5, 6), 3, (2, 3), (1, 1), (0, 1), (2, 2)),
}
LIMITS = {"float32": 2e-6, "float64": 1e-14}


def geometry(case, dtype, flip=True):
    (_, maps, height, width), filters, (kh, kw), stride, pad, size = CASES[case]
    return Geometry(maps, height, width, filters, kh, kw, stride, pad, size, flip, dtype)


def drawn(case, dtype):
    rng = np.random.default_rng(len(case))
    shape, filters, (kh, kw), *_ = CASES[case]
    return rng.normal(size=shape).astype(dtype), rng.normal(size=(filters, shape[1], kh, kw)).astype(dtype)


def performed(op, *values):
    node = op.make_node(*map(pt.as_tensor_variable, values))
    storage = [[None] for _ in node.outputs]
    op.perform(node, values, storage)
    return [entry[0] for entry in storage]


def compiled(op, *values):
    inputs = [pt.tensor(dtype=value.dtype, shape=value.shape) for value in values]
    outputs = op.make_node(*inputs).outputs
    function = pytensor.function(inputs, outputs, mode="NUMBA", on_unused_input="ignore")
    assert any(node.op == op for node in function.maker.fgraph.apply_nodes)
    return function(*values)


def close(got, wanted, dtype):
    assert got.dtype == wanted.dtype
    scale = max(1.0, float(np.abs(wanted).max()))
    np.testing.assert_allclose(got, wanted, rtol=0, atol=LIMITS[dtype] * scale)


@pytest.mark.parametrize(
    ("case", "dtype"),
    [*((case, "float32") for case in CASES), *((case, "float64") for case in list(CASES)[1:8:2])],
)
def test_kernels_agree_with_numpy(case, dtype):
    flip = len(case) % 2 == 0  # either way, over the table
    g = geometry(case, dtype, flip)
    x, w = drawn(case, dtype)
    pooled, bits = performed(ConvMaxPool(g, True), x, w)
    got_pooled, got_bits = compiled(ConvMaxPool(g, True), x, w)
    close(got_pooled, pooled, dtype)
    np.testing.assert_array_equal(got_bits, bits)
    (alone,) = compiled(ConvMaxPool(g, False), x, w)
    np.testing.assert_array_equal(alone, got_pooled)
    gradient = np.random.default_rng(1).normal(size=pooled.shape).astype(dtype)
    gradient[gradient > 1] = 0  # as below a neuron that is not active
    for op, values in (GradientToWeight(g), (x, bits, gradient, w)), (GradientToInput(g), (w, bits, gradient, x)):
        close(compiled(op, *values)[0], performed(op, *values)[0], dtype)


@pytest.mark.parametrize("case", ["the chapter's first layer", "a border", "strides"])
def test_every_tie_is_paid_and_blank_windows_change_no_filter(case):
    g = geometry(case, "float64")
    x, w = drawn(case, "float64")
    x, w = np.round(x), np.round(w)  # small integers: many ties
    x[:, :, : x.shape[2] // 2] = 0
    pooled, bits = performed(ConvMaxPool(g, True), x, w)
    assert (bits & (bits - 1)).any()
    gradient = np.random.default_rng(1).normal(size=pooled.shape)
    for op, values in (GradientToWeight(g), (x, bits, gradient, w)), (GradientToInput(g), (w, bits, gradient, x)):
        close(compiled(op, *values)[0], performed(op, *values)[0], "float64")


@pytest.mark.parametrize("dtype", LIMITS)
def test_ties_are_all_winners_and_nan_stays(dtype):
    case = "windows that fill no vector"
    g = geometry(case, dtype)
    x, w = drawn(case, dtype)
    x[0] = 0  # a blank image: all places of a window are equal
    x[1, 2, 5, 3] = np.nan
    pooled, bits = compiled(ConvMaxPool(g, True), x, w)
    assert (pooled[0] == 0).all()
    assert (bits[0] == 0b111111).all()
    wanted = performed(ConvMaxPool(g, True), x, w)
    np.testing.assert_array_equal(np.isnan(pooled), np.isnan(wanted[0]))
    assert np.isnan(pooled[1]).any()
    assert not np.isnan(pooled[1]).all()
    np.testing.assert_array_equal(bits, wanted[1])


def test_images_do_not_depend_on_their_neighbours():
    case = "a border"
    g = geometry(case, "float32")
    x, w = drawn(case, "float32")
    together = compiled(ConvMaxPool(g, False), x, w)[0]
    for k in range(len(x)):
        np.testing.assert_array_equal(compiled(ConvMaxPool(g, False), x[k : k + 1], w)[0][0], together[k])


def test_sums_of_many_terms_lose_no_more_digits_than_few():
    """Sums by maps: over 500 terms the error stays within that of a product of matrices."""
    case = "the chapter's second layer"
    x, w = drawn(case, "float64")
    exact = performed(ConvMaxPool(geometry(case, "float64"), False), x, w)[0]
    got = compiled(ConvMaxPool(geometry(case, "float32"), False), x.astype("float32"), w.astype("float32"))[0]
    rounded = performed(
        ConvMaxPool(geometry(case, "float64"), False), *(v.astype("float32").astype(float) for v in (x, w))
    )[0]
    assert np.abs(got - rounded).max() < 5e-7 * np.abs(exact).max()
