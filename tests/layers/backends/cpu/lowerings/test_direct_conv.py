"""Convolutions at stride 1, and gradients to images, are direct sums where the sizes allow it."""

import pytensor.tensor as pt
import pytest

from network3.layers.ops import conv2d, conv2d_transpose
from tests.layers.backends.cpu.graphs import check, tensor

from .test_winograd import kernels

# maps, height, width, filters, (rows, columns), keywords of conv2d; whether it is direct forward, and to images
CASES = {
    "5 x 5": (16, 6, 7, 17, (5, 5), {"padding": "half"}, True, True),
    "5 x 5, correlated": (16, 6, 7, 17, (5, 5), {"padding": 1, "flip": False}, True, True),
    "1 x 1": (18, 4, 6, 16, (1, 1), {}, True, True),
    "striding": (16, 8, 9, 20, (3, 3), {"padding": "half", "stride": 2}, False, True),
    "1 x 1, striding": (16, 7, 5, 33, (1, 1), {"stride": (2, 3)}, False, True),
    "sides that differ": (16, 7, 5, 16, (2, 3), {"padding": ((1, 0), (0, 2)), "stride": 2}, False, True),
    "few maps": (1, 8, 7, 16, (5, 5), {"padding": "half"}, False, False),
    "groups": (32, 5, 4, 32, (3, 3), {"groups": 2}, False, False),
    "dilation": (16, 6, 7, 16, (3, 3), {"dilation": 2}, False, False),
}


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 5e-5), ("float64", 1e-12)])
@pytest.mark.parametrize("case", CASES)
def test_results_and_gradients(case, dtype, tolerance):
    maps, height, width, filters, taps, keywords, forward, to_images = CASES[case]
    x = tensor("x", 2, maps, height, width, dtype=dtype)
    w = tensor("w", filters, maps // keywords.get("groups", 1), *taps, dtype=dtype)
    y = conv2d(x, w, **keywords)
    g = tensor("g", *y.type.shape, dtype=dtype)
    dx = pt.grad((y * g).sum(), x)
    for output, direct in ((y, forward), (dx, to_images)):
        function = check([x, w, g], [output], tolerance=tolerance)
        assert ("direct_conv_to_images" in kernels(function)) is direct


def test_transposed_convolution():
    x, w = tensor("x", 2, 17, 4, 5), tensor("w", 17, 16, 4, 4)
    y = conv2d_transpose(x, w, stride=2, padding=1)
    assert "direct_conv_to_images" in kernels(check([x, w], [y], tolerance=5e-5))
