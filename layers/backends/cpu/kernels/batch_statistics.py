"""The sums of batch normalization over the values of each map, in one pass over the images.

Images are (images, maps, area). The sums of a map of an image are computed while it is in the L1 cache, and then added
for all images. They are accumulated in float64, in an order that depends on the sizes only.
"""

from collections.abc import Callable

import numpy as np

from network3.layers.backends.cpu.compiler import Array, Int, kernel

from .deviations import DeviationSum
from .wide_sum import WideSum


@kernel
def map_moments(dtype: str, lanes: int) -> Callable[..., None]:
    """Compute the mean of each map of some images, and the sum of the squared deviations from it.

    x : (images, maps, area); found (float64) : (images, 2, maps). Parts: `per` images. `lanes` is from
    `reductions.lanes_for`.
    """
    number, sums, squares = np.dtype(dtype).type, WideSum(dtype, "float64", lanes, False), DeviationSum(dtype, lanes)

    def map_moments(part, x: Array(dtype), found: Array("float64"), images: Int, maps: Int, area: Int, per: Int):
        vectorized = area // lanes * lanes
        for k in range(part * per, min(images, (part + 1) * per)):
            for c in range(maps):
                at = (k * maps + c) * area
                partial, remainder = sums.zero(), 0.0
                for i in range(at, at + vectorized, lanes):
                    sums.add(partial, x, i)
                for i in range(at + vectorized, at + area):
                    remainder += np.float64(x[i])
                mean = (sums.total(partial) + remainder) / np.float64(area)
                middle, spread, rest = number(mean), squares.zero(), 0.0
                for i in range(at, at + vectorized, lanes):
                    squares.add_squares(spread, x, i, middle)
                for i in range(at + vectorized, at + area):
                    deviation = np.float64(x[i] - middle)
                    rest += deviation * deviation
                # From the mean instead of its rounded value, the sum of squares is smaller.
                error = mean - np.float64(middle)
                found[2 * k * maps + c] = mean
                found[(2 * k + 1) * maps + c] = squares.total(spread) + rest - np.float64(area) * error * error

    return map_moments


@kernel
def join_moments(dtype: str) -> Callable[..., None]:
    """Compute the mean and the biased variance of each map over all images, from the results of `map_moments`.

    found : (images, 2, maps); mean, variance : (maps,). One part.
    """
    number = np.dtype(dtype).type

    def join_moments(
        part, found: Array("float64"), mean: Array(dtype), variance: Array(dtype), images: Int, maps: Int, area: Int
    ):
        count = np.float64(images)
        for c in range(maps):
            total, squares, between = 0.0, 0.0, 0.0
            for k in range(images):
                total += found[2 * k * maps + c]
                squares += found[(2 * k + 1) * maps + c]
            middle = total / count
            for k in range(images):
                deviation = found[2 * k * maps + c] - middle
                between += deviation * deviation
            mean[c] = number(middle)
            variance[c] = number((squares / np.float64(area) + between) / count)

    return join_moments


@kernel
def map_gradient_sums(dtype: str, lanes: int) -> Callable[..., None]:
    """Sum the gradients of each map of some images, and their products with the deviations of x from the mean.

    x, g : (images, maps, area); mean : (maps,); found (float64) : (images, 2, maps). Parts: `per` images.
    """
    sums, products = WideSum(dtype, "float64", lanes, False), DeviationSum(dtype, lanes)

    def map_gradient_sums(
        part, x: Array(dtype), g: Array(dtype), mean: Array(dtype), found: Array("float64"), images: Int, maps: Int,
        area: Int, per: Int,
    ):  # fmt: skip
        vectorized = area // lanes * lanes
        for k in range(part * per, min(images, (part + 1) * per)):
            for c in range(maps):
                at, middle = (k * maps + c) * area, mean[c]
                one, other, rest, other_rest = sums.zero(), products.zero(), 0.0, 0.0
                for i in range(at, at + vectorized, lanes):
                    sums.add(one, g, i)
                    products.add_products(other, x, i, middle, g, i)
                for i in range(at + vectorized, at + area):
                    rest += np.float64(g[i])
                    other_rest += np.float64(g[i]) * np.float64(x[i] - middle)
                found[2 * k * maps + c] = sums.total(one) + rest
                found[(2 * k + 1) * maps + c] = products.total(other) + other_rest

    return map_gradient_sums


@kernel
def join_gradient_sums(dtype: str) -> Callable[..., None]:
    """Add the results of `map_gradient_sums` for all images.

    found : (images, 2, maps); total, product : (maps,). One part.
    """
    number = np.dtype(dtype).type

    def join_gradient_sums(
        part, found: Array("float64"), total: Array(dtype), product: Array(dtype), images: Int, maps: Int
    ):
        for c in range(maps):
            one, other = 0.0, 0.0
            for k in range(images):
                one += found[2 * k * maps + c]
                other += found[(2 * k + 1) * maps + c]
            total[c] = number(one)
            product[c] = number(other)

    return join_gradient_sums
