"""Draws for the kernels of convolutions and pooling; see `kernel_draws`."""

import numpy as np

from network3.layers.backends.cpu.kernels.geometry import Geometry
from tests.layers.backends.cpu.kernels import (
    convolutions,
    pooled_convolutions,
    test_direct_conv_to_filters,
    test_direct_conv_to_images,
    test_pool2d,
    test_pool2d_windows,
    test_winners_to_filters,
    test_winograd,
    test_winograd_to_filters,
)
from tests.tools.kernel_draw_sizes import CLOSE, float_type, small_integers, some_length
from tests.tools.kernel_runs import Runner


def draw_pooled_convolutions(rng: np.random.Generator, run: Runner) -> None:
    """Draw a convolution with max-pooling, and both gradients."""
    maps, filters = some_length(rng, 24), some_length(rng, 24)
    (kh, kw), pad, size = rng.integers(1, 5, 2), rng.integers(0, 3, 2), rng.integers(1, 4, 2)
    stride = rng.integers(1, 3, 2) if rng.random() < 0.3 else (1, 1)
    least = [k + s * (p - 1) - 2 * b for k, s, p, b in zip((kh, kw), stride, size, pad, strict=True)]
    height, width = (max(1, int(n)) + some_length(rng, 12) - 1 for n in least)
    pairs = [(int(a), int(b)) for a, b in (stride, pad, size)]
    flip = bool(rng.random() < 0.5)
    g = Geometry(maps, height, width, filters, int(kh), int(kw), pairs[0], pairs[1], pairs[2], flip, float_type(rng))
    images = int(rng.integers(1, 4))
    x, w = (
        small_integers(rng, (images, maps, height, width), g.dtype),
        small_integers(rng, (filters, maps, kh, kw), g.dtype),
    )
    _, bits = pooled_convolutions.pooled(g, x, w, run)
    gradient = small_integers(rng, (images, filters, *g.pooled), g.dtype)
    pooled_convolutions.to_weight(g, x, bits, gradient, run)
    pooled_convolutions.to_input(g, w, bits, gradient, run)


def draw_convolutions(rng: np.random.Generator, run: Runner) -> None:
    """Draw a convolution, or one of its gradients."""
    s, dtype = convolutions.random_sizes(rng, int(rng.choice([5, 12, 40]))), float_type(rng)
    x, w, gradient = (small_integers(rng, shape, dtype) for shape in s.shapes)
    choice = rng.integers(3)
    if choice == 0:
        convolutions.convolved(s, x, w, run)
    elif choice == 1:
        convolutions.to_filters(s, x, gradient, run)
    else:
        convolutions.to_images(s, w, gradient, run)


def draw_winograd(rng: np.random.Generator, run: Runner) -> None:
    """Draw a convolution by Winograd's method, before or after pooling."""
    dtype, kinds = float_type(rng), test_winograd.KINDS[rng.integers(3)]
    s = test_winograd.random_sizes(rng, dtype, int(rng.choice([5, 40])))
    run.tolerance = CLOSE[dtype] * 10
    x, won, w = test_winograd.drawn(s, dtype, kinds[0], int(rng.integers(99)))
    test_winograd.convolved(s, x, won, w, kinds, run)


def draw_winograd_to_filters(rng: np.random.Generator, run: Runner) -> None:
    """Draw the gradient of a convolution to its filters by Winograd's method."""
    dtype = float_type(rng)
    s = test_winograd_to_filters.random_sizes(rng, dtype, int(rng.choice([5, 40])))
    run.tolerance = CLOSE[dtype] * 10
    x, g = test_winograd_to_filters.drawn(s, dtype)
    test_winograd_to_filters.to_filters(s, x, g, run)


def draw_winners_to_filters(rng: np.random.Generator, run: Runner) -> None:
    """Draw the gradient of a pooled convolution to its filters, one maximum at a time."""
    dtype = float_type(rng)
    s = test_winners_to_filters.random_sizes(rng, dtype, int(rng.choice([5, 40])))
    run.tolerance = CLOSE[dtype] * 10
    x, g, won = test_winners_to_filters.drawn(s, dtype, int(rng.integers(99)))
    test_winners_to_filters.to_filters(s, x, g, won, run)


def draw_direct_convolutions_to_filters(rng: np.random.Generator, run: Runner) -> None:
    """Draw the gradient of a convolution to its filters without packed patches."""
    dtype = float_type(rng)
    s = test_direct_conv_to_filters.random_sizes(rng, dtype, int(rng.choice([5, 20])))
    of_images, _, of_output = s.shapes
    test_direct_conv_to_filters.to_filters(
        s, small_integers(rng, of_images, dtype), small_integers(rng, of_output, dtype), run
    )


def draw_direct_convolutions_to_images(rng: np.random.Generator, run: Runner) -> None:
    """Draw the direct gradient of a convolution to its images."""
    dtype = float_type(rng)
    s = test_direct_conv_to_images.random_sizes(rng, dtype, int(rng.choice([5, 30])))
    _, shape, of_output = s.shapes
    test_direct_conv_to_images.to_images(
        s, small_integers(rng, shape, dtype), small_integers(rng, of_output, dtype), run
    )


def draw_pools(rng: np.random.Generator, run: Runner) -> None:
    """Draw a pooling, and its gradient."""
    size, dtype = tuple(int(n) for n in rng.integers(1, 5, 2)), float_type(rng)
    shape = (
        int(rng.integers(1, 3)),
        some_length(rng, 4),
        size[0] + some_length(rng, 12) - 1,
        size[1] + some_length(rng, 40) - 1,
    )
    x, mode = small_integers(rng, shape, dtype), str(rng.choice(["max", "l2", "sum"]))
    y = test_pool2d.pooled(x, size, mode, run)
    gradient = small_integers(rng, y.shape, dtype)
    if mode == "max":
        test_pool2d.gradient(x, y, gradient, size, run)
    else:
        unpool2d = test_pool2d.unpool2d(dtype, size)
        run(unpool2d, [gradient, np.zeros(shape, dtype), *shape[2:]], shape[0] * shape[1])


def draw_windows(rng: np.random.Generator, run: Runner) -> None:
    """Draw a pooling over windows of any stride and padding, and its gradients."""
    dtype = float_type(rng)
    size, stride = ([int(n) for n in rng.integers(1, 5, 2)] for _ in range(2))
    padding = [[int(n) for n in rng.integers(0, k, 2)] for k in size]
    settings = {"size": size, "stride": stride, "padding": padding, "ceil": bool(rng.random() < 0.5)}
    shape = (
        int(rng.integers(1, 3)),
        some_length(rng, 3),
        size[0] + some_length(rng, 12) - 1,
        size[1] + some_length(rng, 40) - 1,
    )
    x, values = small_integers(rng, shape, dtype), small_integers(rng, shape, dtype)
    y = test_pool2d_windows.pooled(x, str(rng.choice(["max", "l2", "sum"])), settings, run)
    gradient = small_integers(rng, y.shape, dtype)
    test_pool2d_windows.gradient(x, y, gradient, settings, run)
    test_pool2d_windows.at_maxima(x, y, values, settings, run)
    test_pool2d_windows.spread(gradient, shape, settings, run)
