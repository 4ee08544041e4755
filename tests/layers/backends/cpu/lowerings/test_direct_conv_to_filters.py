"""Which convolutions use the gradient to filters without packed patches, and that it agrees with the Ops' `perform`."""

import pytensor.tensor as pt
import pytest

from network3.layers.ops import conv2d
from tests.layers.backends.cpu.graphs import check, plan_of, tensor

KERNEL = "direct_conv_to_filters"


def gradient_kernels(x, w, dtype="float32", **options):
    """Compile and check the gradient to filters; return the names of its kernels."""
    x, w = tensor("x", *x, dtype=dtype), tensor("w", *w, dtype=dtype)
    y = conv2d(x, w, **options)
    g = tensor("g", *y.type.shape, dtype=dtype)
    tolerance = 1e-4 if dtype == "float32" else 1e-11
    function = check([x, w, g], [pt.grad((y * g).sum(), w)], tolerance=tolerance)
    return {command.kernel.name for command in plan_of(function).plan.commands}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("x", "w", "options"),
    [
        ((3, 2, 8, 9), (16, 2, 3, 3), {"padding": "half"}),
        ((3, 4, 9, 8), (32, 4, 3, 3), {"padding": 1, "stride": 2}),
        ((2, 5, 6, 7), (16, 5, 1, 1), {}),
        ((2, 5, 6, 7), (16, 5, 1, 1), {"stride": 2}),
        ((2, 3, 9, 8), (31, 3, 5, 5), {"padding": "half", "flip": False}),
        ((2, 3, 7, 8), (16, 3, 3, 3), {"padding": "same", "stride": (2, 3)}),
    ],
)
def test_it_is_used(x, w, options, dtype):
    assert KERNEL in gradient_kernels(x, w, dtype, **options)


@pytest.mark.parametrize(
    ("x", "w", "options"),
    [
        ((2, 3, 8, 9), (5, 3, 3, 3), {}),
        ((2, 3, 8, 9), (16, 3, 3, 3), {"dilation": 2}),
        ((2, 4, 8, 9), (32, 2, 3, 3), {"groups": 2}),
    ],
)
def test_it_is_not_used(x, w, options):
    assert KERNEL not in gradient_kernels(x, w, **options)
