"""Filters of 3 x 3 or 5 x 5 with several maps use Winograd's convolution, and agree with the Ops' `perform`."""

import pytensor.tensor as pt
import pytest

from network3.layers.backends.cpu.processor import lanes_of
from network3.layers.ops import conv2d, pool2d
from tests.layers.backends.cpu.graphs import check, plan_of, tensor

# images, maps, height, width, filters, padding, pooling, flip, and the rows of the filters unless 3
CASES: dict[str, tuple] = {
    "half": (3, 16, 8, 8, 17, "half", 1, True),
    "half, pooled": (3, 20, 9, 7, 16, "half", 2, True),
    "valid, pooled": (2, 33, 10, 11, 24, 0, 2, False),
    "rows and columns differ": (2, 16, 5, 6, 16, (2, 1), 1, False),
    "full, pooled": (2, 16, 33, 9, 32, "full", 2, True),
    "one pixel": (1, 16, 1, 1, 16, 1, 1, True),
    "wide": (2, 18, 6, 40, 16, (0, 2), 2, True),
    "5 x 5": (2, 20, 9, 12, 21, 0, 1, True, 5),
    "5 x 5, half": (3, 23, 8, 7, 20, "half", 1, False, 5),
    "5 x 5, full": (2, 16, 4, 9, 33, "full", 1, True, 5),
}


def graph(images, maps, height, width, filters, padding, size, flip, taps=3, dtype="float32", stride=1):
    """Return the inputs, the convolved and pooled images, and the gradients to the images and filters."""
    x, w = tensor("x", images, maps, height, width, dtype=dtype), tensor("w", filters, maps, taps, taps, dtype=dtype)
    y = conv2d(x, w, flip=flip, padding=padding, stride=stride)
    if size > 1:
        y = pool2d(y, (size, size))
    g = tensor("g", *y.type.shape, dtype=dtype)
    return [x, w, g], y, *pt.grad((y * g).sum(), [x, w])


def kernels(function):
    """Return the names of the kernels of a compiled function."""
    return {command.kernel.name for command in plan_of(function).plan.commands}


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-4), ("float64", 1e-12)])
@pytest.mark.parametrize("case", CASES)
def test_results_and_gradients(case, dtype, tolerance):
    inputs, y, dx, dw = graph(*CASES[case], dtype=dtype)
    assert lanes_of(dtype) <= 16
    assert "winograd" in kernels(check(inputs, [y], tolerance=tolerance))
    found = kernels(check(inputs, [y, dx, dw], tolerance=tolerance))
    assert {"winograd", "winners_to_filters" if CASES[case][6] > 1 else "winograd_to_filters"} <= found


@pytest.mark.parametrize(
    "case",
    [
        {"taps": 7, "padding": 3},
        {"taps": 5, "size": 2},
        {"taps": 5, "maps": 16, "filters": 16},
        {"stride": 2},
        {"maps": 1},
        {"filters": 1},
        {"padding": 3},
        {"size": 3},
    ],
)
def test_other_sizes_use_other_kernels(case):
    sizes = dict(
        zip(("images", "maps", "height", "width", "filters", "padding", "size", "flip"), CASES["half"], strict=True)
    )
    inputs, *outputs = graph(**{**sizes, **case})
    found = kernels(check(inputs, outputs, tolerance=1e-4))
    assert not {"winograd", "winograd_to_filters", "winners_to_filters"} & found
