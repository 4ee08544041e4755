"""Convolutions as matrix products, for several networks at once, and matrix products in parts.

Under ``jax.vmap`` over networks both images and filters have the networks' axis, which a convolution can only treat as
groups, one slow library call each; a matrix product has it as a batch, in one kernel.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

# Of products in parts: the fewest terms of a sum, and of a part of it; the most parts, and results.
FEWEST_TERMS, FEWEST_IN_PART, MOST_PARTS, MOST_RESULTS = 256, 32, 16, 2**14


def convolution_as_product(x: Array, w: Array, parameters: dict[str, Any]) -> Array:
    r"""Return ``conv_general_dilated(x, w, **parameters)``.

    .. math:: y_{nop} = \sum_{ct} x_{n,c,\,s p + d t}\, w_{oct}

    The values of `x` are collected for all places p and taps t by slices: one for each tap, or, where there are fewer
    places, as in the gradient to the filters, one for each place.

    Parameters
    ----------
    x, w : array
        Images and filters, with their axes in the order of ``parameters["dimension_numbers"]``; no groups.
    parameters : dict
        Of the operation ``conv_general_dilated``.
    """
    numbers = parameters["dimension_numbers"]
    x, w = x.transpose(numbers.lhs_spec), w.transpose(numbers.rhs_spec)  # (n, c, *image), (o, c, *taps)
    before = zip(parameters["padding"], parameters["lhs_dilation"], strict=True)
    zero = jnp.zeros((), x.dtype)
    x = lax.pad(x, zero, [(0, 0, 0)] * 2 + [(low, high, dilation - 1) for (low, high), dilation in before])
    strides, dilations = parameters["window_strides"], parameters["rhs_dilation"]
    taps = w.shape[2:]
    extents = [dilation * (count - 1) + 1 for dilation, count in zip(dilations, taps, strict=True)]
    places = [
        (length - extent) // stride + 1 for length, extent, stride in zip(x.shape[2:], extents, strides, strict=True)
    ]
    if math.prod(taps) <= math.prod(places):
        patches, axis = _slices(x, taps, dilations, places, strides), 3  # (n, c, p, t)
    else:
        patches, axis = _slices(x, places, strides, taps, dilations), 2  # (n, c, t, p)
    flat = w.reshape(*w.shape[:2], -1)
    y = lax.dot_general(patches, flat, (((1, axis), (1, 2)), ((), ())), precision=parameters["precision"])  # (n, p, o)
    y = y.reshape(y.shape[0], *places, y.shape[-1])
    y = jnp.moveaxis(y, -1, 1)
    return jnp.transpose(y, _inverse(numbers.out_spec))


def split_product(x: Array, w: Array, precision: Any) -> Array:
    r"""Return ``x @ w``, as a sum of products in parts of equal size where a few long sums would leave a GPU idle.

    .. math:: y_{ij} = \sum_p \sum_t x_{i,pt}\, w_{pt,j}

    XLA splits such products itself, but into parts of a length to which it first extends `x` and `w` with zeros, in
    kernels of their own.

    Parameters
    ----------
    x, w : array
        Matrices.
    precision
        Of the operation ``dot_general``.
    """
    terms, parts = x.shape[1], 1
    if terms >= FEWEST_TERMS and x.shape[0] * w.shape[1] <= MOST_RESULTS:
        most = min(MOST_PARTS, terms // FEWEST_IN_PART)
        parts = max(count for count in range(1, most + 1) if terms % count == 0)
    if parts == 1:
        return lax.dot_general(x, w, (((1,), (0,)), ((), ())), precision=precision)
    x, w = x.reshape(len(x), parts, -1), w.reshape(parts, -1, w.shape[1])
    return lax.dot_general(x, w, (((2,), (1,)), ((1,), (0,))), precision=precision).sum(0)


def _slices(
    x: Array, outer: Sequence[int], outer_steps: Sequence[int], inner: Sequence[int], inner_steps: Sequence[int]
) -> Array:
    """Return the values of `x` at ``outer_steps * i + inner_steps * j``, of shape (n, c, all j, all i).

    There is one slice for each i of `outer`.
    """
    n, c = x.shape[:2]
    found = []
    for index in itertools.product(*map(range, outer)):
        start = [step * i for step, i in zip(outer_steps, index, strict=True)]
        stop = [s + step * (count - 1) + 1 for s, step, count in zip(start, inner_steps, inner, strict=True)]
        part = lax.slice(x, (0, 0, *start), (n, c, *stop), (1, 1, *inner_steps))
        found.append(part.reshape(n, c, -1))
    return jnp.stack(found, 3)


def _inverse(order: Sequence[int]) -> list[int]:
    return [order.index(k) for k in range(len(order))]
