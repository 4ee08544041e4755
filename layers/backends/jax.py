"""Our Ops on JAX, PyTensor's back end for GPUs.

Convolutions run at "highest" precision, so that results agree with the CPU's. To use the faster tensor cores of a GPU,
set JAX's own option: ``jax.config.update("jax_default_matmul_precision", "default")``, or another of its levels.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from pytensor.graph.basic import Apply
from pytensor.link.jax.dispatch import jax_funcify

from network3.layers.ops.conv import Conv2D, Conv2DGradInput, Conv2DGradWeight, Convolution
from network3.layers.ops.conv_shapes import border
from network3.layers.ops.dropout_mask import DropoutMask, threefry2x32
from network3.layers.ops.pool import MaxPool2DGrad, Pool2D, Unpool2D, windows

Function: TypeAlias = Callable[..., jax.Array]


def _declared(function: Function, node: Apply | None) -> Function:
    """Return `function` of arrays that are cast to float32 where the graph declares it but they are float64.

    PyTensor's sums of float32 come as float64 on JAX, which a convolution would refuse.
    """
    if node is None:
        return function
    single = [variable.type.dtype == "float32" for variable in node.inputs]

    def cast(*arrays: jax.Array) -> jax.Array:
        pairs = zip(arrays, single, strict=True)
        return function(*(a.astype(np.float32) if s and a.dtype == np.float64 else a for a, s in pairs))

    return cast


def _convolve(op: Convolution, x: jax.Array, w: jax.Array) -> jax.Array:
    op.fitting_output_shape(x.shape, w.shape)
    if op.flip:
        w = w[:, :, ::-1, ::-1]
    return lax.conv_general_dilated(
        x,
        w,
        window_strides=op.stride,
        padding=[(p, p) for p in border(op.padding, w.shape[2:])],
        dimension_numbers=("NCHW", "OIHW", "NCHW"),
        precision=jax.config.jax_default_matmul_precision or "highest",  # type: ignore[attr-defined]  # set at run time
    )


def _transpose(linear: Callable[[jax.Array], jax.Array], shaped_like: jax.Array, g: jax.Array) -> jax.Array:
    """Apply the transpose of a linear function of an array of the shape and type of `shaped_like`."""
    return jax.linear_transpose(linear, jax.ShapeDtypeStruct(shaped_like.shape, shaped_like.dtype))(g)[0]


@jax_funcify.register(Conv2D)
def jax_conv2d(op: Conv2D, node: Apply | None = None, **kwargs: Any) -> Function:
    def conv2d(x: jax.Array, w: jax.Array) -> jax.Array:
        return _convolve(op, x, w)

    return _declared(conv2d, node)


@jax_funcify.register(Conv2DGradInput)
def jax_conv2d_grad_input(op: Conv2DGradInput, node: Apply | None = None, **kwargs: Any) -> Function:
    def conv2d_grad_input(w: jax.Array, g: jax.Array, x: jax.Array) -> jax.Array:
        return _transpose(lambda images: _convolve(op, images, w), x, g)

    return _declared(conv2d_grad_input, node)


@jax_funcify.register(Conv2DGradWeight)
def jax_conv2d_grad_weight(op: Conv2DGradWeight, node: Apply | None = None, **kwargs: Any) -> Function:
    def conv2d_grad_weight(x: jax.Array, g: jax.Array, w: jax.Array) -> jax.Array:
        return _transpose(lambda filters: _convolve(op, x, filters), w, g)

    return _declared(conv2d_grad_weight, node)


@jax_funcify.register(Pool2D)
def jax_pool2d(op: Pool2D, node: Apply | None = None, **kwargs: Any) -> Function:
    def pool2d(x: jax.Array) -> jax.Array:
        op.fitting_output_shape(x.shape)
        blocks = windows(x, op.size)
        if op.mode == "max":
            return blocks.max((3, 5))
        if op.mode == "l2":
            return jnp.sqrt((blocks * blocks).sum((3, 5)))
        return blocks.sum((3, 5))

    return _declared(pool2d, node)


def _spread(g: jax.Array, size: Sequence[int], x: jax.Array) -> jax.Array:
    """Repeat each value over its window of an image of the shape of `x`; zeros outside the windows."""
    (rows, columns), (height, width) = size, x.shape[2:]
    y = jnp.repeat(jnp.repeat(g, rows, 2), columns, 3)
    return jnp.pad(y, ((0, 0), (0, 0), (0, height - y.shape[2]), (0, width - y.shape[3])))


@jax_funcify.register(Unpool2D)
def jax_unpool2d(op: Unpool2D, node: Apply | None = None, **kwargs: Any) -> Function:
    def unpool2d(g: jax.Array, x: jax.Array) -> jax.Array:
        return _spread(g, op.size, x)

    return _declared(unpool2d, node)


@jax_funcify.register(MaxPool2DGrad)
def jax_max_pool2d_grad(op: MaxPool2DGrad, node: Apply | None = None, **kwargs: Any) -> Function:
    def max_pool2d_grad(x: jax.Array, y: jax.Array, g: jax.Array) -> jax.Array:
        # Not JAX's own gradient, in which only the first of tied maxima receives it. Outside the windows g is 0.
        return jnp.where(x == _spread(y, op.size, x), _spread(g, op.size, x), 0)

    return _declared(max_pool2d_grad, node)


_block = threefry2x32(lambda words: words)


@jax_funcify.register(DropoutMask)
def jax_dropout_mask(op: DropoutMask, **kwargs: Any) -> Function:
    def mask(x: jax.Array, state: jax.Array) -> jax.Array:
        half = (x.size + 1) // 2
        seed, stream, step = jnp.asarray(state).astype(np.uint32)[:, None]
        words = _block(seed, stream, step, jnp.arange(half, dtype=np.uint32))
        kept = jnp.concatenate(words)[: x.size] >> 8 < op.threshold
        return kept.astype(x.dtype).reshape(x.shape)

    return mask
