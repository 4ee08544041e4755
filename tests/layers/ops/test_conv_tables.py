"""Convolutions at the sizes and settings that the test suites of Theano and Lasagne cover, against NumPy and SciPy.

The sizes are Theano's and Lasagne's, the values and the reference are not: loops over positions in float64, and
`scipy.signal.correlate` of single maps. Each Op's reference implementation is called directly; the back ends agree with
it by the tests in ``tests/layers/backends``.
"""

import itertools

import numpy as np
import pytest
from scipy.signal import correlate

from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from tests.layers.backends.single_ops import numpy_result

from .conv_reference import Reference, close, zeros_around

# Theano: tests/test_abstract_conv.py
IMAGES_AND_FILTERS = [
    ((8, 1, 6, 6), (5, 1, 2, 2)),
    ((8, 1, 8, 8), (4, 1, 3, 3)),
    ((2, 1, 7, 7), (2, 1, 3, 3)),
    ((6, 1, 10, 11), (1, 1, 2, 3)),
    ((2, 1, 6, 5), (4, 1, 1, 3)),
    ((1, 5, 9, 9), (4, 5, 3, 2)),
]
EMPTY = [((0, 1, 6, 6), (1, 1, 2, 2)), ((1, 0, 6, 6), (1, 0, 2, 2)), ((1, 1, 6, 6), (0, 1, 2, 2))]
STRIDES = [(1, 1), (2, 2), (2, 4)]
PADDINGS = ["valid", "half", "full", (0, 0), (1, 1), (5, 5), (5, 2), "same"]
DILATIONS = [(1, 1), (1, 2), (2, 1), (3, 2)]
GROUPED = [
    ((5, 6, 5, 5), (3, 2, 3, 3), 3),
    ((4, 4, 7, 5), (2, 2, 3, 5), 2),
    ((3, 8, 5, 3), (4, 2, 3, 3), 4),
    ((2, 4, 7, 7), (4, 1, 3, 5), 4),
    ((2, 3, 5, 7), (12, 1, 2, 3), 3),  # several filters for each map
]
ONE_SIDED = [
    ((2, 2, 4, 4), (4, 2, 2, 2), ((1, 2), (2, 1))),
    ((3, 2, 4, 2), (2, 2, 4, 2), ((1, 1), (0, 3))),
    ((3, 3, 5, 3), (2, 3, 3, 3), ((2, 1), (0, 0))),
    ((3, 3, 5, 4), (2, 3, 2, 3), ((0, 2), (3, 0))),
]


def agree(x_shape, w_shape, dtype="float64", tolerance=1e-12, **settings):
    """Check an Op and its gradients against the reference implementation; return images, filters and output."""
    rng = np.random.default_rng(sum(x_shape) + sum(w_shape))
    x, w = rng.normal(size=x_shape).astype(dtype), rng.normal(size=w_shape).astype(dtype)
    reference = Reference(x, w, **settings)
    y = numpy_result(Conv2D(**settings), x, w)
    close(y, reference.y, tolerance)
    g = rng.normal(size=y.shape).astype(dtype)
    dx, dw = reference.gradients(g)
    close(numpy_result(Conv2DGradInput(**settings), w, g, x), dx, tolerance)
    close(numpy_result(Conv2DGradWeight(**settings), x, g, w), dw, tolerance)
    return x, w, y


@pytest.mark.parametrize(("x_shape", "w_shape"), IMAGES_AND_FILTERS)
@pytest.mark.parametrize("padding", PADDINGS)
def test_theanos_sizes(x_shape, w_shape, padding):
    for stride, dilation, flip in itertools.product(STRIDES, DILATIONS, [True, False]):
        agree(x_shape, w_shape, padding=padding, stride=stride, dilation=dilation, flip=flip)


@pytest.mark.parametrize(("x_shape", "w_shape"), EMPTY)
@pytest.mark.parametrize("padding", PADDINGS)
def test_no_images_maps_or_filters(x_shape, w_shape, padding):
    _, _, y = agree(x_shape, w_shape, padding=padding)
    assert not y.any()


