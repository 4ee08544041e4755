"""Functions of JAX arrays: with the types that the graph declares, and transposes of linear ones."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import jax
import numpy as np
from pytensor.graph.basic import Apply

Function: TypeAlias = Callable[..., jax.Array]


def declared(function: Function, node: Apply | None) -> Function:
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


def transpose(linear: Callable[[jax.Array], jax.Array], shape: Sequence[int], g: jax.Array) -> jax.Array:
    """Apply the transpose of a linear function of an array of `shape`."""
    return jax.linear_transpose(linear, jax.ShapeDtypeStruct(tuple(shape), g.dtype))(g)[0]
