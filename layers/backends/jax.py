"""Our Ops on JAX, PyTensor's back end for GPUs.

Convolutions run at "highest" precision, so that results agree with the CPU's. To use the faster tensor cores of a GPU,
set JAX's own option: ``jax.config.update("jax_default_matmul_precision", "default")``, or another of its levels.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from pytensor.graph.basic import Apply
from pytensor.link.jax.dispatch import jax_funcify

from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight
from network3.layers.ops.conv_transpose import Conv2DTranspose
from network3.layers.ops.convolution import Convolution
from network3.layers.ops.dropout_mask import DropoutMask, threefry2x32

from . import jax_pool as jax_pool
from .jax_types import Function, declared, transpose


def _convolve(op: Convolution, x: jax.Array, w: jax.Array) -> jax.Array:
    op.fitting_output_shape(x.shape, w.shape)
    if op.flip:
        w = w[:, :, ::-1, ::-1]
    return lax.conv_general_dilated(
        x,
        w,
        window_strides=op.stride,
        padding=op.border(x.shape, w.shape),
        rhs_dilation=op.dilation,
        feature_group_count=op.groups,
        dimension_numbers=("NCHW", "OIHW", "NCHW"),
        precision=jax.config.jax_default_matmul_precision or "highest",  # type: ignore[attr-defined]  # set at run time
    )


@jax_funcify.register(Conv2D)
def jax_conv2d(op: Conv2D, node: Apply | None = None, **kwargs: Any) -> Function:
    def conv2d(x: jax.Array, w: jax.Array) -> jax.Array:
        return _convolve(op, x, w)

    return declared(conv2d, node)


@jax_funcify.register(Conv2DGradInput)
def jax_conv2d_grad_input(op: Conv2DGradInput, node: Apply | None = None, **kwargs: Any) -> Function:
    def conv2d_grad_input(w: jax.Array, g: jax.Array, x: jax.Array) -> jax.Array:
        op.check_gradient(g.shape, op.fitting_output_shape(x.shape, w.shape))
        return transpose(lambda images: _convolve(op, images, w), x.shape, g)

    return declared(conv2d_grad_input, node)


@jax_funcify.register(Conv2DGradWeight)
def jax_conv2d_grad_weight(op: Conv2DGradWeight, node: Apply | None = None, **kwargs: Any) -> Function:
    def conv2d_grad_weight(x: jax.Array, g: jax.Array, w: jax.Array) -> jax.Array:
        op.check_gradient(g.shape, op.fitting_output_shape(x.shape, w.shape))
        return transpose(lambda filters: _convolve(op, x, filters), w.shape, g)

    return declared(conv2d_grad_weight, node)


@jax_funcify.register(Conv2DTranspose)
def jax_conv2d_transpose(op: Conv2DTranspose, node: Apply | None = None, **kwargs: Any) -> Function:
    def conv2d_transpose(w: jax.Array, g: jax.Array) -> jax.Array:
        return transpose(lambda images: _convolve(op, images, w), op.fitting_images_shape(w.shape, g.shape), g)

    return declared(conv2d_transpose, node)


_block = threefry2x32(lambda words: words)


def _kept_by_halves(threshold: int, state: jax.Array, x: jax.Array) -> jax.Array:
    """Return which elements of an array of the shape of `x` are kept; each block of the generator is computed once."""
    half = (x.size + 1) // 2
    words = _block(*_words_of(state), jnp.arange(half, dtype=np.uint32))
    return (jnp.concatenate(words)[: x.size] >> 8 < threshold).reshape(x.shape)


def _kept_by_element(threshold: int, state: jax.Array, x: jax.Array) -> jax.Array:
    """Return the same; each element by itself is twice the work, but XLA needs no kernel of its own for it."""
    half = np.uint32((x.size + 1) // 2)
    place = lax.iota(np.uint32, x.size).reshape(x.shape)
    one, other = _block(*_words_of(state), jnp.where(place < half, place, place - half))
    return jnp.where(place < half, one, other) >> 8 < threshold


def _words_of(state: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    seed, stream, step = jnp.asarray(state).astype(np.uint32)
    return seed, stream, step


@jax_funcify.register(DropoutMask)
def jax_dropout_mask(op: DropoutMask, **kwargs: Any) -> Function:
    by_halves, by_element = (partial(kept, op.threshold) for kept in (_kept_by_halves, _kept_by_element))

    def mask(x: jax.Array, state: jax.Array) -> jax.Array:
        kept = lax.platform_dependent(state, x, default=by_halves, cuda=by_element)
        return kept.astype(x.dtype)

    return mask
