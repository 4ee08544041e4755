"""Winograd's convolution against NumPy in float64: images and windows of 2 x 2, read and written."""

from typing import NamedTuple

import numpy as np
import pytest

from network3.layers.backends.cpu.kernels.transposed import Block
from network3.layers.backends.cpu.kernels.winograd import (
    winograd,
    winograd_filters,
    winograd_fits,
    winograd_layout,
)
from network3.layers.backends.cpu.kernels.winograd_rows import COLUMNS
from network3.layers.backends.cpu.processor import lanes_of
from tests.layers.backends.cpu.runs import WAYS, run

from .pooled_convolutions import undefined

LIMITS = {"float32": 4e-6, "float64": 8e-15}  # of the largest result
KINDS = [("image", "image"), ("image", "windows"), ("windows", "image")]
NONE = np.zeros(1, np.int32)


class Sizes(NamedTuple):
    """The sizes of a convolution; `to_images` exchanges the filters' axes, as for the gradient to images."""

    images: int
    maps: int
    height: int
    width: int
    outs: int
    rows: int
    columns: int
    top: int = 1
    left: int = 1
    flip: int = 0
    to_images: bool = False
    taps: int = 3


def cases(dtype):
    """Return sizes at which tiles, blocks of maps and panels are full, or have one element less or more."""
    n = lanes_of(dtype)
    return {
        "one tile": Sizes(1, n, 4, 4, n, 4, 4),
        "tiles that end early": Sizes(3, n, 5, 7, n, 5, 7),
        "one pixel": Sizes(2, n, 1, 1, n, 1, 1),
        "no border": Sizes(2, n, 6, 9, n, 4, 7, 0, 0),
        "a wide border": Sizes(2, n, 2, 3, n, 4, 5, 2, 2),
        "borders that differ": Sizes(1, n, 6, 5, n, 5, 6, 0, 2),
        "one more map than a vector": Sizes(2, n + 1, 4, 6, n + 3, 4, 6),
        "one less than two vectors": Sizes(1, 2 * n - 1, 5, 4, 2 * n - 1, 5, 4, flip=1),
        "rows as long as a vector": Sizes(1, n, 6, n, 2 * n, 6, n),
        "rows longer than a vector": Sizes(1, n, 5, n + 3, n, 5, n + 3, to_images=True),
        "several panels": Sizes(1, n, 4, 4, 5 * n + 2, 4, 4, flip=1, to_images=True),
        "many tiles": Sizes(5, n, 10, 18, n, 10, 18),
    }


def random_sizes(rng, dtype, most) -> Sizes:
    """Draw random sizes."""
    taps = int(rng.choice([3, 5]))
    lanes = lanes_of(dtype)
    images, maps, outs = (int(v) for v in (rng.integers(1, 4), *rng.integers(lanes, lanes + most, 2)))
    height, width = (int(v) for v in rng.integers(3, 3 + most, 2))
    top, left = (int(v) for v in rng.integers(0, taps, 2))
    more = [int(v) for v in rng.integers(1 - taps, 1, 2)]  # rows and columns of zeros on the other sides
    rows, columns = max(1, height + top + more[0]), max(1, width + left + more[1])
    flip, to_images = (int(v) for v in rng.integers(0, 2, 2))
    return Sizes(images, maps, height, width, outs, rows, columns, top, left, flip, bool(to_images), taps)


def halved(size):
    """Return the rows and columns of windows."""
    return size[0] // 2, size[1] // 2


def drawn(s: Sizes, dtype, source, seed=0):
    """Return images, or the gradient of windows, with the bits of their maxima, and filters."""
    rng = np.random.default_rng(seed)
    size = halved((s.height, s.width)) if source == "windows" else (s.height, s.width)
    x = rng.normal(size=(s.images, s.maps, *size)).astype(dtype)
    won = rng.integers(0, 16, x.shape).astype("int32")
    w = rng.normal(size=(*((s.maps, s.outs) if s.to_images else (s.outs, s.maps)), s.taps, s.taps)).astype(dtype)
    return x, won, w


