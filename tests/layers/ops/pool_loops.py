"""Pooling by loops over windows, in float64, and random cases of it."""

import numpy as np

MODES = ("max", "l2", "sum", "average", "average_exclude_padding")
LIMITS = {"float32": 1e-5, "float64": 1e-10}  # relative to the largest value


def sides(padding):
    """Return padding per side, ((top, bottom), (left, right))."""
    rows, columns = (padding, padding) if isinstance(padding, int) else padding
    return tuple((p, p) if isinstance(p, int) else p for p in (rows, columns))


def starts(length, size, stride, before, after, ceil):
    """Return where windows begin, by laying one after the other.

    Without `ceil`, while they fit; with it, while the window before left something uncovered and a pixel remains.
    """
    found = [-before]
    while True:
        start = found[-1] + stride
        if (found[-1] + size >= length + after or start >= length) if ceil else start + size > length + after:
            return found
        found.append(start)


def windows(shape, size, stride=None, padding=0, ceil=False):
    """Return, per window, (row, column, slice of pixel rows, slice of pixel columns, positions with padding)."""
    size, stride = ((a, a) if isinstance(a, int) else a for a in (size, size if stride is None else stride))
    along = []
    for length, k, step, (before, after) in zip(shape[2:], size, stride, sides(padding), strict=True):
        along.append(
            [
                (slice(max(s, 0), min(s + k, length)), min(s + k, length + after) - s)
                for s in starts(length, k, step, before, after, ceil)
            ]
        )
    rows, columns = along
    every = [(i, j, r, c, a * b) for i, (r, a) in enumerate(rows) for j, (c, b) in enumerate(columns)]
    return every, (*shape[:2], len(rows), len(columns))


def pooled(x, mode, **settings):
    """Return the pooled maps."""
    every, shape = windows(x.shape, **settings)
    y = np.empty(shape)
    for i, j, rows, columns, positions in every:
        block = x[:, :, rows, columns].astype("float64")
        if mode == "max":
            y[:, :, i, j] = block.max((2, 3))
        elif mode == "l2":
            y[:, :, i, j] = np.sqrt((block * block).sum((2, 3)))
        else:
            count = {"sum": 1, "average": positions}.get(mode, block.shape[2] * block.shape[3])
            y[:, :, i, j] = block.sum((2, 3)) / count
    return y


def gradient(x, g, mode, **settings):
    """Return the gradient with respect to `x`; all maxima of a window receive its gradient."""
    every, _ = windows(x.shape, **settings)
    dx = np.zeros(x.shape)
    for i, j, rows, columns, positions in every:
        block, received = x[:, :, rows, columns].astype("float64"), g[:, :, i, j].astype("float64")[:, :, None, None]
        if mode == "max":
            share = block == block.max((2, 3), keepdims=True)
        elif mode == "l2":
            norm = np.sqrt((block * block).sum((2, 3), keepdims=True))
            share = block / np.where(norm == 0, 1, norm)
        else:
            share = 1 / {"sum": 1, "average": positions}.get(mode, block.shape[2] * block.shape[3])
        dx[:, :, rows, columns] += share * received
    return dx


def assert_close(found, expected, dtype):
    """Compare type, shape and values."""
    assert (found.dtype, found.shape) == (np.dtype(dtype), expected.shape)
    scale = LIMITS[dtype] * max(1e-3, np.abs(expected).max(initial=0))
    np.testing.assert_allclose(found, expected, rtol=LIMITS[dtype], atol=scale)


def random_case(seed):
    """Return (mode, settings, x, g): images whose values are often equal, and the gradient of the output."""
    rng = np.random.default_rng([18, seed])
    dtype, mode = str(rng.choice(["float32", "float64"])), MODES[seed % len(MODES)]
    size = tuple(int(n) for n in rng.integers(1, 6, 2))
    stride = None if rng.random() < 0.2 else tuple(int(n) for n in rng.integers(1, 6, 2))
    padding = tuple(tuple(int(n) for n in rng.integers(0, k, 2)) for k in size) if rng.random() < 0.7 else 0
    ceil = bool(rng.random() < 0.5)
    least = [max(1, 0 if ceil else k - sum(p)) for k, p in zip(size, sides(padding), strict=True)]
    image = [low + int(n) for low, n in zip(least, rng.integers(0, 12, 2), strict=True)]
    shape = (int(rng.integers(1, 4)), int(rng.integers(1, 4)), *image)
    x = rng.integers(-3, 4, shape) if rng.random() < 0.5 else rng.normal(size=shape)
    settings = {"size": size, "stride": stride, "padding": padding, "ceil": ceil}
    g = rng.normal(size=windows(shape, **settings)[1])
    return mode, settings, x.astype(dtype), g.astype(dtype)
