"""Our Ops on JAX, PyTensor's road to GPUs.

Convolutions run at "highest" precision, so that results agree with the CPU's; whoever prefers a GPU's faster
tensor cores sets JAX's own switch, ``jax.config.update("jax_default_matmul_precision", "default")``, or one of
its other levels, and that is used instead.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from pytensor.link.jax.dispatch import jax_funcify

from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight, border
from network3.layers.ops.dropout_mask import DropoutMask, threefry2x32
from network3.layers.ops.pool import MaxPool2DGrad, Pool2D, Unpool2D, windows


def _convolve(op, x, w):
    op.fitting_output_shape(x.shape, w.shape)
    if op.flip:
        w = w[:, :, ::-1, ::-1]
    return lax.conv_general_dilated(
        x,
        w,
        window_strides=op.stride,
        padding=[(p, p) for p in border(op.padding, w.shape[2:])],
        dimension_numbers=("NCHW", "OIHW", "NCHW"),
        precision=jax.config.jax_default_matmul_precision or "highest",
    )


def _transpose(linear, shaped_like, g):
    return jax.linear_transpose(linear, jax.ShapeDtypeStruct(shaped_like.shape, shaped_like.dtype))(g)[0]


@jax_funcify.register(Conv2D)
def jax_conv2d(op, **kwargs):
    def conv2d(x, w):
        return _convolve(op, x, w)

    return conv2d


@jax_funcify.register(Conv2DGradInput)
def jax_conv2d_grad_input(op, **kwargs):
    def conv2d_grad_input(w, g, x):
        return _transpose(lambda images: _convolve(op, images, w), x, g)

    return conv2d_grad_input


@jax_funcify.register(Conv2DGradWeight)
def jax_conv2d_grad_weight(op, **kwargs):
    def conv2d_grad_weight(x, g, w):
        return _transpose(lambda filters: _convolve(op, x, filters), w, g)

    return conv2d_grad_weight


@jax_funcify.register(Pool2D)
def jax_pool2d(op, **kwargs):
    def pool2d(x):
        blocks = windows(x, op.size)
        if op.mode == "max":
            return blocks.max((3, 5))
        if op.mode == "l2":
            return jnp.sqrt((blocks * blocks).sum((3, 5)))
        return blocks.sum((3, 5))

    return pool2d


def _spread(g, size, x):
    """Repeat each value over its window; zeros beyond the last window."""
    (rows, columns), (height, width) = size, x.shape[2:]
    y = jnp.repeat(jnp.repeat(g, rows, 2), columns, 3)
    return jnp.pad(y, ((0, 0), (0, 0), (0, height - y.shape[2]), (0, width - y.shape[3])))


@jax_funcify.register(Unpool2D)
def jax_unpool2d(op, **kwargs):
    def unpool2d(g, x):
        return _spread(g, op.size, x)

    return unpool2d


@jax_funcify.register(MaxPool2DGrad)
def jax_max_pool2d_grad(op, **kwargs):
    def max_pool2d_grad(x, y, g):
        # Not JAX's own gradient, which pays the first of tied maxima alone. Beyond the last window g is spread as 0.
        return jnp.where(x == _spread(y, op.size, x), _spread(g, op.size, x), 0)

    return max_pool2d_grad


_block = threefry2x32(lambda words: words)


@jax_funcify.register(DropoutMask)
def jax_dropout_mask(op, **kwargs):
    def mask(x, state):
        half = (x.size + 1) // 2
        seed, stream, step = jnp.asarray(state).astype(np.uint32)[:, None]
        words = _block(seed, stream, step, jnp.arange(half, dtype=np.uint32))
        kept = jnp.concatenate(words)[: x.size] >> 8 < op.threshold
        return kept.astype(x.dtype).reshape(x.shape)

    return mask