@pytest.mark.parametrize(("x_shape", "w_shape", "groups"), GROUPED)
@pytest.mark.parametrize("padding", ["valid", "full", "half", (1, 0), "same"])
def test_groups(x_shape, w_shape, groups, padding):
    if padding in ("valid", (1, 0)) and w_shape[3] > x_shape[3]:
        padding = (0, 2)
    for stride, flip in itertools.product([(1, 1), (2, 1), (2, 2)], [True, False]):
        agree(x_shape, w_shape, padding=padding, stride=stride, flip=flip, groups=groups)


@pytest.mark.parametrize(("x_shape", "w_shape", "groups"), GROUPED)
def test_a_group_is_a_convolution_of_its_maps(x_shape, w_shape, groups):
    x, w, y = agree(x_shape, w_shape, groups=groups, padding="half")
    maps, filters = w_shape[1], w_shape[0] // groups
    for group in range(groups):
        of_maps, of_filters = slice(group * maps, (group + 1) * maps), slice(group * filters, (group + 1) * filters)
        alone = numpy_result(Conv2D(padding="half"), x[:, of_maps], w[of_filters])
        np.testing.assert_allclose(y[:, of_filters], alone, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(("x_shape", "w_shape", "padding"), ONE_SIDED)
def test_sides_of_the_border_that_differ(x_shape, w_shape, padding):
    for stride, flip in itertools.product([(1, 1), (2, 1), (3, 2)], [True, False]):
        x, w, y = agree(x_shape, w_shape, padding=padding, stride=stride, flip=flip)
        bordered = np.pad(x, ((0, 0), (0, 0), *padding))
        np.testing.assert_array_equal(y, numpy_result(Conv2D(stride, "valid", flip), bordered, w))


# Lasagne: tests/layers/test_conv.py. Its "same" is Theano's "half" of odd filters.
@pytest.mark.parametrize("padding", [0, 1, 2, "full", "half", "same"])
@pytest.mark.parametrize(("k", "stride"), [(1, 1), (3, 1), (3, 2), (3, 3)])
def test_lasagnes_sizes(padding, k, stride):
    x, w, y = agree((3, 1, 16, 23), (16, 1, k, k), padding=padding, stride=stride)
    if padding != "same":
        everywhere = numpy_result(Conv2D(1, padding), x, w)
        np.testing.assert_allclose(y, everywhere[:, :, ::stride, ::stride], rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("dilation", [1, 2, 3, (3, 2)])
@pytest.mark.parametrize("k", [1, 3])
def test_a_dilated_filter_is_one_with_zeros_between_its_taps(k, dilation):
    x, w, y = agree((3, 1, 11, 16), (16, 1, k, k), dilation=dilation, flip=False)
    down, right = Conv2D(dilation=dilation).dilation
    spread = np.zeros((16, 1, (k - 1) * down + 1, (k - 1) * right + 1))
    spread[:, :, ::down, ::right] = w
    np.testing.assert_allclose(y, numpy_result(Conv2D(flip=False), x, spread), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("padding", ["valid", "half", "full", "same", ((1, 3), (0, 2))])
@pytest.mark.parametrize("stride", [(1, 1), (2, 3)])
def test_each_map_agrees_with_scipys_correlation(padding, stride):
    dilation, groups, flip = (2, 1), 2, False
    settings = {"padding": padding, "stride": stride, "dilation": dilation, "groups": groups, "flip": flip}
    x, w, y = agree((2, 4, 12, 9), (6, 2, 3, 4), **settings)
    bordered = np.pad(x, ((0, 0), (0, 0), *zeros_around(x.shape[2:], w.shape[2:], padding, stride, dilation)))
    spread = np.zeros((6, 2, 5, 4))
    spread[:, :, ::2] = w
    for n, o in itertools.product(range(2), range(6)):
        first = 2 * (o // 3)  # of the maps of the filter's group
        found = sum(correlate(bordered[n, first + c], spread[o, c], "valid") for c in range(2))
        np.testing.assert_allclose(y[n, o], found[:: stride[0], :: stride[1]], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(("x_shape", "w_shape"), IMAGES_AND_FILTERS)
def test_float32(x_shape, w_shape):
    settings = {"padding": "same", "stride": (2, 1), "dilation": (1, 2)}
    _, _, y = agree(x_shape, w_shape, "float32", 3e-6, **settings)
    assert y.dtype == "float32"
