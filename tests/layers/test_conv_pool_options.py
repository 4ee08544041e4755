"""Dilated and grouped filters, overlapping, padded and average pooling of a convolutional layer, against loops."""

import numpy as np
import pytest

import network3
from network3.layers import ConvPoolLayer, linear
from network3.layers.initializers import normalized

MAPS, ROWS, COLUMNS = 4, 9, 7
OPTIONS = {
    "average": {"pool": "average", "poolsize": (2, 3)},
    "overlapping": {"poolsize": (3, 2), "pool_stride": (1, 2)},
    "strides larger than windows": {"poolsize": 1, "pool_stride": (2, 3)},
    "padded maximum": {"poolsize": (3, 2), "pool_stride": 2, "pool_padding": (2, 1)},
    "padded average": {"pool": "average", "poolsize": (3, 2), "pool_padding": ((2, 0), (0, 1))},
    "padded norm": {"pool": "l2", "poolsize": (2, 4), "pool_padding": 1},
    "dilated": {"dilation": (2, 3)},
    "dilated and strided": {"dilation": 2, "stride": (1, 2), "poolsize": (2, 1)},
    "groups": {"groups": 2},
    "a group for each map": {"groups": 4, "pool": "average"},
    "padding per side": {"padding": ((2, 0), (0, 1)), "poolsize": (3, 2)},
    "all at once": {"groups": 2, "dilation": (2, 1), "padding": ((1, 2), (1, 0)), "stride": (1, 2), "pool_stride": 1},
}
REDUCED = {"max": np.max, "average": np.mean, "l2": lambda window: np.sqrt((window**2).sum())}


def make(groups=1, **options):
    rng = np.random.default_rng(2)
    shapes = {"filter_shape": (8, MAPS // groups, 3, 2), "image_shape": (MAPS, ROWS, COLUMNS)}
    if groups > 1:
        options["groups"] = groups
    return ConvPoolLayer(**{"activation_fn": linear, **shapes, **options}, initializer=normalized, rng=rng)


def per_side(padding):
    """Return padding as ((top, bottom), (left, right))."""
    rows, columns = (padding, padding) if isinstance(padding, int) else padding
    return tuple((side, side) if isinstance(side, int) else side for side in (rows, columns))


def convolved(x, w, stride, dilation, groups):
    """Convolve one image whose border is there already, output by output."""
    filters, seen, rows, columns = w.shape
    reach = [(n - 1) * step + 1 for n, step in zip((rows, columns), dilation, strict=True)]
    height, width = ((n - r) // s + 1 for n, r, s in zip(x.shape[1:], reach, stride, strict=True))
    out = np.zeros((filters, height, width))
    for o, i, j in np.ndindex(*out.shape):
        for c, k, m in np.ndindex(seen, rows, columns):
            pixel = stride[0] * i + dilation[0] * (rows - 1 - k), stride[1] * j + dilation[1] * (columns - 1 - m)
            out[o, i, j] += w[o, c, k, m] * x[(o // (filters // groups)) * seen + c][pixel]
    return out


def pooled(maps, pool, size, stride, padding):
    maps = np.pad(maps, ((0, 0), *padding), constant_values=-np.inf if pool == "max" else 0)
    height, width = ((n - k) // s + 1 for n, k, s in zip(maps.shape[1:], size, stride, strict=True))
    out = np.empty((len(maps), height, width))
    for o, i, j in np.ndindex(*out.shape):
        top, left = i * stride[0], j * stride[1]
        out[o, i, j] = REDUCED[pool](maps[o, top : top + size[0], left : left + size[1]])
    return out


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_output_agrees_with_loops(connect, compute, options, dtype):
    network3.use(floatX=dtype)
    layer = make(**options)
    images = np.random.default_rng(3).normal(size=(2, MAPS, ROWS, COLUMNS))
    w, b = (param.get_value().astype("float64") for param in layer.params)
    borders = per_side(options.get("padding", 0)), per_side(options.get("pool_padding", 0))
    expected = []
    for image in images:
        maps = convolved(np.pad(image, ((0, 0), *borders[0])), w, layer.stride, layer.dilation, layer.groups)
        expected.append(pooled(maps, layer.pool, layer.poolsize, layer.pool_stride, borders[1]) + b[:, None, None])
    x = connect(layer)
    found = compute(layer.output, {x: images.reshape(2, -1).astype(dtype)})
    assert found.shape == (2, *layer.output_shape((2, MAPS, ROWS, COLUMNS))[1:])
    np.testing.assert_allclose(found, expected, rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-5)


BAD = {
    "groups that leave maps": ({"groups": 3, "filter_shape": (9, 1, 3, 2)}, r"groups: must divide the 4 maps .*=3"),
    "groups that leave filters": ({"groups": 4, "filter_shape": (6, 1, 3, 2)}, r"must divide the 6 filters; got .*=4"),
    "maps of all groups": (
        {"groups": 2, "filter_shape": (8, 4, 3, 2)},
        r"filter_shape must have 2 as its second entry, the 4 maps of the image divided by groups=2; got 4",
    ),
    "no groups": ({"groups": 0, "filter_shape": (8, 4, 3, 2)}, r"groups: expected a whole number, 1 or more; got 0"),
    "dilation of 0": ({"dilation": 0}, r"dilation: expected 2 whole numbers, each 1 or more; got \(0, 0\)"),
    "a dilated filter that does not fit": (
        {"dilation": (1, 7)},
        r"fit into its image of \(9, 7\) pixels; got filters of \(3, 2\) that reach over \(3, 8\), with dilation",
    ),
    "padding of a whole window": ({"pool_padding": 2}, r"pool_padding: .*must be smaller .*\(2, 2\).*; got 2"),
    "negative padding": ({"pool_padding": (0, -1)}, r"pool_padding: .*got \(-1, -1\)"),
    "pool_stride of 0": ({"pool_stride": (1, 0)}, r"pool_stride: .*; got \(1, 0\)"),
    "an unknown pool": ({"pool": "mean"}, r"pool: expected one of max, l2, average; got 'mean'"),
    "batch_norm as text": ({"batch_norm": "yes"}, r"batch_norm: expected True or False; got 'yes'"),
}


@pytest.mark.parametrize("case", BAD)
def test_wrong_options_are_refused_in_four_parts(case):
    options, message = BAD[case]
    shapes = {"filter_shape": (8, MAPS, 3, 2), "image_shape": (MAPS, ROWS, COLUMNS)}
    with pytest.raises((TypeError, ValueError), match=rf"^ConvPoolLayer.*{message}.*\. [A-Z].*\.$"):
        ConvPoolLayer(**{**shapes, **options})


def test_options_are_shown_where_they_are_used():
    """Files of networks without them are as before."""
    names = {"pool_stride", "pool_padding", "dilation", "groups", "batch_norm"}
    assert not names & make().config().keys()
    assert not names & make(pool_stride=2, pool_padding=0, dilation=1, groups=1, batch_norm=False).config().keys()
    shown = make(2, pool_stride=1, pool_padding=(1, 0), dilation=2, batch_norm=True).config()
    assert {name: shown[name] for name in names} == {
        "pool_stride": (1, 1),
        "pool_padding": (1, 0),
        "dilation": (2, 2),
        "groups": 2,
        "batch_norm": True,
    }
