"""Sizes, reference implementation in float64, and kernel calls for the tests of convolution with max-pooling."""

import numpy as np

from network3.layers.backends.cpu.kernels.conv_max_pool import conv_max_pool, forward_layout, pack_taps
from network3.layers.backends.cpu.kernels.geometry import Geometry
from network3.layers.backends.cpu.kernels.gradient_to_input import gradient_to_input, input_layout, pack_rows
from network3.layers.backends.cpu.kernels.gradient_to_weight import gradient_to_weight, lay_out_images, weight_layout
from network3.layers.backends.cpu.processor import lanes_of
from tests.layers.backends.cpu.runs import WAYS, run

LIMITS = {"float32": 2e-6, "float64": 1e-14}
# images (n, maps, height, width), filters, (kh, kw), stride, border, window
CASES = {
    "the chapter's first layer": ((3, 1, 28, 28), 20, (5, 5), (1, 1), (0, 0), (2, 2)),
    "the chapter's second layer": ((2, 20, 12, 12), 40, (5, 5), (1, 1), (0, 0), (2, 2)),
    "windows smaller than a vector": ((2, 3, 9, 8), 7, (3, 2), (1, 1), (0, 0), (2, 3)),
    "rows and columns left over": ((4, 2, 11, 12), 5, (4, 3), (1, 1), (0, 0), (3, 3)),
    "a border": ((2, 2, 7, 9), 3, (3, 5), (1, 1), (1, 2), (2, 2)),
    "a border wider than the filter": ((1, 2, 5, 4), 3, (2, 3), (1, 1), (3, 4), (1, 2)),
    "a border wider than the images": ((1, 1, 2, 3), 2, (2, 2), (1, 1), (2, 3), (5, 1)),
    "strides": ((3, 2, 13, 17), 4, (3, 4), (2, 3), (1, 0), (2, 2)),
    "strides longer than the filter": ((2, 1, 16, 19), 3, (2, 2), (3, 4), (0, 0), (2, 1)),
    "no pooling": ((2, 3, 6, 7), 4, (3, 2), (1, 1), (0, 0), (1, 1)),
    "one pixel a filter": ((2, 5, 6, 4), 11, (1, 1), (1, 1), (0, 0), (2, 2)),
    "more taps in a row than fit": ((2, 1, 5, 21), 2, (2, 11), (1, 1), (0, 0), (2, 3)),
    "one image, one filter, one window": ((1, 1, 3, 4), 1, (2, 3), (1, 1), (0, 0), (2, 2)),
    "one of everything": ((1, 1, 1, 1), 1, (1, 1), (1, 1), (0, 0), (1, 1)),
    "more maps than registers": ((1, 37, 5, 6), 2, (2, 3), (1, 1), (0, 0), (2, 2)),
    "rows longer than the registers": ((2, 150, 5, 6), 3, (2, 3), (1, 1), (0, 1), (2, 2)),
}
FLOAT64 = ["the chapter's second layer", "a border", "strides", "one pixel a filter", "rows longer than the registers"]
SLOW = ["the chapter's first layer", "the chapter's second layer", "rows longer than the registers"]


def runs():
    """Return (case, type, way); plain Python is too slow for some cases."""
    pairs = [*((case, "float32") for case in CASES), *((case, "float64") for case in FLOAT64)]
    return [(*pair, how) for pair in pairs for how in WAYS if how != "python" or pair[0] not in SLOW]


def about_vectors():
    """Return cases with one window, and one element in a patch's rows, less or more than full vectors."""
    lanes = lanes_of("float32")
    return [((2, 1, 3, lanes + more + 2), 3, (2, 3), (1, 1), (0, 0), (2, 1)) for more in (-1, 0, 1)] + [
        ((2, lanes + more, 3, 4), 5, (2, 1), (1, 1), (0, 0), (2, 2)) for more in (-1, 1)
    ]


def geometry(case, dtype, flip=True) -> Geometry:
    """Return the geometry of a case, or of one of the table by its name."""
    (_, maps, height, width), filters, (kh, kw), stride, pad, size = CASES.get(case, case)
    return Geometry(maps, height, width, filters, kh, kw, stride, pad, size, flip, dtype)


def drawn(case, dtype):
    """Return images, filters, and a gradient of the pooled maps with some zeros."""
    rng = np.random.default_rng(len(case))
    shape, filters, (kh, kw), *_ = CASES.get(case, case)
    g = geometry(case, dtype)
    x, w = rng.normal(size=shape).astype(dtype), rng.normal(size=(filters, shape[1], kh, kw)).astype(dtype)
    d = rng.normal(size=(shape[0], filters, *g.pooled)).astype(dtype)
    d[d > 1] = 0
    return x, w, d


# --- the reference implementation


def bordered(g: Geometry, x):
    """Return images with their borders, in float64."""
    return np.pad(x.astype(float), ((0, 0), (0, 0), (g.pad[0], g.pad[0]), (g.pad[1], g.pad[1])))


