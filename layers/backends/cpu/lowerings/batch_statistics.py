"""Lowerings of the sums of batch normalization."""

import math

from pytensor.graph.basic import Apply

from network3.layers.backends.cpu.kernels.batch_statistics import (
    join_gradient_sums,
    join_moments,
    map_gradient_sums,
    map_moments,
)
from network3.layers.backends.cpu.kernels.reductions import PART, lanes_for
from network3.layers.backends.cpu.ops import BatchGradientSums, BatchMoments
from network3.layers.backends.cpu.plan import View

from .elementwise import contiguous
from .registry import Lowering, lowers


@lowers(BatchMoments)
def lower_moments(low: Lowering, node: Apply, x: View) -> list[View]:
    """Compute the mean and the variance of each map."""
    x, (images, maps, area) = contiguous(low, x), _sizes(x)
    found = low.new("float64", (images, 2, maps))
    mean, variance = (low.new(x.dtype, (maps,)) for _ in range(2))
    per, parts = _parts(x)
    low.run(map_moments(x.dtype, lanes_for(area)), [x, found, images, maps, area, per], parts)
    low.run(join_moments(x.dtype), [found, mean, variance, images, maps, area])
    return [mean, variance]


@lowers(BatchGradientSums)
def lower_gradient_sums(low: Lowering, node: Apply, x: View, g: View, mean: View) -> list[View]:
    """Sum the gradients of each map, and their products with the deviations."""
    images, maps, area = _sizes(x)
    found = low.new("float64", (images, 2, maps))
    total, product = (low.new(x.dtype, (maps,)) for _ in range(2))
    arrays, (per, parts) = [contiguous(low, array) for array in (x, g, mean)], _parts(x)
    low.run(map_gradient_sums(x.dtype, lanes_for(area)), [*arrays, found, images, maps, area, per], parts)
    low.run(join_gradient_sums(x.dtype), [found, total, product, images, maps])
    return [total, product]


def _sizes(x: View) -> tuple[int, int, int]:
    return x.shape[0], x.shape[1], math.prod(x.shape[2:])


def _parts(x: View) -> tuple[int, int]:
    """Return the number of images per part, and the number of parts."""
    images, maps, area = _sizes(x)
    per = max(1, PART // (maps * area))
    return per, -(-images // per)