def expanded(s: Sizes, x, won):
    """Return the gradient of the images of which `x` is that of the windows."""
    images, (rows, columns) = np.zeros((s.images, s.maps, s.height, s.width)), x.shape[2:]
    for place in range(4):
        met = np.s_[:, :, place // 2 : 2 * rows : 2, place % 2 : 2 * columns : 2]
        images[met] = np.where(won >> place & 1, x, 0)
    return images


def expected(s: Sizes, x, w):
    """Return the convolved images."""
    if s.to_images:
        w = w.transpose(1, 0, 2, 3)
    taps = w.astype(float)[:, :, ::-1, ::-1] if s.flip else w.astype(float)
    bottom, right = (max(0, s.rows + s.taps - 1 - s.top - s.height), max(0, s.columns + s.taps - 1 - s.left - s.width))
    images = np.pad(x.astype(float), ((0, 0), (0, 0), (s.top, bottom), (s.left, right)))
    return sum(
        np.einsum("nchw,oc->nohw", images[:, :, i : i + s.rows, j : j + s.columns], taps[:, :, i, j])
        for i in range(s.taps)
        for j in range(s.taps)
    )


def convolved(s: Sizes, x, won, w, kinds=("image", "image"), how="compiled"):
    """Return the kernels' results: images, or the maxima of windows and their positions."""
    dtype, windows = x.dtype.name, kinds[1] == "windows"
    layout = winograd_layout(dtype, s.taps, s.images, s.maps, s.outs, s.rows, s.columns)
    packed = undefined(layout.packed, dtype)
    size = halved((s.rows, s.columns)) if windows else (s.rows, s.columns)
    y = undefined((s.images, s.outs, *size), dtype)
    best = undefined(y.shape if windows else 1, "int32")
    count = s.taps**2
    strides = (count * s.outs, count) if s.to_images else (count, count * s.maps)
    run(
        winograd_filters(dtype, s.taps),
        [w, packed, s.maps, s.outs, *strides, s.flip, layout.per],
        layout.filter_parts,
        how,
    )
    arguments = [x, won if kinds[0] == "windows" else NONE, packed, y, best, *s[:9]]
    run(winograd(dtype, *kinds, s.taps), [*arguments, layout.high, layout.wide, layout.each], layout.parts, how)
    return (y, best) if windows else y


def agree(s: Sizes, dtype, kinds, how, seed=0):
    """Check one way of running the kernels."""
    x, won, w = drawn(s, dtype, kinds[0], seed)
    y = expected(s, expanded(s, x, won) if kinds[0] == "windows" else x, w)
    got, limit = convolved(s, x, won, w, kinds, how), LIMITS[dtype] * max(1.0, abs(y).max(initial=0))
    if kinds[1] == "windows":
        got, best = got
        values = np.stack(
            [y[:, :, a : s.rows // 2 * 2 : 2, b : s.columns // 2 * 2 : 2] for a in (0, 1) for b in (0, 1)]
        )
        y = values.max(0)
        met = np.stack([best >> place & 1 for place in range(4)])
        assert met[values == y].all()
        assert not met[values < y - 100 * limit].any()
    np.testing.assert_allclose(got, y, rtol=0, atol=limit)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("case", cases("float32"))
@pytest.mark.parametrize("taps", [3, 5])
def test_boundary_sizes(taps, case, dtype, how):
    if how == "python" and case in ("several panels", "many tiles", "rows longer than a vector"):
        pytest.skip("too slow as plain Python")
    for kinds in KINDS:
        agree(cases(dtype)[case]._replace(taps=taps), dtype, kinds, how)


@pytest.mark.parametrize(("how", "times"), [("compiled", 30), ("checked", 12)])
@pytest.mark.parametrize("dtype", LIMITS)
def test_random_sizes(dtype, how, times):
    rng = np.random.default_rng(16)
    for time in range(times):
        s = random_sizes(rng, dtype, 40 if how == "compiled" else 20)
        try:
            agree(s, dtype, KINDS[time % 3], how, time)
        except AssertionError as error:
            raise AssertionError(f"{s}: {error}") from error


@pytest.mark.parametrize("taps", [3, 5])
@pytest.mark.parametrize("maps", [64, 256])
def test_sums_of_many_terms_are_accurate(maps, taps):
    s = Sizes(2, maps, 8, 8, 32, 8, 8, taps=taps)
    x, won, w = drawn(s, "float32", "image")
    y = expected(s, x, w)
    assert abs(convolved(s, x, won, w) - y).max() < 4e-6 * abs(y).max()
    x, w = abs(x), abs(w)
    assert (
        abs(convolved(s, x, won, w) / expected(s, x, w) - 1).max() < {3: 2e-6, 5: 8e-6}[taps]
    )  # results at borders have fewer terms


def test_images_do_not_depend_on_their_neighbours():
    s = Sizes(21, 20, 7, 9, 37, 7, 9)
    x, won, w = drawn(s, "float32", "image")
    together = convolved(s, x, won, w)
    for k in (0, 1, 13, 20):
        alone = convolved(s._replace(images=1), x[k : k + 1].copy(), won, w)
        np.testing.assert_array_equal(alone[0], together[k])


@pytest.mark.parametrize("how", ["compiled", "checked"])
@pytest.mark.parametrize("dtype", LIMITS)
def test_nan_and_infinity_reach_all_dependent_results(dtype, how):
    lanes = lanes_of(dtype)
    s = Sizes(2, lanes, 9, 9, lanes, 9, 9)
    x, won, w = drawn(s, dtype, "image")
    x[0, 1, 2, 3], x[1, 0, 8, 8] = np.nan, np.inf
    got, (pooled, best) = convolved(s, x, won, w, how=how), convolved(s, x, won, w, KINDS[1], how)
    with np.errstate(invalid="ignore"):
        dependent = ~np.isfinite(expected(s, x, w))
    assert dependent[0].sum() == 9 * lanes
    assert not np.isfinite(got[dependent]).any()
    assert np.isnan(got[0][dependent[0]]).all()
    assert np.isfinite(got[0, :, 4:]).all()
    assert np.isnan(pooled[0, :, :2, 1:3]).all()
    assert not best[0, :, :2, 1:3].any()


@pytest.mark.parametrize("filters", ["random", "edges"])
@pytest.mark.parametrize("maps", [16, 100])
def test_equal_values_of_a_window_are_all_maxima(filters, maps):
    s = Sizes(2, maps, 12, 12, 64, 12, 12)
    x, won, w = drawn(s, "float32", "image")
    if filters == "edges":
        w -= w.mean((2, 3), keepdims=True)  # then the exact results are 0, but the rounding errors are not
    flat = np.ascontiguousarray(np.broadcast_to(x[:, :, :1, :1], x.shape))
    assert (convolved(s, flat, won, w, KINDS[1])[1][:, :, 1:-1, 1:-1] == 15).all()
    rows = np.ascontiguousarray(np.broadcast_to(x[:, :, :, :1], x.shape))
    met = convolved(s, rows, won, w, KINDS[1])[1][:, :, :, 1:-1]
    assert np.isin(met, (3, 12, 15)).all()
    assert (met == 15).mean() < 0.01


@pytest.mark.parametrize(("taps", "tile"), [(3, 4), (5, 2)])
def test_layouts_cover_all_tiles(taps, tile):
    for images in (1, 2, 10, 64):
        for maps, outs, rows, columns in ((16, 16, 32, 32), (256, 256, 8, 8), (64, 128, 1, 128), (16, 16, 7, 5)):
            layout = winograd_layout("float32", taps, images, maps, outs, rows, columns)
            assert (layout.parts - 1) * layout.each < images * layout.high <= layout.parts * layout.each
            assert layout.high * tile >= rows > layout.high * tile - tile
            assert layout.wide * tile >= columns > layout.wide * tile - tile
    assert winograd_layout("float32", taps, 0, 16, 16, 8, 8).parts == 0


@pytest.mark.parametrize("taps", [3, 5])
def test_sizes_that_the_kernels_support(taps):
    lanes = lanes_of("float32")
    assert winograd_fits("float32", taps, lanes, lanes, COLUMNS, COLUMNS)
    assert not winograd_fits("float32", taps, lanes - 1, lanes, 8, 8)
    assert not winograd_fits("float32", taps, lanes, lanes - 1, 8, 8)
    assert not winograd_fits("float32", taps, lanes, lanes, COLUMNS + 1, 8)
    assert not winograd_fits("float32", taps, 5000, 5000, 32, 32)
    largest = max(n for n in range(lanes, 4000, lanes) if winograd_fits("float32", taps, n, n, COLUMNS, COLUMNS))
    agree(Sizes(1, largest, 2, COLUMNS, largest, 2, COLUMNS, taps=taps), "float32", KINDS[0], "compiled")


def test_a_block_has_a_power_of_two_lanes():
    with pytest.raises(ValueError, match="a power of two; got 12 lanes"):
        Block("float32", 12)