def corners(g: Geometry):
    """Yield each window's row and column, each position's number, and the first pixel that its taps read."""
    for row in range(g.pooled[0]):
        for column in range(g.pooled[1]):
            for f, (a, b) in enumerate(g.places):
                yield row, column, f, (row * g.size[0] + a) * g.stride[0], (column * g.size[1] + b) * g.stride[1]


def turned(g: Geometry, w):
    """Return filters in the orientation in which they are applied."""
    return w[:, :, ::-1, ::-1] if g.flip else w


def expected_sums(g: Geometry, x, w):
    """Return the convolved values, (n, filters, rows, columns, places)."""
    images, taps = bordered(g, x), turned(g, w.astype(float))
    sums = np.zeros((len(x), g.filters, *g.pooled, len(g.places)))
    for row, column, f, y, z in corners(g):
        patch = images[:, None, :, y : y + g.kh, z : z + g.kw]
        sums[:, :, row, column, f] = (patch * taps[None]).sum((2, 3, 4))
    return sums


def expected(g: Geometry, x, w):
    """Return the pooled maps and the bits of the winners."""
    sums = expected_sums(g, x, w)
    best = sums.max(-1)
    bits = ((sums == best[..., None]) * (1 << np.arange(len(g.places)))).sum(-1)
    return best, bits.astype(np.int32)


def winners(g: Geometry, bits, d):
    """Yield each winner that receives a gradient: image, filter, first pixel that its taps read, gradient."""
    for row, column, f, y, z in corners(g):
        for n, o in zip(*np.nonzero((bits[:, :, row, column] >> f & 1) & (d[:, :, row, column] != 0)), strict=True):
            yield n, o, y, z, float(d[n, o, row, column])


def expected_to_weight(g: Geometry, x, bits, d, shape):
    """Return the gradient to the filters."""
    images, dw = bordered(g, x), np.zeros(shape)
    for n, o, y, z, value in winners(g, bits, d):
        turned(g, dw)[o] += value * images[n, :, y : y + g.kh, z : z + g.kw]
    return dw


def expected_to_input(g: Geometry, w, bits, d, shape):
    """Return the gradient to the images."""
    dx, taps = bordered(g, np.zeros(shape)), turned(g, w.astype(float))
    for n, o, y, z, value in winners(g, bits, d):
        dx[n, :, y : y + g.kh, z : z + g.kw] += value * taps[o]
    return dx[:, :, g.pad[0] : g.pad[0] + g.height, g.pad[1] : g.pad[1] + g.width]


# --- the kernels


def undefined(shape, dtype):
    """Return an array of NaN, or -77, by which elements that were not written can be detected."""
    return np.full(shape, np.nan if np.dtype(dtype).kind == "f" else -77, dtype)


def pooled(g: Geometry, x, w, how="compiled"):
    """Return the pooled maps and the bits of the winners."""
    layout, n = forward_layout(g), len(x)
    packed = undefined(layout.packed, g.dtype)
    out, bits = (undefined((n, g.filters, *g.pooled), dtype) for dtype in (g.dtype, "int32"))
    sizes = [g.maps, g.kh, g.kw]
    run(pack_taps(g.dtype, g.flip), [w, packed, g.filters, *sizes, layout.share], layout.shares, how)
    run(conv_max_pool(g), [x, packed, *sizes, out, bits], n, how)
    return out, bits


def to_weight(g: Geometry, x, bits, d, how="compiled"):
    """Return the gradient to the filters."""
    layout, n = weight_layout(g), len(x)
    images, dw = (undefined(shape, g.dtype) for shape in ((n, layout.image), (g.filters, g.maps, g.kh, g.kw)))
    seen, count = (undefined(shape, "int64") for shape in ((n, g.windows + 1), n))
    run(lay_out_images(g), [x, images, seen, count], n, how)
    run(gradient_to_weight(g), [images, seen, count, bits, d, dw, n], layout.parts, how)
    return dw


def to_input(g: Geometry, w, bits, d, how="compiled"):
    """Return the gradient to the images."""
    layout = input_layout(g)
    packed, dx = undefined(layout.packed, g.dtype), undefined((len(d), g.maps, g.height, g.width), g.dtype)
    run(pack_rows(g.dtype, g.flip), [w, packed, g.maps, g.kh, g.kw, layout.row], g.filters, how)
    run(gradient_to_input(g), [packed, bits, d, dx], len(d), how)
    return dx


def close(got, expected):
    """Check a result against one of float64."""
    assert got.shape == expected.shape
    limit = LIMITS[str(got.dtype)] * max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(got, expected, rtol=0, atol=limit)


def same_kind(got, expected):
    """Check that the same elements are NaN, and infinite."""
    for check in (np.isnan, np.isposinf, np.isneginf):
        np.testing.assert_array_equal(check(got), check(expected))
